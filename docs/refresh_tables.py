"""Write the tables and reports of the committed results anew, from their tables and kept trials.

Run it as `python docs/refresh_tables.py`: nothing is trained. Each study is that of its file, as
long as the file plans every trial that was run; those that it has in addition are not trained yet.
Of trials whose folders are kept beside the tables, rows and predictions are read from there; of all
others the tables have what is known, so that every machine writes the same bytes.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from committed_runs import FOLDERS

from cnn_ablate.analysis import analyse, write_analysis
from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan
from cnn_ablate.report import write
from cnn_ablate.schema import Record
from cnn_ablate.settings import identity, resolve
from cnn_ablate.store import Store, read_record, write_study
from cnn_ablate.study.edited_since_run import read_again

ROOT = Path(__file__).parents[1]


def renewed(record: Record) -> Record:
    """Return a record with the study as its file has it now, and what its command line set.

    Raises:
        UserError: the file does not plan a trial that was run.
    """
    study = read_again(ROOT / record.study.source, record)
    study = study.model_copy(update={"source": record.study.source})
    fingerprints = {facts.name: facts.fingerprint for facts in record.data}
    planned = plan(study, resolve, lambda data: fingerprints[data["name"]], identity)
    if not {trial.id for trial in record.plan.trials} <= {trial.id for trial in planned.trials}:
        raise UserError(record.study.source, "does not plan all trials that were run.")
    text = (ROOT / study.source).read_text(encoding="utf-8")
    return record.model_copy(update={"study": study, "plan": planned, "file": text})


def refresh(results: Path, reports: Path, folder: str) -> None:
    """Write record, tables and report of one study anew."""
    with TemporaryDirectory() as alone:
        # Images are not kept with the tables, so that their checksums must not be, either.
        images = shutil.ignore_patterns("samples.npz")
        tables = Path(shutil.copytree(results / folder, Path(alone) / folder, ignore=images))
        store = Store(tables.parent)
        record = renewed(read_record(store.root, folder))
        for trial in record.plan.trials:
            if (kept := results / "trials" / trial.id).is_dir():
                shutil.copytree(kept, store.folder(trial))
        analysis = analyse(write_study(store, record))
        write_analysis(analysis)
        for path in (tables / "study.json", tables / "SUMS", *tables.glob("*.csv")):
            shutil.copyfile(path, results / folder / path.name)
    write(analysis, reports, pictures=False)


if __name__ == "__main__":
    for each in FOLDERS:
        refresh(ROOT / "results", ROOT / "reports", each)
