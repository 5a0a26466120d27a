"""One folder a trial: the only truth about it. Its last file, DONE, vouches for all the others."""

import hashlib
import json
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pandas as pd

from cnn_ablate.schema import EpochRow, Trial, TrialResult
from cnn_ablate.store import atomic

_BULKY = {"epochs", "steps", "classes", "predictions", "weights"}


class Store:
    """The folder `results/`: trials by content, and the checkpoints of those under way."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trials = root / "trials"
        self.scratch = root / ".scratch"
        self.checkpoints = root / ".checkpoints"

    @cached_property
    def _folders(self) -> dict[str, Path]:
        """Folders by the hash that ends their name: other studies name the same trial otherwise."""
        found = self.trials.iterdir() if self.trials.is_dir() else ()
        return {folder.name.rpartition("-")[2]: folder for folder in found if folder.is_dir()}

    def folder(self, trial: Trial | str) -> Path:
        """Give the folder of a trial (or trial id), whether or not it exists."""
        name = trial if isinstance(trial, str) else trial.id
        return self._folders.get(name.rpartition("-")[2], self.trials / name)

    def done(self, trials: Iterable[Trial]) -> tuple[set[str], list[str]]:
        """Check which trials are whole; move damaged ones aside.

        Returns:
            The ids of those done, and one sentence on each that was damaged.
        """
        done, notes = set(), []
        for trial in trials:
            folder = self.folder(trial)
            if not (folder / "DONE").is_file():
                continue
            if fault := damage(folder, trial.key):
                aside = self.root / "damaged" / f"{folder.name}.{time.time_ns()}"
                aside.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(aside)
                notes.append(f"{folder}: {fault}; moved to {aside}, it will be trained again.")
            else:
                done.add(trial.id)
        return done, notes

    def publish(self, result: TrialResult) -> None:
        """Keep a result for good; one that is not `done` keeps its reason but may be retried."""
        files = _files(result)
        if result.status == "done":
            files["DONE"] = _json({name: digest(payload) for name, payload in files.items()})
        folder = self.folder(result.trial)
        atomic.replace_folder(folder, files, self.scratch)
        self._folders[folder.name.rpartition("-")[2]] = folder
        self.drop_checkpoint(result.trial)

    def result(self, trial: Trial) -> TrialResult | None:
        """Read what is kept of a trial, without its bulky parts; None if there is nothing."""
        path = self.folder(trial) / "trial.json"
        return TrialResult.model_validate_json(path.read_bytes()) if path.is_file() else None

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
        atomic.replace_file(self._checkpoint_path(trial), payload, self.scratch)

    def drop_checkpoint(self, trial: Trial) -> None:
        """Forget the state of a trial that has ended, or is to start afresh."""
        self._checkpoint_path(trial).unlink(missing_ok=True)

    def _checkpoint_path(self, trial: Trial) -> Path:
        return self.checkpoints / f"{trial.key}.pt"


def damage(folder: Path, key: str) -> str:
    """Say in a few words what is wrong with a finished trial's folder; nothing if it is whole."""
    try:
        digests = json.loads((folder / "DONE").read_bytes())
        for name, expected in digests.items():
            if digest((folder / name).read_bytes()) != expected:
                return f"{name} does not match its checksum"
        trial = json.loads((folder / "trial.json").read_bytes())["trial"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as fault:
        return f"it cannot be read ({type(fault).__name__})"
    return "" if trial["key"] == key else "it holds another trial"


def digest(payload: bytes) -> str:
    """Give the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(payload).hexdigest()


def csv(frame: pd.DataFrame) -> bytes:
    """Write a frame as CSV: UTF-8, line feeds, floats with all their digits."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _files(result: TrialResult) -> dict[str, bytes]:
    epochs = pd.DataFrame(
        [row.model_dump() for row in result.epochs], columns=list(EpochRow.model_fields)
    )
    classes = pd.DataFrame([row.model_dump() for row in result.classes])
    files = {
        "trial.json": (result.model_dump_json(indent=1, exclude=_BULKY) + "\n").encode(),
        "epochs.csv": csv(epochs),
        "steps.csv": csv(pd.DataFrame(result.steps, columns=["step", "loss"])),
        "classes.csv": csv(classes.rename(columns={"class_name": "class"})),
        "predictions.npz": result.predictions,
        "model.pt": result.weights,
    }
    return {name: payload for name, payload in files.items() if payload.strip()}
