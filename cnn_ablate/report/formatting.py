"""Numbers, times and names as a report prints them."""

import re
from collections.abc import Iterable
from math import isclose, isfinite

from cnn_ablate.schema import Effect, Metric

MINUS = "\N{MINUS SIGN}"
POINTS = "percentage points"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
# What the star of `family_interval` means.
STAR = "*: an end set to zero to agree with the test."
# The names that papers use of data sets, by those of studies.
_DATA_NAMES = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "fashion_mnist": "Fashion-MNIST",
    "fashion_mnist_sample": "Fashion-MNIST (sample)",
    "kmnist": "KMNIST",
    "mnist": "MNIST",
    "svhn": "SVHN",
}


def data_name(name: str) -> str:
    """Return the name of a data set as papers print it: `CIFAR-10`; others stay as they are."""
    return _DATA_NAMES.get(name, name)


def number(value: float | None, digits: int = 1) -> str:
    """Return a number with a fixed count of decimals: `86.1`."""
    return "" if value is None or not isfinite(value) else f"{value:.{digits}f}"


def whole_percent(fraction: float) -> str:
    """Return a fraction that is rounded to whole per cents: `72 %`."""
    return f"{100 * fraction:.0f} %"


def level(metric: Metric, value: float) -> str:
    """Return a value of a metric: with one decimal in per cent, else in three digits."""
    if metric.is_fraction or not isfinite(value):
        return number(value)
    return f"{value:.3g}"


def points(value: float | None, unit: str = POINTS) -> str:
    """Return a difference with its sign: `+1.2` in percentage points, else in three digits."""
    if value is None or not isfinite(value):
        return ""
    if unit != POINTS:
        signed = f"{value:+.3g}" if value else "0"
    else:
        signed = f"{value:+.1f}" if round(value, 1) else "0.0"
    return signed.replace("-", MINUS)


def p_value(p: float | None) -> str:
    """Return a p value as a table prints it: `0.031`, `<0.001`."""
    if p is None or not isfinite(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.2g}"


def interval(low: str, high: str) -> str:
    """Return an interval from its printed ends, or nothing if an end is empty: `[0.3, 1.2]`."""
    return f"[{low}, {high}]" if low and high else ""


def level_interval(metric: Metric, low: float, high: float) -> str:
    """Return an interval of a metric; that of a fraction ends where its values do."""
    low, high = in_range(metric, low, high)
    return interval(level(metric, low), level(metric, high))


def half_width(metric: Metric, mean: float, low: float, high: float) -> str:
    """Return half the width of an interval of a metric, for a plus-minus sign.

    Empty where the interval, as it is printed, does not extend equally far to both sides.
    """
    low, high = in_range(metric, low, high)
    is_symmetric = isclose(high - mean, mean - low, rel_tol=1e-6)
    return level(metric, (high - low) / 2) if is_symmetric else ""


def in_range(metric: Metric, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an interval, cut where a fraction can be no lower or higher."""
    if not metric.is_fraction:
        return low, high
    return max(low, metric.scale * metric.lowest), min(high, metric.scale)


def points_interval(low: float | None, high: float | None, unit: str = POINTS) -> str:
    """Return an interval of differences with signs: `[+0.3, +1.2]`."""
    return interval(_end(low, unit), _end(high, unit))


def family_interval(effect: Effect) -> str:
    """Return the interval of an effect in its family, with a star if an end was set to zero."""
    shown = points_interval(effect.low_family, effect.high_family, effect.metric.difference_unit)
    return f"{shown}*" if effect.is_clipped else shown


def _end(value: float | None, unit: str) -> str:
    """Return an end of an interval: a small one keeps the digits that tell it from zero."""
    if not value or not isfinite(value) or round(value, 1) or unit != POINTS:
        return points(value, unit)
    return f"{value:+.1g}".replace("-", MINUS)


def magnitude(number: float | None) -> str:
    """Return a large count in three digits: `2.13 M`."""
    if number is None or not isfinite(number):
        return ""
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(number) >= size:
            return f"{number / size:#.3g}".removesuffix(".") + unit
    return f"{number:.0f}"


def duration(seconds: float | None) -> str:
    """Return a time in its two largest units: `1 h 12 min`."""
    if seconds is None or not isfinite(seconds):
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def short(name: str, width: int = 56) -> str:
    """Return a name cut in its middle, where `key=value` names differ least."""
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}{ELLIPSIS}{name[-tail:]}"


def shortened(names: Iterable[str], width: int = 56) -> dict[str, str]:
    """Return a short name for each name, with a number where two would be equal."""
    brief_names: dict[str, str] = {}
    for name in names:
        brief, number = short(name, width), 2
        while brief in brief_names.values():
            brief, number = f"{short(name, width - 3)} {number}", number + 1
        brief_names[name] = brief
    return brief_names


def wrapped(name: str, width: int = 28) -> str:
    """Return a long name on two lines, broken after a separator if one is near."""
    if len(name) <= width or "\n" in name:
        return name
    breaks = [match.end() for match in re.finditer(r"[,+ ]", name[:width])]
    end = breaks[-1] if breaks and breaks[-1] > len(name) - width - 4 else width
    return f"{name[:end].rstrip()}\n{short(name[end:].lstrip(), width)}"
