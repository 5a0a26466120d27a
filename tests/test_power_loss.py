"""Power loss: every prefix of what publishing does on the disk leaves a whole trial, or none.

All writes, syncs and changes of names are recorded, and each prefix is replayed as a disk may keep
it: contents that were not synced are lost, and names that were not may be lost too.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cnn_ablate.schema import Trial, TrialResult
from cnn_ablate.store import Store, atomic
from test_publish import failed, known, without_bulk

__all__ = ["known"]

Operation = tuple[str, Path, Any]


@dataclass
class Recorder:
    """Records what is done below a folder, in order, while it is done."""

    root: Path
    operations: list[Operation] = field(default_factory=list)
    opened: dict[int, Path] = field(default_factory=dict)

    def note(self, kind: str, path: Path, value: Any = None) -> None:
        """Note an operation on a path below the root."""
        if path.is_relative_to(self.root):
            self.operations.append((kind, path.relative_to(self.root), value))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Record what the store calls, beside doing it."""
        fsync, open_, rename, mkdir = os.fsync, os.open, Path.rename, Path.mkdir

        def write_new(path: Path, payload: bytes) -> None:
            with path.open("xb") as file:
                self.note("create", path)
                file.write(payload)
                self.note("write", path, payload)
                file.flush()
                self.opened[file.fileno()] = path
                os.fsync(file.fileno())

        def synced(descriptor: int) -> None:
            fsync(descriptor)
            self.note("sync", self.opened[descriptor])

        def opened(path: Path, *args: Any, **kwargs: Any) -> int:
            descriptor = open_(path, *args, **kwargs)
            self.opened[descriptor] = Path(path)
            return descriptor

        def renamed(path: Path, target: Path) -> Path:
            found = rename(path, target)
            self.note("rename", path, target.relative_to(self.root))
            return found

        def made(path: Path, *args: Any, **kwargs: Any) -> None:
            is_new = not path.exists()
            mkdir(path, *args, **kwargs)
            if is_new:
                self.note("mkdir", path)

        patch.setattr(atomic, "write_new", write_new)
        patch.setattr(os, "fsync", synced)
        patch.setattr(os, "open", opened)
        patch.setattr(Path, "rename", renamed)
        patch.setattr(Path, "mkdir", made)


def replay(operations: list[Operation], root: Path, *, keep_names: bool) -> None:
    """Do operations again as a disk keeps them if power fails after the last.

    Args:
        operations: Those before the failure.
        root: Where to do them.
        keep_names: Whether names that were not synced are kept.
    """
    for at, (kind, path, value) in enumerate(operations):
        synced = {p for k, p, _ in operations[at:] if k == "sync"}
        if kind == "mkdir":
            (root / path).mkdir(parents=True, exist_ok=True)
        elif kind == "create":
            (root / path).touch()
        elif kind == "write" and path in synced:
            (root / path).write_bytes(value)
        elif kind == "rename" and (keep_names or {path.parent, value.parent} & synced):
            (root / path).rename(root / value)


def recorded(root: Path, action: Callable[[], object]) -> list[Operation]:
    """Return what an action does below a folder."""
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(root)
        recorder.install(patch)
        action()
    return recorder.operations


@pytest.mark.parametrize("keep_names", [True, False])
@pytest.mark.parametrize("before", ["nothing", "failed", "done"])
def test_every_prefix_is_whole_or_absent(
    known: tuple[Store, Trial, TrialResult, TrialResult],
    tmp_path: Path,
    before: str,
    *,
    keep_names: bool,
) -> None:
    """Publishing a trial, first or in place of another result: never half of one."""
    store, trial, old, new = known
    first = {"nothing": None, "failed": failed(old), "done": old}[before]
    start = recorded(store.root, lambda: store.publish(first)) if first else []
    operations = recorded(store.root, lambda: Store(store.root).publish(new))
    allowed = [each and each.model_copy(update=without_bulk()) for each in (first, new)]
    seen = []
    for end in range(len(operations) + 1):
        root = tmp_path / f"{end}"
        root.mkdir()
        replay(start, root, keep_names=True)
        replay(operations[:end], root, keep_names=keep_names)
        found = Store(root)
        assert [] == found.done([trial])[1]
        kept = found.result(trial)
        assert kept in allowed
        seen.append(kept)
    assert [allowed[0], allowed[1]] == [seen[0], seen[-1]]
    assert 20 < len(operations)


@pytest.mark.parametrize("keep_names", [True, False])
def test_a_table_is_whole_or_the_one_before(tmp_path: Path, *, keep_names: bool) -> None:
    """A file that is replaced has the old bytes, the new ones, or was never there."""
    store = Store(tmp_path / "store")
    store.root.mkdir()
    path = store.root / "study" / "results.csv"
    replace_, moves = Path.replace, []

    def replaced(draft: Path, target: Path) -> Path:
        moves.append(target)
        return draft.rename(target) if not target.exists() else replace_(draft, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replaced)
        operations = recorded(store.root, lambda: store.replace(path, b"whole"))
    for end in range(len(operations) + 1):
        root = tmp_path / f"{end}"
        root.mkdir()
        replay(operations[:end], root, keep_names=keep_names)
        file = root / "study" / "results.csv"
        assert not file.exists() or b"whole" == file.read_bytes()
    assert [path] == moves
    assert file.exists()
