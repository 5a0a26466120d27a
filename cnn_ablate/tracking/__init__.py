"""Experiment trackers: results are logged to them as they arrive, and those of earlier runs.

A tracker gets copies; nothing is ever read back from it but which trials it has.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import Trial, TrialResult, hash_of
from cnn_ablate.store import Store
from cnn_ablate.text import count
from cnn_ablate.tracking.mlflow import MlflowTracker
from cnn_ablate.tracking.read_trial import read_trial
from cnn_ablate.tracking.tensorboard import TensorboardTracker
from cnn_ablate.tracking.tracker import Tracker
from cnn_ablate.tracking.wandb import WandbTracker
from cnn_ablate.value_errors import unknown_name

TRACKERS: dict[str, type[Tracker]] = {
    "mlflow": MlflowTracker,
    "tensorboard": TensorboardTracker,
    "wandb": WandbTracker,
}

__all__ = ["TRACKERS", "Tracker", "Trackers"]


class Trackers:
    """Several trackers as one. One that fails is reported once and not used again.

    Args:
        names: Keys of `TRACKERS`.
        folder: The folder that they write to.
        study: The name under which results are logged.
        warn: Called with a sentence on a tracker that failed.

    Raises:
        UserError: there is no such tracker, its package is not installed, or it cannot be opened.
    """

    def __init__(
        self, names: Sequence[str], folder: Path, study: str, warn: Callable[[str], None]
    ) -> None:
        self.opened = {name: _open(name, folder, study) for name in dict.fromkeys(names)}
        self.logged = {name: tracker.logged() for name, tracker in self.opened.items()}
        self.before = {name: len(logged) for name, logged in self.logged.items()}
        self.added: Counter[str] = Counter()
        self.warn = warn

    def add(self, result: TrialResult) -> None:
        """Log a result to all trackers."""
        for name in list(self.opened):
            self._add(name, result)

    def copy(self, store: Store, trials: Iterable[Trial]) -> None:
        """Log the stored results of those trials that a tracker does not have.

        Raises:
            UserError: a trial is damaged.
        """
        for trial in trials:
            lacking = [n for n in self.opened if hash_of(trial.id) not in self.logged[n]]
            result = read_trial(store, trial) if lacking else None
            for name in lacking if result else ():
                assert result is not None
                self._add(name, result)

    def summary(self) -> Iterator[str]:
        """Yield what each tracker got: `tensorboard: 4 trials copied to tracking/..., 2 before`."""
        for name, tracker in self.opened.items():
            before = f"; {self.before[name]:,} were there already" if self.before[name] else ""
            yield f"{name}: {count(self.added[name], 'trial')} copied to {tracker.place}{before}."

    def _add(self, name: str, result: TrialResult) -> None:
        try:
            with _quiet():
                self.opened[name].add(result)
        except Exception as error:  # noqa: BLE001 - no tracker may end a training
            self.warn(f"Tracking with {name} stopped: {type(error).__name__}: {error}")
            del self.opened[name]
        else:
            self.added[name] += 1
            self.logged[name].add(hash_of(result.trial.id))


def _open(name: str, folder: Path, study: str) -> Tracker:
    where = f"--track {name}"
    if name not in TRACKERS:
        raise UserError(where, *unknown_name("tracker", name, TRACKERS))
    try:
        with _quiet():
            return TRACKERS[name](folder, study)
    except UserError:
        raise
    except Exception as error:
        message = str(error).strip().partition("\n")[0].rstrip(".")
        raise UserError(where, f"cannot be opened: {type(error).__name__}: {message}.") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress warnings of the trackers' packages and of fonts that lack a script."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
