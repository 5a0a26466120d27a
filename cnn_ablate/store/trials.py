"""One folder a trial: the only truth about it. Its last file, DONE, vouches for all the others."""

import hashlib
import io
import json
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from csv import writer
from functools import cached_property
from pathlib import Path

import pandas as pd

from cnn_ablate.errors import UserError
from cnn_ablate.locks import Locks
from cnn_ablate.schema import ClassRow, EpochRow, Trial, TrialResult, hash_of
from cnn_ablate.store import atomic

# The file that vouches for the others of a trial that is done: their SHA-256.
SEAL = "DONE"
_PAUSE = 0.05
_BULKY = {"epochs", "steps", "classes", "predictions", "weights"}


class Store:
    """The folder `results/`: trials by content, and the checkpoints of those under way."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trials = root / "trials"
        self.scratch = root / ".scratch"
        self.checkpoints = root / ".checkpoints"
        self.locks = root / ".locks"

    @cached_property
    def _folders(self) -> dict[str, Path]:
        """Folders by the hash that ends their name: other studies name the same trial otherwise."""
        atomic.restore(self.trials, self.scratch)
        return _by_hash(self.trials.iterdir() if self.trials.is_dir() else ())

    @contextmanager
    def occupied(self) -> Iterator[Locks]:
        """Hold a place in the store while a run writes to it; what dead runs left is cleared away.

        Raises:
            UserError: the store cannot be written.
        """
        with Locks(self.locks) as locks:
            with atomic.told(self.root, atomic.KEPT):
                self._enter(locks)
                if not locks.others("run-"):
                    self.sweep()
                locks.take(f"run-{uuid.uuid4().hex}")
                locks.drop("door")
            yield locks

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep runs out of the store while it is tidied; they wait until that is over.

        Raises:
            UserError: a run is under way, or the store cannot be written.
        """
        with Locks(self.locks) as locks:
            with atomic.told(self.root):
                self._enter(locks)
                if locks.others("run-"):
                    raise UserError(str(self.root), "a run is under way.", "Try when it has ended.")
            atomic.restore(self.trials, self.scratch)
            yield

    def _enter(self, locks: Locks) -> None:
        while not locks.take("door"):
            time.sleep(_PAUSE)

    def sweep(self) -> None:
        """Remove what was never finished; only for who is alone in the store."""
        atomic.restore(self.trials, self.scratch)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def new_log(self) -> Path:
        """Give a place for what a worker prints, which vanishes with it."""
        return self.scratch / f"{uuid.uuid4().hex}.log"

    def folder(self, trial: Trial | str) -> Path:
        """Give the folder of a trial (or trial id), whether or not it exists."""
        name = trial if isinstance(trial, str) else trial.id
        return self._folders.get(hash_of(name), self.trials / name)

    def is_done(self, trial: Trial) -> bool:
        """Say whether a trial is done and whole by now: other runs publish it as they name it."""
        found = self.trials.glob(f"*-{hash_of(trial.id)}")
        self._folders.update(_by_hash(found))
        return self.is_sealed(trial) and not damage(self.folder(trial), trial.key)

    def is_sealed(self, trial: Trial) -> bool:
        """Say whether a trial is done, whole or not."""
        return (self.folder(trial) / SEAL).is_file()

    def done(self, trials: Iterable[Trial]) -> tuple[set[str], list[str]]:
        """Check which trials are whole.

        Returns:
            The ids of those done, and one sentence on each that was damaged.
        """
        done, notes = set(), []
        for trial in trials:
            if not self.is_sealed(trial):
                continue
            folder = self.folder(trial)
            if fault := damage(folder, trial.key):
                aside = self.root / "damaged"
                notes.append(
                    f"{folder}: {fault}; a run moves it to {aside}, and it will be trained again."
                )
            else:
                done.add(trial.id)
        return done, notes

    def clear(self, trial: Trial) -> None:
        """Move aside what is damaged of a trial; only for who has locked it."""
        while not self.is_done(trial) and self.is_sealed(trial):
            self.move_aside(self.folder(trial))

    def move_aside(self, folder: Path) -> None:
        """Move a damaged trial out of the way."""
        aside = self.root / "damaged" / f"{folder.name}.{uuid.uuid4().hex[:8]}"
        with atomic.told(aside, atomic.KEPT):
            aside.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(aside)

    def publish(self, result: TrialResult) -> None:
        """Keep a result; one that is not `done` may be retried, and replaces none that is."""
        if result.status == "done" or not self.is_done(result.trial):
            self._write(result)
        self.drop_checkpoint(result.trial)

    def _write(self, result: TrialResult) -> None:
        files = _files(result)
        if result.status == "done":
            files[SEAL] = _json({name: digest(payload) for name, payload in files.items()})
        folder = self.folder(result.trial)
        atomic.replace_folder(folder, files, self.scratch)
        self._folders[hash_of(folder.name)] = folder

    def result(self, trial: Trial) -> TrialResult | None:
        """Read what is kept of a trial, without its bulky parts; None if there is nothing whole.

        Raises:
            UserError: the trial is done, and damaged.
        """
        try:
            payload = self.payload(trial, "trial.json")
            result = TrialResult.model_validate_json(payload)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return result if result.status != "done" or self.is_sealed(trial) else None

    def payload(self, trial: Trial | str, name: str) -> bytes:
        """Read a file of a trial; if the trial is done, its seal must vouch for the file.

        Raises:
            FileNotFoundError: there is no such file.
            UserError: it is damaged.
        """
        return intact(self.folder(trial), name)

    def replace(self, path: Path, payload: bytes) -> None:
        """Replace a file of the store whole; raises UserError."""
        atomic.replace_file(path, payload, self.scratch, atomic.KEPT)

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Read the state of an unfinished trial, if it is there and whole."""
        path = self._checkpoint_path(trial)
        if not path.is_file():
            return None
        stored = path.read_bytes()
        return stored[64:] if digest(stored[64:]).encode() == stored[:64] else None

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Replace the state of an unfinished trial."""
        payload = digest(state).encode() + state
        self.replace(self._checkpoint_path(trial), payload)

    def drop_checkpoint(self, trial: Trial) -> None:
        """Forget the state of a trial that has ended, or is to start afresh."""
        self._checkpoint_path(trial).unlink(missing_ok=True)

    def drop_checkpoints(self, trials: Iterable[Trial]) -> None:
        """Forget the states of several trials."""
        for trial in trials:
            self.drop_checkpoint(trial)

    def _checkpoint_path(self, trial: Trial) -> Path:
        return self.checkpoints / f"{trial.key}.pt"


