"""Generic English: lists of names, counts, percentages and p values in sentences, and lines."""

import re
from collections.abc import Iterable
from textwrap import fill

NO_BREAK = "\N{NO-BREAK SPACE}"
"""`wrapped` breaks no line here, and returns a blank instead."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# As it is spoken: an average, but a one-cycle schedule and a uniform one.
_VOWEL = re.compile(r"(?!one|uni|use)[aeiou]", re.IGNORECASE)
_AFTER_NUMBER = re.compile(r"(?<=\d) (?=\S)")


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return names joined as in prose: `a, b and c`."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def some(names: Iterable[str], most: int = 3) -> str:
    """Return the first few names, and how many more there are: `a, b, c and 7 more`."""
    known = list(names)
    more = len(known) - most
    # "and 1 more" would be as long as the name itself.
    return listed(known if more <= 1 else [*known[:most], f"{more} more"])


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Group names by key, in order of first appearance, from pairs of a key and a name."""
    groups: dict[str, list[str]] = {}
    for key, name in pairs:
        groups.setdefault(key, []).append(name)
    return groups


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 seed`, `2,400 seeds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def count_range(numbers: Iterable[int], noun: str) -> str:
    """Return the range of several numbers with its noun: `3 to 5 seeds`."""
    known = sorted({int(number) for number in numbers})
    if len(known) > 1:
        return f"{known[0]:,} to {known[-1]:,} {noun}s"
    return count(known[0], noun) if known else f"no {noun}s"


def duration(seconds: float) -> str:
    """Return a time in two units at most: `45 s`, `12 min`, `3 h 20 min`, `2 days 4 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours < 48:
        return _in_units(minutes, 60, "h", "min")
    return _in_units(hours, 24, "days", "h")


def _in_units(number: int, each: int, large: str, small: str) -> str:
    whole, rest = divmod(number, each)
    return f"{whole:,} {large}" + (f" {rest} {small}" if rest else "")


def about(seconds: float) -> str:
    """Return an estimated time: `about 12 min`, `less than a second`."""
    return f"about {duration(seconds)}" if round(seconds) else "less than a second"


def percent(fraction: float) -> str:
    """Return a fraction in per cent, in more digits if it is tiny: `14.0 %`, `0.003 %`."""
    share = 100 * fraction
    return f"{share:.2g} %" if 0 < share < 0.1 else f"{share:.1f} %"


def p_value(p: float) -> str:
    """Return a p value as a sentence states it: `p = 0.031`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def plain_number(value: float) -> str:
    """Return a number without a unit, in three digits if small: `4,969,600`, `0.031`."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def with_article(noun: str) -> str:
    """Return a noun with `a`, or with `an` before a vowel: `an exponential schedule`."""
    return f"an {noun}" if _VOWEL.match(noun) else f"a {noun}"


def capital(text: str) -> str:
    """Return a text with its first letter in upper case and all others as they are."""
    return f"{text[:1].upper()}{text[1:]}"


def one_line(text: str) -> str:
    """Return a text with a blank for line ends and other characters that control a terminal."""
    return _CONTROLS.sub(" ", text)


def wrapped(text: str, width: int, indent: str = "", further: str = "    ") -> str:
    """Return a text in lines of at most that width, those after the first indented further.

    Lines are broken between words, but not after a number: its unit stays with it.
    """
    lines = fill(
        _AFTER_NUMBER.sub(NO_BREAK, text),
        width,
        initial_indent=indent,
        subsequent_indent=indent + further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(NO_BREAK, " ")
