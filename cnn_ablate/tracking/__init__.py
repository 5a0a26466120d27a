"""Results sent to trackers of experiments, as they come in: one literal table, and what opens them.

What a tracker keeps is a copy: nothing is ever read back from it.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name
from cnn_ablate.schema import TrialResult
from cnn_ablate.tracking.mlflow import MlflowTracker
from cnn_ablate.tracking.tensorboard import TensorboardTracker
from cnn_ablate.tracking.tracker import Tracker

TRACKERS: dict[str, type[Tracker]] = {
    "mlflow": MlflowTracker,
    "tensorboard": TensorboardTracker,
}

__all__ = ["TRACKERS", "Tracker", "tracking"]

Track = Callable[[TrialResult], None]


@contextmanager
def tracking(
    names: Sequence[str], folder: Path, study: str, say: Callable[[str], None]
) -> Iterator[Track]:
    """Open trackers, and give what sends a result to all of them.

    A tracker that fails later is told of once and left alone: no training ends for it.

    Args:
        names: Of the table.
        folder: Where they write.
        study: The name that results go under.
        say: Told what went wrong.

    Raises:
        UserError: there is no such tracker, its package is not installed, or it cannot be opened.
    """
    opened = {name: _opened(name, folder, study) for name in names}

    def track(result: TrialResult) -> None:
        for name, tracker in list(opened.items()):
            try:
                with _quiet():
                    tracker.add(result)
            except Exception as fault:  # noqa: BLE001 - whatever it is, training goes on
                say(f"Tracking with {name} stopped: {type(fault).__name__}: {fault}")
                del opened[name]

    yield track


def _opened(name: str, folder: Path, study: str) -> Tracker:
    where = f"--track {name}"
    if name not in TRACKERS:
        raise UserError(where, *unknown_name("tracker", name, TRACKERS))
    try:
        with _quiet():
            return TRACKERS[name](folder, study)
    except UserError:
        raise
    except Exception as fault:
        said = str(fault).strip().partition("\n")[0].rstrip(".")
        raise UserError(where, f"cannot be opened: {type(fault).__name__}: {said}.") from fault


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what trackers' packages warn of, and fonts that lack a script, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
