"""Images, code, and input files of the user's own command, that have changed since a run."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnn_ablate.custom import source_digest, user_code_folder
from cnn_ablate.data import has_changed
from cnn_ablate.errors import UserError
from cnn_ablate.external import changed_files, describe_changes, find_inputs
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import SOURCE_KEY, Plan, Record, canonical, data_set_name
from cnn_ablate.settings import images_key, options_of
from cnn_ablate.study.edited_since_run import changed_sources, parts_with_source
from cnn_ablate.text import some


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


def changed_code(record: Record, source: Path) -> str:
    """Return which user-defined code has changed, as the beginning of a sentence; '' if none has.

    Nothing is imported, and what is not on this machine is left out.
    """
    used = {(part["name"], part[SOURCE_KEY]) for part in parts_with_source(record.plan)}
    with user_code_folder(source.parent):
        changed = {name for name, known in used if source_digest(name) not in {"", known}}
    return f"The code of {some(sorted(changed))} has changed" if changed else ""


def changed_data_sets(record: Record, source: Path) -> list[str]:
    """Return the names of data sets whose files have changed since they were decoded; sorted.

    User-defined ones, whose code would be run, and those that are not on this machine are left out.
    """
    if record.study.trainer:
        return []
    used = _data_sets(record.plan).items()
    with user_code_folder(source.parent):
        return sorted({data_set_name(data) for known, data in used if _has_changed(data, known)})


def changes_in(earlier: Record, prepared: Prepared) -> list[str]:
    """Return which code, images and input files have changed since an earlier run, in words."""
    if prepared.inputs is not None:
        changed = changed_files(earlier.inputs, prepared.inputs.sha256)
        return [some(changed)] if earlier.inputs and changed else []
    return [*changed_sources(earlier.plan, prepared.plan), *_images(earlier.plan, prepared.plan)]


def _images(old: Plan, new: Plan) -> list[str]:
    """Return the data sets of a plan that had other images in an older one; sorted."""
    before = {images_key(data): known for known, data in _data_sets(old).items()}
    return sorted(
        f"images of {data_set_name(data)}"
        for known, data in _data_sets(new).items()
        if before.get(images_key(data), known) != known
    )


def _data_sets(plan: Plan) -> dict[str, Mapping[str, Any]]:
    """Return a `data` section of each data set by its fingerprint."""
    return {trial.fingerprint: trial.settings.get("data", {}) for trial in plan.trials}


def _has_changed(data: Mapping[str, Any], fingerprint: str) -> bool:
    with suppress(UserError):
        has_code = SOURCE_KEY in canonical(data)
        return not has_code and has_changed(options_of("data", data), None, fingerprint)
    return False
