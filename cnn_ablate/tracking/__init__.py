"""Results sent to trackers of experiments, as they come in: one literal table, and what opens them.

What a tracker keeps is a copy: nothing is ever read back from it.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.schema import TrialResult
from cnn_ablate.tracking.mlflow import MlflowTracker
from cnn_ablate.tracking.tensorboard import TensorboardTracker
from cnn_ablate.tracking.tracker import Tracker
from cnn_ablate.wording import unknown

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
        UserError: there is no such tracker, or its package is not installed.
    """
    with ExitStack() as stack:
        opened = {}
        for name in names:
            if name not in TRACKERS:
                raise UserError(f"--track {name}", *unknown("tracker", name, TRACKERS))
            with _quiet():
                opened[name] = TRACKERS[name](folder, study)
            stack.callback(opened[name].close)

        def track(result: TrialResult) -> None:
            for name, tracker in list(opened.items()):
                try:
                    with _quiet():
                        tracker.add(result)
                except Exception as fault:  # noqa: BLE001 - whatever it is, training goes on
                    say(f"Tracking with {name} stopped: {type(fault).__name__}: {fault}")
                    del opened[name]

        yield track


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what trackers' packages warn of, and fonts that lack a script, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
