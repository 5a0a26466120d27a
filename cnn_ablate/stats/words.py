"""Plain words for numbers: one sentence a contrast, and how figures and counts are written."""

import math
from collections.abc import Iterable
from typing import Any

from cnn_ablate.schema import Contrast, Effect, label
from cnn_ablate.stats.tables import UNKNOWN, Interval, in_points

_NOTHING: tuple[Any, ...] = (None, "none", "off", [], ())


def sentence(effect: Effect) -> str:
    """Say what a contrast does: difference, interval, p after Holm, and how many seeds say so."""
    if not effect.seeds or effect.difference is None:
        return f"{effect.action}: no seed is done on both sides yet."
    if effect.low is None:
        return f"{effect.action} {_move(effect)} in the one seed done, which gives no interval."
    seeds = count(effect.seeds, "seed")
    if effect.difference == effect.low == effect.high == 0:
        return f"{effect.action} changes nothing: {effect.metric} is the same in all {seeds}."
    return f"{effect.action} {_move(effect)}, {_p(effect)}, {seeds}{_reserve(effect)}."


def action(contrast: Contrast) -> str:
    """Say what a variant does to its reference, as the beginning of a sentence."""
    moves = [(key, *contrast.changed[key]) for key in contrast.factors if key in contrast.changed]
    if len(moves) != len(contrast.factors) or not 1 <= len(moves) <= 3:
        return f"Taking {contrast.variant} instead of {contrast.reference}"
    if len(moves) > 1:
        return f"Changing {listed(_change(*move) for move in moves)} together"
    return _single(*moves[0])


def is_off(value: Any) -> bool:
    """Tell whether a level stands for the absence of a part: false, zero, none, an empty list."""
    return value in _NOTHING or (isinstance(value, (bool, int, float)) and value == 0)


def listed(names: Iterable[str]) -> str:
    """Join names as prose does: `a, b and c`."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def count(number: int, noun: str) -> str:
    """Count things in words: `1 seed`, `2,400 seeds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def amount(value: float, metric: str) -> str:
    """Write a difference in its unit: `2.1 points`, or `0.0312` of another metric."""
    if not in_points(metric):
        return plain(value)
    shown = plain(value, metric)
    return f"{shown} point" if abs(float(shown)) == 1 else f"{shown} points"


def between(interval: Interval, metric: str) -> str:
    """Write an interval in the unit of its metric: `[1.4, 2.8]`; nothing where it is unknown."""
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{plain(low, metric)}, {plain(high, metric)}]"


def plain(value: float, metric: str = "") -> str:
    """Write a number: to a tenth of a point (a hundredth below one), else in three digits."""
    if in_points(metric):
        shown = f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
    else:
        shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return shown if float(shown.replace(",", "")) else "0"


def probability(p: float) -> str:
    """Write a p: `p = 0.031`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


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
        return f"moves {metric} by {amount(value, metric)} {between((low, high), metric)}".rstrip()
    size = between((low, high) if value > 0 else (-high, -low), metric)
    if not in_points(metric):
        verb = "raises" if value > 0 else "lowers"
        return f"{verb} {metric} by {amount(abs(value), metric)} {size}".rstrip()
    verb = "gains" if value > 0 else "costs"
    what = "" if metric == "test_accuracy" else f" of {metric}"
    return f"{verb} {amount(abs(value), metric)}{what} {size}".rstrip()


def _p(effect: Effect) -> str:
    if effect.p_adjusted is None or effect.smallest_p is None:
        return "p unknown"
    text = f"{probability(effect.p_adjusted)} after Holm"
    least = min(1.0, effect.smallest_p * effect.family)
    if least <= 0.05:
        return text
    tested = count(effect.family, "contrast")
    return f"{text} over {tested} ({effect.seeds} seeds cannot give less than {least:.2g})"


def _reserve(effect: Effect) -> str:
    if _includes_zero(effect.low, effect.high):
        return ": the interval includes no effect"
    if _includes_zero(effect.images_low, effect.images_high):
        images = between(_interval(effect.images_low, effect.images_high), effect.metric)
        return f", but over test images {images}, which includes no effect"
    return ""


def _includes_zero(low: float | None, high: float | None) -> bool:
    low, high = _interval(low, high)
    return low <= 0 <= high


def _interval(low: float | None, high: float | None) -> Interval:
    return UNKNOWN if low is None or high is None else (low, high)
