"""The commands as functions for programs and notebooks, with pandas data frames as results.

Nothing is printed, and errors are raised with the messages of the commands.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cnn_ablate.analysis import analyse
from cnn_ablate.executors import Event, Resources
from cnn_ablate.find_study import study_folder, study_path
from cnn_ablate.inference import load_model
from cnn_ablate.plan import select_variants
from cnn_ablate.report import write
from cnn_ablate.report.study_results import StudyResults
from cnn_ablate.runner.config import RunConfig, resolve_device
from cnn_ablate.runner.findings import with_findings
from cnn_ablate.runner.import_table import ImportOptions, import_table
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.plan_rows import plan_rows
from cnn_ablate.runner.prepare import prepare
from cnn_ablate.runner.run import OnEvent, run
from cnn_ablate.schema import Study
from cnn_ablate.store import read
from cnn_ablate.study import Changes, read_study

__all__ = [
    "import_results",
    "load_model",
    "load_study",
    "plan_study",
    "read_results",
    "run_study",
    "write_report",
]


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
        profile: A named profile of the study: a set of overrides; `smoke` exists for every study.
        sets: Settings to override, by dotted key.
        seeds: Number of seeds; by default those of the study.

    Raises:
        ExceptionGroup: All mistakes in the file, as UserErrors.
        UserError: There is no such file, profile or key.
    """
    pairs = tuple(f"{key}={json.dumps(value)}" for key, value in (sets or {}).items())
    return read_study(study_path(study), Changes(profile, pairs, seeds))


def plan_study(
    study: Study, *, only: str = "", results: Path | str = "results", data: Path | str | None = None
) -> pd.DataFrame:
    """Return the plan of a study: one row per variant, with its changes, size and finished trials.

    Raises:
        UserError: A network does not fit the images, or a pattern matches no variant.
    """
    prepared = prepare(study, RunConfig(results=Path(results), data=_path(data)))
    return pd.DataFrame(plan_rows(prepared, select_variants(prepared.plan, only), {}))


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
    on_event: OnEvent | None = None,
) -> StudyResults:
    """Train every trial that is not finished, and return the tables as `read_results` does.

    Workers are separate processes, so a script must call it under `if __name__ == "__main__":`.

    Args:
        study: As loaded.
        only: Names or patterns of variants; empty means all.
        fresh: Train finished trials again.
        audit: Audit the study first; the report shows the findings.
        results: Results folder.
        data: Folder that is searched for data sets first.
        device: Device to train on: auto, cpu, cuda or mps.
        workers: Number of worker processes; by default as many as fit.
        on_event: Called with every event of the run: progress and end of trials.

    Raises:
        UserError: The data is missing, there is no such device or variant, a network does not fit
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
    return StudyResults(run(prepared, trials, config, on_event or _ignore))


def import_results(
    study: Study,
    file: Path | str,
    *,
    columns: Mapping[str, str] | None = None,
    percent: bool = False,
    fresh: bool = False,
    results: Path | str = "results",
) -> StudyResults:
    """Import results that were trained elsewhere, and return the tables as `read_results` does.

    Args:
        study: As loaded; its `trainer` is `external`.
        file: One row per trial: CSV, Parquet, JSON lines, a Hydra multirun folder, or MLflow's
            SQLite store.
        columns: What columns hold whose names do not say so: seed, variant, a factor or a metric.
        percent: Whether accuracies in the file are in per cent.
        fresh: Replace what was imported before.
        results: Results folder.

    Raises:
        ExceptionGroup: Rows that are wrong, as UserErrors; nothing is imported then.
        UserError: The file cannot be read, or lacks a column; the study trains by itself.
    """
    options = ImportOptions(columns or {}, percent, fresh)
    imported = import_table(study, Path(file), RunConfig(results=Path(results)), options)
    return StudyResults(imported.analysis)


def read_results(study: Study | str | Path, *, results: Path | str = "results") -> StudyResults:
    """Read the tables of a study that was run.

    Args:
        study: As loaded, its file, or the name of its folder in the results.
        results: Results folder.

    Returns:
        The tables by name: trials, epochs, steps, classes, confusion, effects, findings and
            claims; shown by a notebook as the ablation table.

    Raises:
        UserError: No study of that name was run, or its results are damaged.
    """
    return StudyResults(analyse(read(Path(results), _folder(study))))


def write_report(
    study: Study | str | Path,
    *,
    results: Path | str = "results",
    reports: Path | str = "reports",
    latex: bool = False,
    pictures: bool = True,
) -> Path:
    """Write the report of a study, finished or not, and return the path of its HTML page.

    Args:
        study: As loaded, its file, or the name of its folder in the results.
        results: Results folder.
        reports: Reports folder.
        latex: Also write tables and PDF figures for LaTeX.
        pictures: Show some test images.

    Raises:
        UserError: No study of that name was run, its results are damaged, or the report cannot be
            written.
    """
    analysis = analyse(read(Path(results), _folder(study)))
    return write(analysis, Path(reports), latex=latex, pictures=pictures)


def _folder(study: Study | str | Path) -> str:
    return study.folder if isinstance(study, Study) else study_folder(str(study))


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _ignore(event: Event) -> None:
    del event
