"""Data sets, and input files of the user's own command, that have changed since the last run."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnn_ablate.custom import user_code_folder
from cnn_ablate.data import has_changed
from cnn_ablate.errors import UserError
from cnn_ablate.external import describe_changes, find_inputs
from cnn_ablate.schema import SOURCE_KEY, Record, canonical, data_set_name
from cnn_ablate.settings import options_of


def changed_inputs(record: Record, source: Path, results: Path) -> str:
    """Return which input files have changed, as the beginning of a sentence; '' if none.

    Args:
        record: The study as it was run.
        source: Its file.
        results: The folder of results, whose files are no input.

    Raises:
        UserError: an input file is missing.
    """
    trainer = record.study.trainer
    if trainer is None or not record.inputs or not source.is_file():
        return ""
    now = find_inputs(trainer, source, but=[results])
    return describe_changes(record.inputs, now.sha256)


def changed_data_sets(record: Record, source: Path) -> list[str]:
    """Return the names of data sets whose files have changed since they were decoded; sorted.

    User-defined ones, whose code would be run, and those that are not on this machine are left out.
    """
    if record.study.trainer:
        return []
    used = {trial.fingerprint: trial.settings["data"] for trial in record.plan.trials}
    with user_code_folder(source.parent):
        return sorted(
            {data_set_name(data) for known, data in used.items() if _has_changed(data, known)}
        )


def _has_changed(data: Mapping[str, Any], fingerprint: str) -> bool:
    with suppress(UserError):
        has_code = SOURCE_KEY in canonical(data)
        return not has_code and has_changed(options_of("data", data), None, fingerprint)
    return False
