"""The folder of a trial, opened for reading: it holds the trial that its name says, undamaged."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import TrialResult, hash_of
from cnn_ablate.store.checksums import DONE, checksums, sha256
from cnn_ablate.store.own_names import TRIAL
from cnn_ablate.store.upgrade import parse_trial

RETRAIN = "`cnn-ablate run` trains the trial again."
PREDICTIONS = "predictions.npz"


@dataclass(frozen=True)
class TrialFolder:
    """The folder of a trial, with the result in its trial.json.

    `checksums` are those of its files, by name; None if the trial is not done.
    """

    path: Path
    result: TrialResult
    checksums: Mapping[str, str] | None

    @property
    def has_predictions(self) -> bool:
        """Whether a trial that is done has predictions; those of other trainers need not."""
        return not self.result.compute.is_external or PREDICTIONS in (self.checksums or {})

    def read(self, name: str) -> bytes:
        """Read a file; that of a trial that is done must match its checksum.

        Raises:
            UserError: it is damaged, or not there.
        """
        file = self.path / name
        try:
            payload = file.read_bytes()
        except OSError as error:
            raise UserError(str(file), f"cannot be read: {error.strerror}.", RETRAIN) from error
        _check(file, payload, self.checksums)
        return payload


def open_trial(path: Path) -> TrialFolder | None:
    """Open the folder of a trial; None if there is no trial in it, or nothing whole.

    Raises:
        UserError: the trial is done and damaged, or the folder holds another one.
    """
    file = path / "trial.json"
    try:
        expected = checksums(path) if (path / DONE).is_file() else None
        payload = file.read_bytes()
    except ValueError:
        raise UserError(str(path / DONE), "is damaged.", RETRAIN) from None
    except OSError as error:
        if (path / DONE).is_file():
            raise UserError(str(file), f"cannot be read: {error.strerror}.", RETRAIN) from error
        return None
    _check(file, payload, expected)
    try:
        result = parse_trial(payload)
    except ValueError as fault:
        if expected is None:
            return None
        raise UserError(str(file), "is of another version of cnn-ablate.", RETRAIN) from fault
    if not is_named(path, result.trial.key):
        what = f"holds another trial: {result.trial.id}."
        raise UserError(str(path), what, "`cnn-ablate doctor` lists all such folders.")
    is_whole = result.status != "done" or expected is not None
    return TrialFolder(path, result, expected) if is_whole else None


def is_named(path: Path, key: str) -> bool:
    """Return whether a folder has the name of the trial with a key, or that of no trial."""
    return not TRIAL.fullmatch(path.name) or key.startswith(hash_of(path.name))


def _check(file: Path, payload: bytes, expected: Mapping[str, str] | None) -> None:
    if expected is not None and expected.get(file.name) != sha256(payload):
        raise UserError(str(file), "does not match its checksum.", RETRAIN)
