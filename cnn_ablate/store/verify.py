"""What is wrong in a results folder: found by reading every byte of it, mended only when told."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.locks import Locks
from cnn_ablate.schema import Record, hash_of
from cnn_ablate.store import atomic
from cnn_ablate.store.trials import SEAL, Store, damage, digest


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong, and what it is wrong with: a trial, a checkpoint, scratch, a study.

    A study is mended by running it again, and by nothing else.
    """

    kind: str
    path: Path
    what: str


def examine(store: Store) -> list[Trouble]:
    """Verify all trials, checkpoints and studies of a store; scratch unless a run is under way."""
    return [
        *(Trouble("trial", path, what) for path, what in _trials(store)),
        *(Trouble("checkpoint", path, what) for path, what in _checkpoints(store)),
        *(Trouble("study", path, what) for path, what in _studies(store)),
        *(Trouble("scratch", path, "was never finished.") for path in _scratch(store)),
    ]


def mend(store: Store) -> list[Trouble]:
    """Move damaged trials aside, remove checkpoints and scratch of no use, and say what was wrong.

    Raises:
        UserError: a run is under way, or the store cannot be written.
    """
    with store.alone():
        found = examine(store)
        for trouble in found:
            if trouble.kind == "trial":
                store.move_aside(trouble.path)
            elif trouble.kind == "checkpoint":
                with atomic.told(trouble.path):
                    trouble.path.unlink(missing_ok=True)
        store.sweep()
    return found


def _trials(store: Store) -> Iterator[tuple[Path, str]]:
    copies: dict[str, list[Path]] = {}
    for folder in _inside(store.trials):
        copies.setdefault(hash_of(folder.name), []).append(folder)
    for hashed, folders in copies.items():
        seen = [(_wrong(folder, hashed), folder) for folder in folders]
        *_, best = min((bool(what), not (one / SEAL).exists(), one) for what, one in seen)
        for what, folder in seen:
            # What is gone by now, a run has replaced.
            if (what or folder != best) and folder.exists():
                yield folder, f"{what or f'is the same trial as {best.name}'}."


def _wrong(folder: Path, hashed: str) -> str:
    try:
        key = str(json.loads((folder / "trial.json").read_bytes())["trial"]["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return "trial.json cannot be read"
    if (folder / SEAL).exists() and (what := damage(folder, key)):
        return what
    return "" if key.startswith(hashed) else "it holds another trial"


def _checkpoints(store: Store) -> Iterator[tuple[Path, str]]:
    done = {hash_of(path.parent.name) for path in store.trials.glob(f"*/{SEAL}")}
    lengths = {len(hashed) for hashed in done}
    for path in _inside(store.checkpoints):
        with suppress(FileNotFoundError):  # its trial has just ended
            stored = path.read_bytes()
            if digest(stored[64:]).encode() != stored[:64]:
                yield path, "does not match its checksum."
            elif any(path.stem[:length] in done for length in lengths):
                yield path, "is of a trial that is done."


def _studies(store: Store) -> Iterator[tuple[Path, str]]:
    for path in sorted(store.root.glob("*/study.json")):
        try:
            Record.model_validate_json(path.read_bytes())
        except (OSError, ValueError):
            yield path, "cannot be read; `cnn-ablate run` writes it anew."


def _scratch(store: Store) -> list[Path]:
    """List what lies in scratch, unless a run may be about to use it."""
    with suppress(OSError), Locks(store.locks) as locks:  # of a store that cannot be written
        return [] if locks.others("run-") else _inside(store.scratch)
    return []


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
