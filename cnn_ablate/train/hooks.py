"""Who wants to hear of a training."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Hooks:
    """Hears of progress, (epochs done, images a second), and is given states when they are due."""

    progress: Callable[[float, float], None] = lambda epoch, speed: None  # noqa: ARG005
    due: Callable[[], bool] = lambda: True
    save: Callable[[bytes], None] = lambda state: None  # noqa: ARG005
