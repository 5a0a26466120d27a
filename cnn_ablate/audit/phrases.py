"""Phrases that several findings share."""

from collections.abc import Sequence
from typing import Any

from cnn_ablate.schema import label
from cnn_ablate.text import some


def variants(names: Sequence[str]) -> str:
    """Return variants as a phrase: `variant baseline`, `21 variants (baseline, lr=0.1 and ...)`."""
    return f"variant {names[0]}" if len(names) == 1 else f"{len(names)} variants ({some(names)})"


def relative_change(new: float, old: float) -> str:
    """Return a relative change of a count: `17.1 % fewer`, `2 times as many`."""
    if not old:
        return "more than none"
    if new >= 2 * old:
        return f"{new / old:.3g} times as many"
    return f"{abs(100 * (new / old - 1)):.1f} % {'more' if new >= old else 'fewer'}"


def short_label(value: Any) -> str:
    """Return a level as text, cut off if it is long."""
    text = label(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
