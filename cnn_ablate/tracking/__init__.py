"""Experiment trackers: results are logged to them as they arrive.

A tracker gets copies; nothing is ever read back from it.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import TrialResult
from cnn_ablate.tracking.mlflow import MlflowTracker
from cnn_ablate.tracking.tensorboard import TensorboardTracker
from cnn_ablate.tracking.tracker import Tracker
from cnn_ablate.value_errors import unknown_name

TRACKERS: dict[str, type[Tracker]] = {
    "mlflow": MlflowTracker,
    "tensorboard": TensorboardTracker,
}

__all__ = ["TRACKERS", "Tracker", "tracking"]

Track = Callable[[TrialResult], None]


@contextmanager
def open_trackers(
    names: Sequence[str], folder: Path, study: str, warn: Callable[[str], None]
) -> Iterator[Track]:
    """Hold open trackers, as a function that logs a result to all of them.

    A tracker that fails later is reported once and not used again; training continues.

    Args:
        names: Keys of `TRACKERS`.
        folder: The folder that they write to.
        study: The name under which results are logged.
        warn: Called with a sentence on a tracker that failed.

    Raises:
        UserError: there is no such tracker, its package is not installed, or it cannot be opened.
    """
    opened = {name: _open(name, folder, study) for name in names}

    def track(result: TrialResult) -> None:
        for name, tracker in list(opened.items()):
            try:
                with _quiet():
                    tracker.add(result)
            except Exception as error:  # noqa: BLE001 - no tracker may end a training
                warn(f"Tracking with {name} stopped: {type(error).__name__}: {error}")
                del opened[name]

    yield track


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
