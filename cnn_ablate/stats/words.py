"""Plain words for numbers: one sentence a contrast, and how figures and counts are written."""

import math
from collections.abc import Iterable
from typing import Any

from cnn_ablate.schema import Contrast, DataFacts, Effect, Plan, label
from cnn_ablate.stats.pairing import UNKNOWN, Interval, in_points

_NOTHING: tuple[Any, ...] = (None, "none", "off", [], ())


def sentence(effect: Effect) -> str:
    """Say what a contrast does: difference, interval, p after Holm, and how many seeds say so."""
    if not effect.seeds or effect.difference is None:
        return f"{effect.action}: no seed is done on both sides yet."
    if effect.low is None:
        return f"{effect.action} {_move(effect)} in the one seed done, which gives no interval."
    seeds = count(effect.seeds, "seed")
    if effect.difference == effect.low == effect.high == 0:
        return f"{effect.action} does not move {effect.metric} in any of {seeds}."
    never = effect.p_adjusted is None or (effect.smallest_adjusted or 0.0) >= 1
    p = "" if never else f", {probability(effect.p_adjusted or 0.0)} after Holm"
    return f"{effect.action} {_move(effect)}{p}, {seeds}{_too_few(effect)}{_reserve(effect)}."


def action(contrast: Contrast) -> str:
    """Say what a variant does to its reference, as the beginning of a sentence."""
    moves = [(key, *contrast.changed[key]) for key in contrast.factors if key in contrast.changed]
    if len(moves) != len(contrast.factors) or not 1 <= len(moves) <= 3:
        return f"Taking {contrast.variant} instead of {contrast.reference}"
    crossed = contrast.design in {"factorial", "fractional"} and contrast.reference != "baseline"
    where = f" at {contrast.reference}" if crossed else ""
    if len(moves) > 1:
        return f"Changing {listed(_change(*move) for move in moves)} together{where}"
    return f"{_single(*moves[0])}{where}"


def is_off(value: Any) -> bool:
    """Tell whether a level stands for the absence of a part: false, zero, none, an empty list."""
    return value in _NOTHING or (isinstance(value, (bool, int, float)) and value == 0)


def listed(names: Iterable[str], word: str = "and") -> str:
    """Join names as prose does: `a, b and c`."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def count(number: int, noun: str) -> str:
    """Count things in words: `1 seed`, `2,400 seeds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def count_range(numbers: Iterable[int], noun: str) -> str:
    """Count things of which there may be more or fewer: `3 to 5 seeds`."""
    known = sorted({int(number) for number in numbers})
    if len(known) > 1:
        return f"{known[0]:,} to {known[-1]:,} {noun}s"
    return count(known[0], noun) if known else f"no {noun}s"


def images(plan: Plan, facts: DataFacts) -> str:
    """Count the images that a study uses of a data set: `6,000 of 50,000 training images ...`."""
    own = [v.settings["data"] for v in plan.variants if v.settings["data"]["name"] == facts.name]
    counts = [facts.counts(section) for section in own]
    train = _used((one.train + one.val for one in counts), facts.train)
    test = _used((one.test for one in counts), facts.test)
    return f"{train} training and {test} test images"


def _used(numbers: Iterable[int], whole: int) -> str:
    used = sorted(set(numbers)) or [whole]
    some = " to ".join(f"{number:,}" for number in dict.fromkeys((used[0], used[-1])))
    return some if used == [whole] else f"{some} of {whole:,}"


def amount(value: float, metric: str, interval: Interval = UNKNOWN) -> str:
    """Write a difference in its unit, as precise as its interval: `2.1 points`, `0.031`."""
    if not in_points(metric):
        return plain(value)
    shown = _points(value, abs(value) if math.isnan(interval[0]) else interval[1] - interval[0])
    return f"{shown} point" if abs(float(shown)) == 1 else f"{shown} points"


def between(interval: Interval, metric: str) -> str:
    """Write an interval in the unit of its metric: `[1.4, 2.8]`; nothing where it is unknown."""
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return ""
    if not in_points(metric):
        return f"[{plain(low)}, {plain(high)}]"
    return f"[{_points(low, high - low)}, {_points(high, high - low)}]"


def plain(value: float) -> str:
    """Write a number that is not in points: `4,969,600`, `0.031`."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def probability(p: float) -> str:
    """Write a p: `p = 0.031`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _points(value: float, scale: float) -> str:
    """Round to tenths of a point, and to hundredths where less than a point is spoken of."""
    digits = 2 if scale < 1 else 1
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _single(key: str, old: Any, new: Any) -> str:
    if isinstance(old, bool) and isinstance(new, bool):
        return f"Turning {key} {'on' if new else 'off'}"
    if new in _NOTHING:
        return f"Removing {label(old)} ({key})"
    if old in _NOTHING:
        return f"Adding {label(new)} ({key})"
    return f"Changing {_change(key, old, new)}"


def _change(key: str, old: Any, new: Any) -> str:
    return f"{key} from {label(old)} to {label(new)}"


def _move(effect: Effect) -> str:
    value, metric = effect.difference or 0.0, effect.metric
    low, high = _interval(effect.low, effect.high)
    if value == 0 or low <= 0 <= high:
        moved = f"{amount(value, metric, (low, high))} {between((low, high), metric)}"
        return f"moves {metric} by {moved}".rstrip()
    interval = (low, high) if value > 0 else (-high, -low)
    moved, shown = amount(abs(value), metric, interval), between(interval, metric)
    if not in_points(metric):
        return f"{'raises' if value > 0 else 'lowers'} {metric} by {moved} {shown}".rstrip()
    what = "" if metric == "test_accuracy" else f" of {metric}"
    return f"{'gains' if value > 0 else 'costs'} {moved}{what} {shown}".rstrip()


def _too_few(effect: Effect) -> str:
    least = effect.smallest_adjusted or 0.0
    if least <= 0.05:
        return ""
    return f" (too few for a p under {least:.2g} after Holm)"


def _reserve(effect: Effect) -> str:
    if _includes_zero(effect.low, effect.high):
        return ": the interval includes zero"
    if _includes_zero(effect.images_low, effect.images_high):
        images = between(_interval(effect.images_low, effect.images_high), effect.metric)
        return f", but that over test images, {images}, includes zero"
    return ""


def _includes_zero(low: float | None, high: float | None) -> bool:
    low, high = _interval(low, high)
    return low <= 0 <= high


def _interval(low: float | None, high: float | None) -> Interval:
    return UNKNOWN if low is None or high is None else (low, high)
