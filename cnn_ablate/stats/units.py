"""Units of metrics: which are fractions, shown as per cent and points, and how both are written.

Except for `printed`, functions that write take values that are in per cent or points already.
"""

import math

from cnn_ablate.schema import Claim
from cnn_ablate.text import plain_number

Interval = tuple[float, float]
"""The lower and the upper end."""
UNKNOWN: Interval = (math.nan, math.nan)
MARGIN = 1.0
"""Points within which two accuracies count as equal, unless something else is stated."""


_SHARES = ("accuracy", "precision", "recall", "f1", "gap")


def in_points(metric: str) -> bool:
    """Return whether a metric is a fraction in files, and per cent in reports."""
    # `epochs_to_accuracy` is named after an accuracy, but counts epochs.
    return metric.endswith(_SHARES) and "_to_" not in metric


def scale(metric: str) -> float:
    """Return the factor from a metric as stored to the unit of its effects: 100 for fractions."""
    return 100.0 if in_points(metric) else 1.0


def amount(value: float, metric: str, interval: Interval = UNKNOWN) -> str:
    """Return a difference in its unit, as precise as its interval: `2.1 points`, `0.031`."""
    if not in_points(metric):
        return plain_number(value)
    # Digits that the interval leaves open would be false precision.
    width = abs(value) if math.isnan(interval[0]) else interval[1] - interval[0]
    rounded = _points(value, width)
    return f"{rounded} point" if abs(float(rounded)) == 1 else f"{rounded} points"


def signed(value: float, metric: str) -> str:
    """Return a difference with its sign: `+1.2 points`."""
    return f"{'+' if value > 0 else ''}{amount(value, metric)}"


def level(value: float, metric: str, digits: int = 2) -> str:
    """Return the level of a metric: `85.31 %` of an accuracy, `4,969,600` of a count."""
    return f"{value:.{digits}f} %" if in_points(metric) else plain_number(value)


def printed(claim: Claim) -> str:
    """Return the number of a claim as it was printed: `86 %`, `1,790,000`, `86.00 to 86.99 %`."""
    # Both ends of a range; a single number is both ends of its own.
    ends = dict.fromkeys(claim.bounds)
    digits = claim.decimals_printed
    if not in_points(claim.measured_metric):
        return " to ".join(f"{end:,.{max(0, digits)}f}" for end in ends)
    return " to ".join(f"{100 * end:.{max(0, digits - 2)}f}" for end in ends) + " %"


def bounds(interval: Interval, metric: str) -> str:
    """Return an interval of differences: `[1.4, 2.8]`; empty where it is unknown."""
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return ""
    if not in_points(metric):
        return f"[{plain_number(low)}, {plain_number(high)}]"
    return f"[{_end(low, high - low)}, {_end(high, high - low)}]"


def level_bounds(interval: Interval, metric: str) -> str:
    """Return an interval of levels: `[84.9, 85.7] %`; shares are clipped to 0 and 100 %."""
    if not in_points(metric):
        return bounds(interval, metric)
    low, high = interval
    least = -100.0 if metric.endswith("gap") else 0.0
    return f"{bounds((max(low, least), min(high, 100.0)), metric)} %"


def rounded(interval: Interval, metric: str, *, outward: bool) -> Interval:
    """Return an interval with no more digits than are printed of it, not narrower or not wider.

    Outward, what is inside the interval is inside its printed form too; inward, what is outside of
    it is outside of that.
    """
    low, high = interval
    size = max(abs(low), abs(high))
    if in_points(metric):
        step = 0.01 if high - low < 1 else 0.1
    else:
        step = 1.0 if size >= 1000 else 10.0 ** (math.floor(math.log10(size or 1.0)) - 2)
    down, up = (math.floor, math.ceil) if outward else (math.ceil, math.floor)
    # Ends that are multiples of the step already may be off it by a rounding error.
    error = 1e-6 if outward else -1e-6
    return down(low / step + error) * step, up(high / step - error) * step


def _end(value: float, width: float) -> str:
    """Return an end of an interval: a small one keeps the digit that tells it from zero."""
    rounded = _points(value, width)
    return rounded if float(rounded) or not value else f"{value:.1g}"


def _points(value: float, width: float) -> str:
    """Round to tenths of a point, and to hundredths if the interval is narrower than a point."""
    digits = 2 if width < 1 else 1
    # Adding zero turns -0.0 into 0.0.
    return f"{round(value, digits) + 0.0:.{digits}f}"
