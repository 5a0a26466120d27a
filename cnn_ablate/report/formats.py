"""Numbers and names as a report words them: per cent, points, intervals, short names."""

import re
from collections.abc import Iterable
from math import isfinite

from cnn_ablate.stats import listed

MINUS = "\N{MINUS SIGN}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def percent(fraction: float | None) -> str:
    """Show a fraction as per cent with one decimal: `86.1 %`."""
    return "" if fraction is None or not isfinite(fraction) else f"{100 * fraction:.1f} %"


def number(value: float | None, digits: int = 1) -> str:
    """Show per cents, as statistics give them, with one decimal: `86.1`."""
    return "" if value is None or not isfinite(value) else f"{value:.{digits}f}"


def points(value: float | None) -> str:
    """Show a difference in percentage points with its sign: `+1.2`."""
    if value is None or not isfinite(value):
        return ""
    shown = f"{value:+.1f}" if round(value, 1) else "0.0"
    return shown.replace("-", MINUS)


def probability(p: float | None) -> str:
    """Show a p: `0.031`, `<0.001`."""
    if p is None or not isfinite(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.2g}"


def between(low: str, high: str) -> str:
    """Join the ends of an interval, if there is one: `[0.3, 1.2]`."""
    return f"[{low}, {high}]" if low and high else ""


def magnitude(number: float | None) -> str:
    """Show a large count in three digits: `2.13 M`."""
    if number is None or not isfinite(number):
        return ""
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(number) >= size:
            return f"{float(f'{number / size:.3g}'):g}{unit}"
    return f"{number:.0f}"


def duration(seconds: float | None) -> str:
    """Show a time in the two largest units that fit: `1 h 12 min`."""
    if seconds is None or not isfinite(seconds):
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def capital(text: str) -> str:
    """Begin a sentence with a text, whose other letters stay as they are."""
    return f"{text[:1].upper()}{text[1:]}"


def several(names: Iterable[str], *, at_most: int = 6) -> str:
    """Join names as prose does, and only count the last of many: `a, b and 7 more`."""
    known = list(names)
    if len(known) > at_most:
        known = [*known[: at_most - 1], f"{len(known) - at_most + 1} more"]
    return listed(known)


def short(name: str, width: int = 56) -> str:
    """Cut a long name in its middle, where `key=value` names differ least."""
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}{ELLIPSIS}{name[-tail:]}"


def shortened(names: Iterable[str], width: int = 56) -> dict[str, str]:
    """Cut long names so that all stay different."""
    cut: dict[str, str] = {}
    for name in names:
        brief, number = short(name, width), 2
        while brief in cut.values():
            brief, number = f"{short(name, width - 3)} {number}", number + 1
        cut[name] = brief
    return cut


def wrapped(name: str, width: int = 28) -> str:
    """Break a name into two lines, after a sign that joins its parts if one is near."""
    if len(name) <= width or "\n" in name:
        return name
    ends = [found.end() for found in re.finditer(r"[,+ ]", name[:width])]
    end = ends[-1] if ends and ends[-1] > len(name) - width - 4 else width
    return f"{name[:end].rstrip()}\n{short(name[end:].lstrip(), width)}"
