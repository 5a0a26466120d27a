"""One sentence per effect: what changed, by how much, with which interval, p value and seeds."""

from typing import Any

from cnn_ablate.schema import TEST_ACCURACY, Contrast, Effect, label
from cnn_ablate.stats.failure_rates import Failures, failure_bounds
from cnn_ablate.stats.group_sequential import Outcome
from cnn_ablate.stats.pairing import FloatArray
from cnn_ablate.stats.units import amount, bounds, margin_of, signed
from cnn_ablate.text import count, listed, p_value

_ABSENT: tuple[Any, ...] = (None, "none", "off", [], ())
_STOPPED = {
    "negligible": "within the margin at look",
    "futile": "given up as futile at look",
    "open": "open after look",
}


def sentence(
    effect: Effect, pairs: FloatArray, failures: Failures, outcome: Outcome | None = None
) -> str:
    """Return the effect in words: a gain or a loss only where the family decides so.

    Args:
        effect: All numbers of the contrast.
        pairs: The differences (seeds,).
        failures: How many trials failed, of how many.
        outcome: Why the contrast got no more seeds, in a study with looks.
    """
    compute = " Its sides differ in compute settings." if effect.compute_differs else ""
    if failures:
        return f"{effect.action}: {_failed(effect, failures)}{compute}"
    if effect.low_family is None:
        return f"{effect.action} {_untested(effect, pairs)}{compute}"
    return f"{effect.action} {_tested(effect, outcome)}{compute}"


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


def _tested(effect: Effect, outcome: Outcome | None) -> str:
    p = f"{p_value(effect.p_adjusted or 0.0)} adjusted"
    seeds = count(effect.seeds, "seed")
    look = f", look {effect.look}" if effect.look and effect.decided else ""
    exploratory = ", exploratory" if effect.family == "exploratory" else ""
    ending = _reserve(effect) if effect.decided else f": {_open(effect, outcome)}"
    return f"{_difference(effect)}, {p}, {seeds}{look}{exploratory}{ending}."


def _difference(effect: Effect) -> str:
    """Return the verb phrase: `gains 2.1 points [1.4, 2.8]`; `moves` where nothing is decided."""
    value, metric = effect.difference or 0.0, effect.metric
    low, high = effect.low_family or 0.0, effect.high_family or 0.0
    if not effect.decided:
        moved = amount(value, metric, (low, high))
        return f"moves {metric.label} by {moved} {bounds((low, high), metric)}"
    # The verb carries the sign, so that the numbers after it are positive.
    interval = (low, high) if value > 0 else (-high, -low)
    moved, shown = amount(abs(value), metric, interval), bounds(interval, metric)
    if metric.is_fraction and metric.better == "higher":
        what = "" if metric.name == TEST_ACCURACY.name else f" of {metric.label}"
        return f"{'gains' if value > 0 else 'costs'} {moved}{what} {shown}"
    improves = metric.improves(value)
    side = "" if improves is None else f", for the {'better' if improves else 'worse'}"
    return f"{'raises' if value > 0 else 'lowers'} {metric.label} by {moved} {shown}{side}"


def _reserve(effect: Effect) -> str:
    """Return what limits a decision: an end that the test set to zero, or the test images."""
    clipped = ", an end set to zero as only the step-down test decides" if effect.is_clipped else ""
    if effect.images_low is None or effect.images_high is None:
        return clipped
    if effect.images_low > 0 or effect.images_high < 0:
        return clipped
    images = bounds((effect.images_low, effect.images_high), effect.metric)
    return f"{clipped}, but that over test images, {images}, includes zero"


def _open(effect: Effect, outcome: Outcome | None) -> str:
    why = _STOPPED.get(outcome or "")
    if effect.negligible and not why:
        return f"not decided, but within {margin_of(effect.metric)}"
    return f"not decided, {why} {effect.look}" if why else "not decided"


def _untested(effect: Effect, pairs: FloatArray) -> str:
    """Return what is known where nothing was tested; the values themselves if they are few."""
    metric, seeds = effect.metric, count(effect.seeds, "seed")
    moves = f"moves {metric.label} by"
    if not len(pairs):
        return "has no seed yet that is done on both sides."
    if not pairs.any():
        return f"does not move {metric.label} in any of {seeds}."
    if len(pairs) == 1:
        return f"{moves} {signed(pairs[0], metric)} in the one seed done: no interval."
    if len(pairs) == 2:
        values = listed(signed(value, metric) for value in pairs)
        return f"{moves} {values} in two seeds: no interval."
    moved = signed(effect.difference or 0.0, metric)
    if effect.low is None:
        return f"{moves} {moved} in each of {seeds}: no spread, so not tested."
    return f"{moves} {moved} in the mean of {seeds}: not tested."


def _failed(effect: Effect, failures: Failures) -> str:
    """Return how often the sides failed, and whether one fails more; survivors decide nothing."""
    ours = f"{failures.failed} of {count(failures.trials, 'seed')} {failures.words}"
    theirs = f"{failures.failed_reference} of {failures.trials_reference} of {effect.reference}"
    ours += f" ({failure_bounds(failures.failed, failures.trials)})"
    theirs += f" ({failure_bounds(failures.failed_reference, failures.trials_reference)})"
    if effect.decided:
        more = failures.failed * failures.trials_reference
        less = failures.failed_reference * failures.trials
        side = effect.variant if more > less else effect.reference
        exploratory = ", exploratory" if effect.family == "exploratory" else ""
        look = f", look {effect.look}" if effect.look else ""
        p = f"{p_value(effect.p_adjusted or 0.0)} adjusted"
        return f"{ours}, {theirs}: {side} fails more often, {p}{look}{exploratory}."
    if effect.difference is None:
        return f"{ours}, {theirs}: no seed is done on both sides, so not decided."
    mean = f"{effect.metric.label} differs by {signed(effect.difference, effect.metric)}"
    pairs = "pair" if effect.seeds == 1 else "pairs"
    return f"{ours}, {theirs}: not decided; {mean} in the {effect.seeds} {pairs} left."
