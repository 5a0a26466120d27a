"""The folder of each trial, the only truth about it; its last file, DONE, has the checksums."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.locks import LockHolder, Locks
from cnn_ablate.schema import Trial, TrialResult, hash_of
from cnn_ablate.store import atomic
from cnn_ablate.store.checksums import DONE, damage, sha256
from cnn_ablate.store.own_names import SCRATCH, own, remove
from cnn_ablate.store.trial_files import trial_files
from cnn_ablate.store.trial_folder import TrialFolder, open_trial
from cnn_ablate.text import some

_PAUSE = 0.05
# Seconds for which a starting run may hold the entrance before it counts as a wait.
_MOMENT = 2.0
# Held for a moment by a run that starts, and by a clean-up until it ends.
_ENTRANCE = "door"
_RUN = "run-"
# A checkpoint begins with the SHA-256 of its state, in hex.
_CHECKSUM_LENGTH = 64
# Called with the process for whose end another waits, if it is known.
OnWait = Callable[[LockHolder | None], None]


class Store:
    """The folder `results/`: trials by content, and the checkpoints of unfinished ones."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trials = root / "trials"
        self.scratch = root / ".scratch"
        self.checkpoints = root / ".checkpoints"
        self.locks = root / ".locks"
        self.damaged = root / "damaged"

    @cached_property
    def _folders(self) -> dict[str, Path]:
        """Folders by the hash that ends their name: studies name the same trial differently."""
        atomic.restore(self.trials, self.scratch)
        return _by_hash(self.trials.iterdir() if self.trials.is_dir() else ())

    @contextmanager
    def run_lock(self, on_wait: OnWait | None = None) -> Iterator[Locks]:
        """Hold a lock that says that a run writes here; the first run clears scratch.

        Args:
            on_wait: Called once if another process cleans up here, for whose end this one waits.

        Raises:
            UserError: the store cannot be written; without `on_wait`, also if it is cleaned up.
        """
        self._check_no_links()
        with Locks(self.locks) as locks:
            with atomic.as_user_error(self.root, atomic.KEPT):
                self._enter(locks, on_wait or self._refuse)
                if not locks.held_by_others(_RUN):
                    self.remove_scratch()
                # One who looks for runs tests each lock, also one that was made just now.
                while not locks.acquire(f"{_RUN}{uuid.uuid4().hex}"):
                    time.sleep(_PAUSE)
                locks.release(_ENTRANCE)
            yield locks

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the store against runs; one that starts waits until this is over.

        Raises:
            UserError: a run is under way, or the store cannot be written.
        """
        self._check_no_links()
        with Locks(self.locks) as locks:
            with atomic.as_user_error(self.root):
                self._enter(locks, self._refuse)
                if runs := locks.held_by_others(_RUN):
                    holders = [holder for run in runs if (holder := locks.holder(run))]
                    raise self._in_use("a run is", holders)
            atomic.restore(self.trials, self.scratch)
            yield

    def _check_no_links(self) -> None:
        """Refuse a store whose own folders are links to others, where it removes files."""
        for folder in (self.scratch, self.checkpoints, self.locks, self.damaged):
            if folder.is_symlink():
                hint = "Remove the link: the program makes and removes files in this folder."
                raise UserError(str(folder), "is a link to another folder.", hint)

    def _enter(self, locks: Locks, on_wait: OnWait) -> None:
        """Acquire the entrance; if that takes long, call `on_wait` with its holder, once."""
        end = time.monotonic() + _MOMENT
        while not locks.acquire(_ENTRANCE):
            if time.monotonic() > end:
                on_wait(locks.holder(_ENTRANCE))
                end = float("inf")
            time.sleep(_PAUSE)

    def _refuse(self, holder: LockHolder | None) -> None:
        raise self._in_use("a clean-up is", [holder] if holder else [])

    def _in_use(self, what: str, holders: Sequence[LockHolder]) -> UserError:
        """Return an error that says who uses the store, as far as that is known."""
        named = f": {some(map(str, holders))}" if holders else ""
        return UserError(str(self.root), f"{what} under way{named}.", "Try when it has ended.")

    def unused_scratch(self) -> list[Path]:
        """Return what is in scratch, unless a run may use it."""
        with suppress(OSError), Locks(self.locks) as locks:
            if not (self.locks.is_symlink() or locks.held_by_others(_RUN)):
                return [*own(self.scratch, SCRATCH)]
        return []

    def remove_scratch(self) -> None:
        """Remove what was never finished; only while no run uses the store."""
        atomic.restore(self.trials, self.scratch)
        for path in own(self.scratch, SCRATCH):
            remove(path)
        with suppress(OSError):  # something else is in it
            self.scratch.rmdir()

    def new_log_path(self) -> Path:
        """Return a path for the output of a worker, removed with scratch."""
        return self.scratch / f"{uuid.uuid4().hex}.log"

    def new_scratch_path(self) -> Path:
        """Return a path for the files of a command, removed with scratch at the latest."""
        return self.scratch.resolve() / uuid.uuid4().hex

    def folder(self, trial: Trial | str) -> Path:
        """Return the folder of a trial (or trial id), whether or not it exists."""
        name = trial if isinstance(trial, str) else trial.id
        return self._folders.get(hash_of(name), self.trials / name)

    def is_done(self, trial: Trial) -> bool:
        """Return whether a trial is done and whole, also if another run has just published it."""
        folders = self.trials.glob(f"*-{hash_of(trial.id)}")
        self._folders.update(_by_hash(folders))
        return self.is_marked_done(trial) and not damage(self.folder(trial), trial.key)

    def is_marked_done(self, trial: Trial | str) -> bool:
        """Return whether a trial (or trial id) is done, whole or not."""
        return (self.folder(trial) / DONE).is_file()

    def done(self, trials: Iterable[Trial]) -> tuple[set[str], list[str]]:
        """Check which trials are done and whole.

        Returns:
            Their ids, and one sentence on each trial that is damaged.
        """
        done, notes = set(), []
        for trial in trials:
            # The names of folders are read once: most of a large study may not be there.
            if hash_of(trial.id) not in self._folders or not self.is_marked_done(trial):
                continue
            folder = self.folder(trial)
            if fault := damage(folder, trial.key):
                moved = f"a run moves it to {self.damaged}, and it will be trained again."
                notes.append(f"{folder}: {fault}; {moved}")
            else:
                done.add(trial.id)
        return done, notes

    def remove_damaged(self, trial: Trial) -> None:
        """Move damaged folders of a trial aside; only while holding the lock of the trial."""
        while not self.is_done(trial) and self.is_marked_done(trial):
            self.move_aside(self.folder(trial))

    def move_aside(self, path: Path, name: str = "") -> None:
        """Move the folder of a damaged trial, or a damaged file, to `damaged/`."""
        aside = self.damaged / f"{name or path.name}.{uuid.uuid4().hex[:8]}"
        with atomic.as_user_error(aside, atomic.KEPT):
            aside.parent.mkdir(parents=True, exist_ok=True)
            path.rename(aside)

    def was_damaged(self, trial: Trial) -> bool:
        """Return whether a damaged folder of a trial was moved aside."""
        return any(self.damaged.glob(f"*-{hash_of(trial.id)}.*"))

    def publish(self, result: TrialResult) -> None:
        """Keep a result; one that is not `done` may be retried, and replaces none that is."""
        if result.status == "done" or not self.is_done(result.trial):
            folder = self.folder(result.trial)
            atomic.replace_folder(folder, trial_files(result), self.scratch)
            self._folders[hash_of(folder.name)] = folder
        self.drop_checkpoint(result.trial)

    def open(self, trial: Trial | str) -> TrialFolder | None:
        """Open the folder of a trial (or trial id); None if there is nothing whole.

        Raises:
            UserError: the trial is done and damaged, or its folder holds another trial.
        """
        return open_trial(self.folder(trial))

    def result(self, trial: Trial) -> TrialResult | None:
        """Read the result of a trial without the tables, predictions and network, as `open`."""
        opened = self.open(trial)
        return opened.result if opened else None

    def replace(self, path: Path, payload: bytes) -> None:
        """Replace a file of the store as a whole; raises UserError."""
        atomic.replace_file(path, payload, self.scratch, atomic.KEPT)

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Read the state of an unfinished trial; None if there is none, or it is damaged."""
        path = self._checkpoint_path(trial)
        return read_checkpoint(path) if path.is_file() else None

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Replace the state of an unfinished trial."""
        payload = sha256(state).encode() + state
        self.replace(self._checkpoint_path(trial), payload)

    def drop_checkpoint(self, trial: Trial) -> None:
        """Remove the state of a trial that has ended, or is to start afresh."""
        self._checkpoint_path(trial).unlink(missing_ok=True)

    def drop_checkpoints(self, trials: Iterable[Trial]) -> None:
        """Remove the states of several trials."""
        for trial in trials:
            self.drop_checkpoint(trial)

    def _checkpoint_path(self, trial: Trial) -> Path:
        return self.checkpoints / f"{trial.key}.pt"


def read_checkpoint(path: Path) -> bytes | None:
    """Read the state in a checkpoint; None if it does not match its checksum.

    Raises:
        FileNotFoundError: there is no such file.
    """
    payload = path.read_bytes()
    expected, state = payload[:_CHECKSUM_LENGTH], payload[_CHECKSUM_LENGTH:]
    return state if sha256(state).encode() == expected else None


def _by_hash(folders: Iterable[Path]) -> dict[str, Path]:
    """Return folders by the hash that ends their names; of several, one that is done."""
    by_hash: dict[str, Path] = {}
    for folder in sorted(folder for folder in folders if folder.is_dir()):
        hashed = hash_of(folder.name)
        if hashed not in by_hash or not (by_hash[hashed] / DONE).is_file():
            by_hash[hashed] = folder
    return by_hash
