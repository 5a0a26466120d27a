"""The results folder: content-addressed, atomic, and written by nothing else."""

from cnn_ablate.store.checksums import NETWORK
from cnn_ablate.store.study_files import (
    TrainingImages,
    read_compute,
    read_findings,
    read_progress,
    read_record,
    write_compute,
    write_progress,
    write_record,
    write_samples,
)
from cnn_ablate.store.table_checksums import damaged_tables, is_sealed
from cnn_ablate.store.tables import (
    Results,
    collect,
    factor_columns,
    move_damaged_tables,
    read,
    seal,
    write_study,
    write_table,
)
from cnn_ablate.store.trial_folder import RETRAIN, TrialFolder, open_trial
from cnn_ablate.store.trial_tables import Predictions, measured
from cnn_ablate.store.trials import OnWait, Store
from cnn_ablate.store.upgrade import parse_record, upgrade_results
from cnn_ablate.store.written_tables import tables_without_trials

__all__ = [
    "NETWORK",
    "RETRAIN",
    "OnWait",
    "Predictions",
    "Results",
    "Store",
    "TrainingImages",
    "TrialFolder",
    "collect",
    "damaged_tables",
    "factor_columns",
    "is_sealed",
    "measured",
    "move_damaged_tables",
    "open_trial",
    "parse_record",
    "read",
    "read_compute",
    "read_findings",
    "read_progress",
    "read_record",
    "seal",
    "tables_without_trials",
    "upgrade_results",
    "write_compute",
    "write_progress",
    "write_record",
    "write_samples",
    "write_study",
    "write_table",
]
