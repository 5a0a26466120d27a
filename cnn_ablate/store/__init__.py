"""The results folder: content-addressed, atomic, and written by nothing else."""

from cnn_ablate.store.frames import FRAMES, frames
from cnn_ablate.store.pins import pinned, write_pins
from cnn_ablate.store.standing import read_standing, write_standing
from cnn_ablate.store.tables import (
    LAST_TABLE,
    Predictions,
    Results,
    factor_columns,
    read,
    read_record,
    write_samples,
    write_study,
    write_table,
)
from cnn_ablate.store.trials import Store, intact

__all__ = [
    "FRAMES",
    "LAST_TABLE",
    "Predictions",
    "Results",
    "Store",
    "factor_columns",
    "frames",
    "intact",
    "pinned",
    "read",
    "read_record",
    "read_standing",
    "write_pins",
    "write_samples",
    "write_standing",
    "write_study",
    "write_table",
]
