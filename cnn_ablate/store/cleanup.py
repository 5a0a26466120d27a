"""What lies in a results folder and serves no study there: found first, removed only when told."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import hash_of
from cnn_ablate.store import atomic
from cnn_ablate.store.trials import SEAL, Store


@dataclass(frozen=True)
class Leftover:
    """A file or folder that could go: what kind of thing it is, and its bytes."""

    kind: str
    path: Path
    size: int


def leftovers(store: Store, *, checkpoints: bool = False) -> list[Leftover]:
    """Find trials that no study refers to, checkpoints without a use, what is damaged, and scratch.

    Args:
        store: The results folder.
        checkpoints: Find also those with which unfinished trials would go on.

    Raises:
        UserError: a study cannot be read, so that it is not known what it needs.
    """
    needed = {hash_of(trial) for trial in _planned(store.root)}
    lengths = {len(hashed) for hashed in needed}
    found = [
        *(("trial", path) for path in _inside(store.trials) if hash_of(path.name) not in needed),
        *(
            ("checkpoint", path)
            for path in _inside(store.checkpoints)
            if checkpoints
            or not any(path.stem[:length] in needed for length in lengths)
            or _is_done(store, path.stem, lengths)
        ),
        *(("damaged trial", path) for path in _inside(store.root / "damaged")),
        *(("scratch file", path) for path in _inside(store.scratch)),
    ]
    return list(_sized(found))


def remove(store: Store, *, checkpoints: bool = False) -> list[Leftover]:
    """Remove what `leftovers` finds when no run can come, and give it.

    Raises:
        UserError: a run is under way, a study cannot be read, or something cannot be removed.
    """
    with store.alone():
        found = leftovers(store, checkpoints=checkpoints)
        for leftover in found:
            with atomic.told(leftover.path):
                if leftover.path.is_dir():
                    shutil.rmtree(leftover.path)
                else:
                    leftover.path.unlink(missing_ok=True)
    return found


def _planned(root: Path) -> Iterator[str]:
    """Give the ids of all trials that studies here have planned, also those of runs under way."""
    for path in sorted([*root.glob("*/study.json"), *root.glob("*/progress.json")]):
        try:
            said = json.loads(path.read_bytes())
            if path.name == "study.json":
                yield from (trial["id"] for trial in said["plan"]["trials"])
            else:
                yield from said["trials"]
        except (OSError, ValueError, KeyError, TypeError):
            hint = "Run the study again, or remove its folder."
            raise UserError(str(path), "cannot be read.", hint) from None


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_done(store: Store, key: str, lengths: set[int]) -> bool:
    return any((store.folder(key[:length]) / SEAL).is_file() for length in lengths)


def _sized(found: Iterable[tuple[str, Path]]) -> Iterator[Leftover]:
    for kind, path in found:
        with suppress(FileNotFoundError):  # a run has just finished with it
            files = path.rglob("*") if path.is_dir() else [path]
            size = sum(file.lstat().st_size for file in files if not file.is_dir())
            yield Leftover(kind, path, size)
