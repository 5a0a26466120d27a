"""Verify a results folder by reading every byte of it; repair it only on request."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.schema import hash_of
from cnn_ablate.store.atomic import as_user_error
from cnn_ablate.store.checksums import DONE, damage
from cnn_ablate.store.own_names import CHECKPOINT, TRIAL, own, study_files
from cnn_ablate.store.table_checksums import REWRITE, damaged_tables
from cnn_ablate.store.trials import Store, read_checkpoint
from cnn_ablate.store.upgrade import parse_record


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a trial, a checkpoint, a study, or in scratch.

    A study is repaired only by running it again.
    """

    kind: str
    path: Path
    what: str


def find_problems(store: Store) -> list[Problem]:
    """Return what is wrong in a store: trials, checkpoints, studies; scratch unless a run uses it.

    A trial without its network is whole.
    """
    return [
        *(Problem("trial", path, what) for path, what in _trials(store)),
        *(Problem("checkpoint", path, what) for path, what in _checkpoints(store)),
        *(Problem("study", path, what) for path, what in _studies(store)),
        *(Problem("scratch", path, "was never finished.") for path in store.unused_scratch()),
    ]


def repair(store: Store) -> list[Problem]:
    """Move damaged trials aside, remove useless checkpoints and scratch; return what was wrong.

    Raises:
        UserError: a run is under way, or the store cannot be written.
    """
    with store.exclusive():
        problems = find_problems(store)
        for problem in problems:
            if problem.kind == "trial":
                store.move_aside(problem.path)
            elif problem.kind == "checkpoint":
                with as_user_error(problem.path):
                    problem.path.unlink(missing_ok=True)
        store.remove_scratch()
    return problems


def _trials(store: Store) -> Iterator[tuple[Path, str]]:
    copies: dict[str, list[Path]] = {}
    for folder in own(store.trials, TRIAL):
        copies.setdefault(hash_of(folder.name), []).append(folder)
    for hashed, folders in copies.items():
        faults = {folder: _fault(folder, hashed) for folder in folders}
        best = min(folders, key=lambda f: (bool(faults[f]), not (f / DONE).exists(), f))
        for folder, fault in faults.items():
            # A folder that is gone by now was replaced by a run.
            if (fault or folder != best) and folder.exists():
                yield folder, f"{fault or f'is the same trial as {best.name}'}."


def _fault(folder: Path, hashed: str) -> str:
    """Return what is wrong with the folder of a trial, in a few words; nothing if it is whole."""
    try:
        key = str(json.loads((folder / "trial.json").read_bytes())["trial"]["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return "trial.json cannot be read"
    if (folder / DONE).exists() and (fault := damage(folder, key)):
        return fault
    return "" if key.startswith(hashed) else "it holds another trial"


def _checkpoints(store: Store) -> Iterator[tuple[Path, str]]:
    done = {hash_of(path.parent.name) for path in study_files(store.trials, DONE)}
    lengths = {len(hashed) for hashed in done}
    for path in own(store.checkpoints, CHECKPOINT):
        with suppress(FileNotFoundError):  # its trial has just ended
            if read_checkpoint(path) is None:
                yield path, "does not match its checksum."
            elif any(path.stem[:length] in done for length in lengths):
                yield path, "is of a trial that is done."


def _studies(store: Store) -> Iterator[tuple[Path, str]]:
    for path in study_files(store.root, "study.json"):
        try:
            parse_record(path.read_bytes())
        except (OSError, ValueError):
            yield path, f"cannot be read; {REWRITE}"
        for table, what in damaged_tables(path.parent):
            yield table, f"{what} {REWRITE}"
