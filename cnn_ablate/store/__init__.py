"""The results folder: content-addressed, atomic, and written by nothing else."""

from cnn_ablate.store.checksums import NETWORK, read_verified
from cnn_ablate.store.study_files import (
    read_compute,
    read_findings,
    read_progress,
    read_record,
    write_compute,
    write_progress,
    write_record,
    write_samples,
)
from cnn_ablate.store.tables import (
    LAST_TABLE,
    Results,
    factor_columns,
    read,
    write_study,
    write_table,
)
from cnn_ablate.store.trial_tables import Predictions
from cnn_ablate.store.trials import Store
from cnn_ablate.store.upgrade import parse_record, parse_trial, upgrade_results
from cnn_ablate.store.written_tables import tables_without_trials

__all__ = [
    "LAST_TABLE",
    "NETWORK",
    "Predictions",
    "Results",
    "Store",
    "factor_columns",
    "parse_record",
    "parse_trial",
    "read",
    "read_compute",
    "read_findings",
    "read_progress",
    "read_record",
    "read_verified",
    "tables_without_trials",
    "upgrade_results",
    "write_compute",
    "write_progress",
    "write_record",
    "write_samples",
    "write_study",
    "write_table",
]