def _by_hash(folders: Iterable[Path]) -> dict[str, Path]:
    """Tell folders by the hash that ends their names; of several, take one that is done."""
    found: dict[str, Path] = {}
    for folder in sorted(folder for folder in folders if folder.is_dir()):
        hashed = hash_of(folder.name)
        if hashed not in found or not (found[hashed] / SEAL).is_file():
            found[hashed] = folder
    return found


def damage(folder: Path, key: str) -> str:
    """Say in a few words what is wrong with a finished trial's folder; nothing if it is whole."""
    try:
        for name, expected in sealed(folder).items():
            if digest((folder / name).read_bytes()) != expected:
                return f"{name} does not match its checksum"
        trial = json.loads((folder / "trial.json").read_bytes())["trial"]
    except OSError as fault:
        return f"{Path(fault.filename or folder).name} cannot be read ({fault.strerror})"
    except (ValueError, KeyError, TypeError):
        return f"{SEAL} is broken"
    return "" if trial["key"] == key else "it holds another trial"


def sealed(folder: Path) -> dict[str, str]:
    """Read the checksums of a trial that is done.

    Raises:
        OSError: they cannot be read.
        ValueError: they are not as they were written.
    """
    payload = (folder / SEAL).read_bytes()
    digests = json.loads(payload)
    if payload != _json(digests) or not isinstance(digests, dict) or "trial.json" not in digests:
        raise ValueError("not a seal")
    return digests


def intact(folder: Path, name: str) -> bytes:
    """Read a file of a trial's folder; raises as `Store.payload`."""
    payload = (folder / name).read_bytes()
    if (folder / SEAL).is_file() and not _vouched(folder, name, payload):
        what = "does not match its checksum."
        raise UserError(str(folder / name), what, "`cnn-ablate run` trains the trial again.")
    return payload


def _vouched(folder: Path, name: str, payload: bytes) -> bool:
    try:
        return sealed(folder).get(name) == digest(payload)
    except ValueError:
        return False


def digest(payload: bytes) -> str:
    """Give the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(payload).hexdigest()


def csv(frame: pd.DataFrame) -> bytes:
    """Write a frame as CSV: UTF-8, line feeds, floats with all their digits."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _rows(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Write a few rows as `csv` would write a frame of them, without what a frame costs."""
    file = io.StringIO()
    # What is not equal to itself is no number: an empty cell, as None is.
    cells = ((cell if cell == cell else None for cell in row) for row in rows)  # noqa: PLR0124
    writer(file, lineterminator="\n").writerows([columns, *cells])
    return file.getvalue().encode()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _files(result: TrialResult) -> dict[str, bytes]:
    classes = ["class", *list(ClassRow.model_fields)[1:]]
    files = {
        "trial.json": (result.model_dump_json(indent=1, exclude=_BULKY) + "\n").encode(),
        "epochs.csv": _rows(EpochRow.model_fields, (dict(row).values() for row in result.epochs)),
        "steps.csv": _rows(["step", "loss"], result.steps),
        "classes.csv": _rows(classes, (dict(row).values() for row in result.classes)),
        "predictions.npz": result.predictions,
        "model.pt": result.weights,
    }
    if not result.classes:
        del files["classes.csv"]
    return {name: payload for name, payload in files.items() if payload}
