"""The race between ways to compute a training: each is timed for moments on made-up images."""

import math
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.custom import is_users, look_in
from cnn_ablate.schema import ComputeConfig, DataFacts, Trial
from cnn_ablate.train import seconds_per_step

# Seconds in which a program is compiled, for the race and then in each worker.
_COMPILING = 60.0
# Seconds in which a candidate is set up, and for which it runs beside its first step.
_SET_UP, _MOMENT = 0.3, 0.4
# Steps that take longer than this many seconds have little overhead that a stack could share.
_SHORT_STEP = 0.01
# The share of the work ahead that it may take to time other ways, for short and for long steps:
# large maps are often computed fastest as they are, and few of their steps take many seconds.
_SHARE, _SHARE_OF_LONG = 0.1, 0.03
_WIDTHS = (8, 4)
# A candidate must be faster by this share: timings are noisy, and what is plain is preferred.
_MARGIN = 0.05


@dataclass(frozen=True)
class Candidate:
    """One network that is to be trained, and how much of it.

    One worker has so many `steps` ahead, of trials of which `mates` could be stacked there; `start`
    is the recipe to beat, and `folder` has the user's own code.
    """

    trial: Trial
    facts: DataFacts
    start: ComputeConfig
    steps: float
    mates: int
    folder: Path | None = None


def pays(step: float, steps: float, candidates: int) -> bool:
    """Say whether timing some candidates takes a small share of the work ahead.

    Args:
        step: Seconds of a step.
        steps: That one worker has ahead.
        candidates: To be timed.
    """
    moments = _SET_UP + step + max(_MOMENT, 2 * step)
    return candidates * moments < _worth(step, steps)


def _worth(step: float, steps: float) -> float:
    """Give the seconds that a race may take."""
    share = _SHARE if step < _SHORT_STEP else _SHARE_OF_LONG
    return share * step * steps


def fastest(entry: Candidate) -> ComputeConfig:
    """Give the fastest recipe among those that the work ahead is worth trying."""
    if entry.folder:
        look_in(entry.folder)
    best, least = entry.start, _seconds(entry, entry.start)
    if math.isinf(least):
        return best
    for rivals in (_plain, _elaborate):
        for compute in rivals(entry, best, least):
            seconds = _seconds(entry, compute) * _padding(entry.mates, compute.stack)
            if seconds < least * (1 - _MARGIN):
                best, least = compute, seconds
    return best


def _plain(entry: Candidate, start: ComputeConfig, step: float) -> list[ComputeConfig]:
    """Give other ways to run the same operations, if there is work enough."""
    contiguous = start.model_copy(update={"layout": "contiguous"})
    light = contiguous.model_copy(update={"onednn": False})
    on_processor = start.device == "cpu" and step < _SHORT_STEP
    rivals = [contiguous, light] if on_processor else [contiguous]
    return rivals if pays(step, entry.steps, 1 + len(rivals)) else []


def _elaborate(entry: Candidate, start: ComputeConfig, step: float) -> list[ComputeConfig]:
    """Give programs and stacks of what has been fastest so far, the most promising first.

    The longer the work ahead, the more of them.
    """
    if is_users(entry.trial.settings["model"]["name"]):
        return []
    compiled = _compiles(start)
    widths = [width for width in _WIDTHS if width <= entry.mates and step < _SHORT_STEP]
    widths.sort(key=lambda width: round(_padding(entry.mates, width), 1))
    stacks = [start.model_copy(update={"compiled": compiled, "stack": width}) for width in widths]
    alone = [start.model_copy(update={"compiled": True})] if compiled else []
    return [*stacks, *alone][: int(_worth(step, entry.steps) / (_COMPILING + 3 * step))]


def _padding(mates: int, width: int) -> float:
    """Give how many slots are computed for each trial, those without a network too."""
    return math.ceil(mates / width) * width / mates


def _compiles(compute: ComputeConfig) -> bool:
    """Say whether this machine has what torch.compile needs."""
    return compute.device == "cuda" or shutil.which("c++") is not None


def _seconds(entry: Candidate, compute: ComputeConfig) -> float:
    """Time a step; what cannot be computed in this way takes for ever."""
    with suppress(Exception):
        return seconds_per_step(entry.trial, entry.facts, compute, at_least=_MOMENT)
    return math.inf
