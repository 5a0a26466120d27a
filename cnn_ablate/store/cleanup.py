"""Find what no study in a results folder needs any more; remove it only on request."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import hash_of
from cnn_ablate.store.atomic import as_user_error
from cnn_ablate.store.own_names import (
    CHECKPOINT,
    DAMAGED,
    TRIAL,
    has_only,
    own,
    remove,
    study_files,
)
from cnn_ablate.store.trial_files import TRIAL_FILES
from cnn_ablate.store.trials import Store


@dataclass(frozen=True)
class Leftover:
    """A file or folder that could be removed: its kind, and its size in bytes."""

    kind: str
    path: Path
    size: int


def leftovers(store: Store, *, checkpoints: bool = False) -> list[Leftover]:
    """Return unneeded trials, checkpoints without a use, what is damaged, and unused scratch.

    Args:
        store: The results folder.
        checkpoints: Include those from which unfinished trials would resume.

    Raises:
        UserError: a study cannot be read, so that it is not known what it needs.
    """
    needed = {hash_of(trial) for trial in _planned(store.root)}
    lengths = {len(hashed) for hashed in needed}
    paths = [
        *(
            ("trial", path)
            for path in own(store.trials, TRIAL)
            if hash_of(path.name) not in needed and has_only(path, TRIAL_FILES)
        ),
        *(
            ("checkpoint", path)
            for path in own(store.checkpoints, CHECKPOINT)
            if checkpoints
            or not any(path.stem[:length] in needed for length in lengths)
            or any(store.is_marked_done(path.stem[:length]) for length in lengths)
        ),
        *(("damaged file", path) for path in own(store.damaged, DAMAGED)),
        *(("scratch file", path) for path in store.unused_scratch()),
    ]
    return list(_with_sizes(paths))


def remove_leftovers(store: Store, *, checkpoints: bool = False) -> list[Leftover]:
    """Remove what `leftovers` finds while no run can start, and return it.

    Raises:
        UserError: a run is under way, a study cannot be read, or something cannot be removed.
    """
    with store.exclusive():
        removed = leftovers(store, checkpoints=checkpoints)
        for leftover in removed:
            with as_user_error(leftover.path):
                remove(leftover.path)
    return removed


def _planned(root: Path) -> Iterator[str]:
    """Return the ids of all trials that studies here have planned, also those of current runs."""
    for path in (*study_files(root, "study.json"), *study_files(root, "progress.json")):
        try:
            document = json.loads(path.read_bytes())
            if path.name == "study.json":
                yield from (trial["id"] for trial in document["plan"]["trials"])
            else:
                yield from document["trials"]
        except (OSError, ValueError, KeyError, TypeError):
            hint = "Run the study again, or remove its folder."
            raise UserError(str(path), "cannot be read.", hint) from None


def _with_sizes(paths: Iterable[tuple[str, Path]]) -> Iterator[Leftover]:
    for kind, path in paths:
        with suppress(FileNotFoundError):  # a run has just removed it
            files = path.rglob("*") if path.is_dir() else [path]
            size = sum(file.lstat().st_size for file in files if not file.is_dir())
            yield Leftover(kind, path, size)
