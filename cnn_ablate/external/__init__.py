"""Trials that something else trains: the user's own command, or a table of results elsewhere."""

from cnn_ablate.external.command import RESERVED, fill, placeholders
from cnn_ablate.external.input_files import (
    InputFiles,
    changed_files,
    describe_changes,
    find_inputs,
)
from cnn_ablate.external.metric_values import RESERVED_COLUMNS, ExpectedMetrics
from cnn_ablate.external.trial_runner import CommandError, ExternalJob, Workplace, run_trial

__all__ = [
    "RESERVED",
    "RESERVED_COLUMNS",
    "CommandError",
    "ExpectedMetrics",
    "ExternalJob",
    "InputFiles",
    "Workplace",
    "changed_files",
    "describe_changes",
    "fill",
    "find_inputs",
    "placeholders",
    "run_trial",
]
