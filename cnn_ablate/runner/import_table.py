"""Import results that were trained elsewhere: a table's rows become trials of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnn_ablate.analysis import Analysis
from cnn_ablate.errors import UserError
from cnn_ablate.external.foreign_table import read_table
from cnn_ablate.external.imported_trials import RowReader, check_percent
from cnn_ablate.external.match_rows import RowErrors, match_rows, missing_trials
from cnn_ablate.external.metric_values import ExpectedMetrics
from cnn_ablate.external.table_columns import table_columns
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.prepare import prepare
from cnn_ablate.runner.run import run
from cnn_ablate.schema import Study, TrialResult
from cnn_ablate.store import Store
from cnn_ablate.text import count, listed


@dataclass(frozen=True)
class ImportOptions:
    """How to read a table: what columns mean, in per cent or not, and what replaces what."""

    columns: Mapping[str, str] = field(default_factory=dict)
    percent: bool = False
    fresh: bool = False


@dataclass(frozen=True)
class Imported:
    """The analysis of a study with imported trials, and sentences on what was imported."""

    analysis: Analysis
    notes: tuple[str, ...]


def import_table(study: Study, file: Path, config: RunConfig, options: ImportOptions) -> Imported:
    """Import the results in a file into a study, and rebuild its tables.

    Args:
        study: As read; its `trainer` is `external`.
        file: One row per trial: CSV, Parquet, JSON lines, a Hydra multirun folder, or MLflow's
            SQLite store.
        config: Where results are.
        options: How to read it.

    Raises:
        ExceptionGroup: of UserErrors, one per wrong row.
        UserError: the study trains by itself, the file cannot be read, or lacks a column; nothing
            is imported then.
    """
    if study.trainer is None or not study.trainer.imports:
        what = "trains its trials itself, and takes no results from elsewhere."
        raise UserError(study.source, what, "Write `trainer: external` into the study.")
    prepared = prepare(study, config)
    table = read_table(file)
    columns = table_columns(table, study, options.columns)
    matched = match_rows(table, columns, study, prepared.plan)
    reader = RowReader(table, columns, ExpectedMetrics.of(study), options.percent)
    check_percent(reader)
    results = reader.results(matched)
    store = Store(config.results)
    _check_earlier(store, results, fresh=options.fresh)
    with store.run_lock():
        for result in results:
            store.publish(result)
    analysis = run(prepare(study, config), [], config, lambda _: None)
    ignored = listed(columns.ignored)
    notes = (
        f"{count(len(results), 'trial')} imported from {table.name}.",
        *missing_trials(prepared.plan, matched),
        *([f"Columns that were not used: {ignored}."] if ignored else []),
    )
    return Imported(analysis, notes)


def _check_earlier(store: Store, results: Sequence[TrialResult], *, fresh: bool) -> None:
    """Refuse results that contradict those imported earlier; raises ExceptionGroup."""
    errors = RowErrors()
    for result in results:
        earlier = store.result(result.trial)
        if fresh or earlier is None or earlier.status != "done":
            continue
        if earlier.metrics != result.metrics:
            place = result.log.strip().removesuffix(".").rpartition("from ")[2]
            what = f"seed {result.trial.seed} of {result.trial.variant} was imported with others."
            errors.add(place, what, "--fresh replaces what was imported before.")
    errors.raise_all()
