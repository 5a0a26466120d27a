"""How levels and differences of a metric are written: in per cent and points, or its own unit.

Except for `printed`, functions that write take values that are in per cent or points already.
"""

import math

from cnn_ablate.schema import Claim, Metric
from cnn_ablate.text import plain_number

Interval = tuple[float, float]
"""The lower and the upper end."""
UNKNOWN: Interval = (math.nan, math.nan)


def amount(value: float, metric: Metric, interval: Interval = UNKNOWN) -> str:
    """Return a difference in its unit, as precise as its interval: `2.1 points`, `0.031`."""
    if not metric.is_fraction:
        return _with_unit(plain_number(value), metric)
    # Digits that the interval leaves open would be false precision.
    width = abs(value) if math.isnan(interval[0]) else interval[1] - interval[0]
    rounded = _points(value, width)
    return f"{rounded} point" if abs(float(rounded)) == 1 else f"{rounded} points"


def signed(value: float, metric: Metric) -> str:
    """Return a difference with its sign: `+1.2 points`."""
    return f"{'+' if value > 0 else ''}{amount(value, metric)}"


def level(value: float, metric: Metric, digits: int = 2) -> str:
    """Return the level of a metric: `85.31 %` of an accuracy, `4,969,600` of a count."""
    return (
        f"{value:.{digits}f} %" if metric.is_fraction else _with_unit(plain_number(value), metric)
    )


def margin_of(metric: Metric) -> str:
    """Return the margin of a metric as it is stated: `1 point`, `0.02 nats`; empty without one."""
    if metric.margin is None:
        return ""
    if metric.is_fraction:
        return f"{metric.margin:g} point{'s' if metric.margin != 1 else ''}"
    return _with_unit(f"{metric.margin:g}", metric)


def printed(claim: Claim, metric: Metric) -> str:
    """Return the number of a claim as it was printed: `86 %`, `1,790,000`, `86.00 to 86.99 %`."""
    # Both ends of a range; a single number is both ends of its own.
    ends = dict.fromkeys(claim.bounds)
    digits = claim.decimals_printed
    if not metric.is_fraction:
        return " to ".join(f"{end:,.{max(0, digits)}f}" for end in ends)
    return " to ".join(f"{100 * end:.{max(0, digits - 2)}f}" for end in ends) + " %"


def bounds(interval: Interval, metric: Metric) -> str:
    """Return an interval of differences: `[1.4, 2.8]`; empty where it is unknown."""
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return ""
    if not metric.is_fraction:
        return f"[{plain_number(low)}, {plain_number(high)}]"
    return f"[{_end(low, high - low)}, {_end(high, high - low)}]"


def level_bounds(interval: Interval, metric: Metric) -> str:
    """Return an interval of levels: `[84.9, 85.7] %`; fractions are clipped to their range."""
    if not metric.is_fraction:
        return bounds(interval, metric)
    low, high = interval
    return f"{bounds((max(low, 100 * metric.lowest), min(high, 100.0)), metric)} %"


def rounded(interval: Interval, metric: Metric, *, outward: bool) -> Interval:
    """Return an interval with no more digits than are printed of it, not narrower or not wider.

    Outward, what is inside the interval is inside its printed form too; inward, what is outside of
    it is outside of that.
    """
    low, high = interval
    size = max(abs(low), abs(high))
    if metric.is_fraction:
        step = 0.01 if high - low < 1 else 0.1
    else:
        step = 1.0 if size >= 1000 else 10.0 ** (math.floor(math.log10(size or 1.0)) - 2)
    down, up = (math.floor, math.ceil) if outward else (math.ceil, math.floor)
    # Ends that are multiples of the step already may be off it by a rounding error.
    error = 1e-6 if outward else -1e-6
    return down(low / step + error) * step, up(high / step - error) * step


def _with_unit(number: str, metric: Metric) -> str:
    return f"{number} {metric.unit}".rstrip()


def _end(value: float, width: float) -> str:
    """Return an end of an interval: a small one keeps the digit that tells it from zero."""
    rounded = _points(value, width)
    return rounded if float(rounded) or not value else f"{value:.1g}"


def _points(value: float, width: float) -> str:
    """Round to tenths of a point, and to hundredths if the interval is narrower than a point."""
    digits = 2 if width < 1 else 1
    # Adding zero turns -0.0 into 0.0.
    return f"{round(value, digits) + 0.0:.{digits}f}"
