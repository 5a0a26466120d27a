"""One sentence per effect: what changed, by how much, with which interval, p value and seeds."""

from typing import Any

from cnn_ablate.schema import Contrast, Effect, label
from cnn_ablate.stats.units import UNKNOWN, Interval, amount, bounds, in_points
from cnn_ablate.text import count, listed, p_value

_ABSENT: tuple[Any, ...] = (None, "none", "off", [], ())


def sentence(effect: Effect) -> str:
    """Return the effect in words: difference, interval, p value after Holm, number of seeds."""
    if not effect.seeds or effect.difference is None:
        return f"{effect.action}: no seed is done on both sides yet."
    if effect.low is None:
        return (
            f"{effect.action} {_difference(effect)} in the one seed done, which gives no interval."
        )
    seeds = count(effect.seeds, "seed")
    if effect.difference == effect.low == effect.high == 0:
        return f"{effect.action} does not move {effect.metric} in any of {seeds}."
    # Too few seeds for any p below 1 say nothing about the effect.
    never = effect.p_adjusted is None or (effect.smallest_adjusted or 0.0) >= 1
    p = "" if never else f", {p_value(effect.p_adjusted or 0.0)} after Holm"
    return f"{effect.action} {_difference(effect)}{p}, {seeds}{_too_few(effect)}{_reserve(effect)}."


def action(contrast: Contrast) -> str:
    """Return what a variant changes in its reference, as the beginning of a sentence."""
    moves = [(key, *contrast.changed[key]) for key in contrast.factors if key in contrast.changed]
    # Bundles and lists set several keys: the names of both variants say it best.
    if len(moves) != len(contrast.factors) or not 1 <= len(moves) <= 3:
        return f"Taking {contrast.variant} instead of {contrast.reference}"
    # At the baseline the other factors need no mention.
    crossed = contrast.design in {"factorial", "fractional"} and contrast.reference != "baseline"
    where = f" at {contrast.reference}" if crossed else ""
    if len(moves) > 1:
        return f"Changing {listed(_change(*move) for move in moves)} together{where}"
    return f"{_single(*moves[0])}{where}"


def is_off(value: Any) -> bool:
    """Return whether a level means that a part is absent: false, zero, none, an empty list."""
    return value in _ABSENT or (isinstance(value, (bool, int, float)) and value == 0)


def _single(key: str, old: Any, new: Any) -> str:
    if isinstance(old, bool) and isinstance(new, bool):
        return f"Turning {key} {'on' if new else 'off'}"
    if new in _ABSENT:
        return f"Removing {label(old)} ({key})"
    if old in _ABSENT:
        return f"Adding {label(new)} ({key})"
    return f"Changing {_change(key, old, new)}"


def _change(key: str, old: Any, new: Any) -> str:
    return f"{key} from {label(old)} to {label(new)}"


def _difference(effect: Effect) -> str:
    """Return the verb phrase: `gains 2.1 points [1.4, 2.8]`, `moves` where zero is included."""
    value, metric = effect.difference or 0.0, effect.metric
    low, high = _interval(effect.low, effect.high)
    if value == 0 or low <= 0 <= high:
        moved = f"{amount(value, metric, (low, high))} {bounds((low, high), metric)}"
        return f"moves {metric} by {moved}".rstrip()
    # The verb carries the sign, so that the numbers after it are positive.
    interval = (low, high) if value > 0 else (-high, -low)
    moved, shown = amount(abs(value), metric, interval), bounds(interval, metric)
    if not in_points(metric):
        return f"{'raises' if value > 0 else 'lowers'} {metric} by {moved} {shown}".rstrip()
    what = "" if metric == "test_accuracy" else f" of {metric}"
    return f"{'gains' if value > 0 else 'costs'} {moved}{what} {shown}".rstrip()


def _too_few(effect: Effect) -> str:
    # Otherwise a reader would take a p above 0.05 for evidence that there is no effect.
    least = effect.smallest_adjusted or 0.0
    if least <= 0.05:
        return ""
    return f" (too few for a p under {least:.2g} after Holm)"


def _reserve(effect: Effect) -> str:
    """Return which of the two intervals includes zero, if one does."""
    if _includes_zero(effect.low, effect.high):
        return ": the interval includes zero"
    if _includes_zero(effect.images_low, effect.images_high):
        images = bounds(_interval(effect.images_low, effect.images_high), effect.metric)
        return f", but that over test images, {images}, includes zero"
    return ""


def _includes_zero(low: float | None, high: float | None) -> bool:
    low, high = _interval(low, high)
    return low <= 0 <= high


def _interval(low: float | None, high: float | None) -> Interval:
    return UNKNOWN if low is None or high is None else (low, high)
