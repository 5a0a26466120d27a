"""Input files of the user's own command that have changed since its last run."""

from pathlib import Path

from cnn_ablate.external import describe_changes, find_inputs
from cnn_ablate.store import Store, read_record


def changed_inputs(store: Store, study: str) -> str:
    """Return which input files have changed, as the beginning of a sentence; '' if none.

    Raises:
        UserError: an input file is missing.
    """
    if not (store.root / study / "study.json").is_file():
        return ""
    record = read_record(store.root, study)
    source, trainer = Path(record.study.source), record.study.trainer
    if trainer is None or not record.inputs or not source.is_file():
        return ""
    now = find_inputs(trainer, source, but=[store.root])
    return describe_changes(record.inputs, now.sha256)
