"""What the commands do, for programs and notebooks: studies in, pandas data frames out.

Nothing is printed, and what is wrong is raised as the commands would say it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cnn_ablate.analysis import analyse
from cnn_ablate.executors import Event, Resources
from cnn_ablate.inference import load_model
from cnn_ablate.plan import matching
from cnn_ablate.report import write
from cnn_ablate.runner.config import RunConfig, resolve_device
from cnn_ablate.runner.findings import with_findings
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.prepare import plan_rows, prepare
from cnn_ablate.runner.run import OnEvent, run
from cnn_ablate.schema import Study
from cnn_ablate.store import frames, read
from cnn_ablate.study import Changes, read_study
from cnn_ablate.study_paths import study_folder, study_path

__all__ = ["load_model", "load_study", "plan_study", "read_results", "run_study", "write_report"]


def load_study(
    study: str | Path,
    *,
    profile: str = "",
    sets: Mapping[str, Any] | None = None,
    seeds: int | None = None,
) -> Study:
    """Read a study file, or a shipped study by its name.

    Args:
        study: Its path, or its name.
        profile: Named overrides of the study; `smoke` shrinks any.
        sets: Settings to replace, by dotted key.
        seeds: How many seeds, instead of the study's own.

    Raises:
        ExceptionGroup: of UserErrors: all that is wrong with the file.
        UserError: there is no such file, profile or key.
    """
    pairs = tuple(f"{key}={json.dumps(value)}" for key, value in (sets or {}).items())
    return read_study(study_path(study), Changes(profile, pairs, seeds))


def plan_study(
    study: Study, *, only: str = "", results: Path | str = "results", data: Path | str | None = None
) -> pd.DataFrame:
    """Lay out what a study trains and compares: a row a variant, with its size and what is done.

    Raises:
        UserError: a network cannot take the images, or a pattern matches no variant.
    """
    prepared = prepare(study, RunConfig(results=Path(results), data=_path(data)))
    return pd.DataFrame(plan_rows(prepared, matching(prepared.plan, only), {}))


def run_study(
    study: Study,
    *,
    only: str = "",
    fresh: bool = False,
    audit: bool = True,
    results: Path | str = "results",
    data: Path | str | None = None,
    device: str = "auto",
    workers: int | None = None,
    observe: OnEvent | None = None,
) -> dict[str, pd.DataFrame]:
    """Train every variant that is not done yet, and give the tables as `read_results` does.

    Workers are processes of their own, so a script calls it under `if __name__ == "__main__":`.

    Args:
        study: As loaded.
        only: Names or patterns of variants; nothing means all.
        fresh: Train again what is done.
        audit: Look for faults first; the report shows what is found.
        results: Folder of results.
        data: Folder in which data is looked for first.
        device: Where to train: auto, cpu, cuda or mps.
        workers: Processes; as many as cores unless said.
        observe: Told of everything that happens.

    Raises:
        UserError: the data is missing, there is no such device or variant, a network cannot take
            the images, or results cannot be written.
    """
    config = RunConfig(
        results=Path(results),
        data=_path(data),
        resources=Resources(workers=workers, device=resolve_device(device)),
    )
    prepared = prepare(study, config)
    trials = outstanding(prepared, only=only, fresh=fresh)
    prepared = with_findings(prepared, config, run_audit=audit)
    run(prepared, trials, config, observe or _nothing)
    return frames(config.results, study.folder)


def read_results(
    study: Study | str | Path, *, results: Path | str = "results"
) -> dict[str, pd.DataFrame]:
    """Read the tables of a study that was run.

    Args:
        study: As loaded, its file, or the name of its folder under the results.
        results: Folder of results.

    Returns:
        The tables by name: trials, epochs, steps, classes, confusion, effects and claims.

    Raises:
        UserError: nothing of that name was run, or what is kept of it is damaged.
    """
    return frames(Path(results), _folder(study))


def write_report(
    study: Study | str | Path,
    *,
    results: Path | str = "results",
    reports: Path | str = "reports",
    latex: bool = False,
    pictures: bool = True,
) -> Path:
    """Write the report of a study, as far as it was run, and give its page.

    Args:
        study: As loaded, its file, or the name of its folder under the results.
        results: Folder of results.
        reports: Folder of reports.
        latex: Write tables and PDFs for LaTeX too.
        pictures: Show some test images.

    Raises:
        UserError: nothing of that name was run, what is kept of it is damaged, or the report
            cannot be written.
    """
    analysis = analyse(read(Path(results), _folder(study)))
    return write(analysis, Path(reports), latex=latex, pictures=pictures)


def _folder(study: Study | str | Path) -> str:
    return study.folder if isinstance(study, Study) else study_folder(str(study))


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _nothing(event: Event) -> None:
    del event
