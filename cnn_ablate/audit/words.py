"""How findings name and count what they speak of."""

from collections.abc import Iterable, Sequence
from typing import Any

from cnn_ablate.schema import label
from cnn_ablate.stats import count, listed


def some(names: Sequence[str], most: int = 3) -> str:
    """Name the first few of many, and say how many more there are."""
    more = len(names) - most
    return listed(names if more <= 1 else [*names[:most], f"{more} more"])


def variants(names: Sequence[str]) -> str:
    """Name variants in a sentence: `variant baseline`, `21 variants (baseline, lr=0.1 and ...)`."""
    return f"variant {names[0]}" if len(names) == 1 else f"{len(names)} variants ({some(names)})"


def percent(part: float, whole: float) -> str:
    """Write a share: `14.0 %`, `0.003 %`."""
    share = 100 * part / whole
    return f"{share:.1f} %" if share >= 0.1 else f"{share:.2g} %"


def change(new: float, old: float) -> str:
    """Write a relative change: `17.1 % fewer`, `2 times as many`."""
    if not old:
        return "more than none"
    if new >= 2 * old:
        return f"{new / old:.3g} times as many"
    return f"{abs(100 * (new / old - 1)):.1f} % {'more' if new >= old else 'fewer'}"


def brief(value: Any) -> str:
    """Write a level, but not all of a long one."""
    text = label(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Collect names under what they have in common."""
    found: dict[str, list[str]] = {}
    for common, name in pairs:
        found.setdefault(common, []).append(name)
    return found


__all__ = ["brief", "change", "count", "grouped", "listed", "percent", "some", "variants"]
