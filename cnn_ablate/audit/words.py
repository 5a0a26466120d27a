"""How findings name what they speak of."""

from collections.abc import Sequence

from cnn_ablate.schema import Settings, label, looked_up
from cnn_ablate.stats import listed


def some(names: Sequence[str], most: int = 3) -> str:
    """Name the first few, and say how many more there are."""
    more = len(names) - most
    if more <= 0:
        return listed(names)
    return listed([*names[:most], f"{more} more"])


def percent(part: float, whole: float) -> str:
    """Write a share: `14.0 %`."""
    return f"{100 * part / whole:.1f} %"


def change(new: float, old: float) -> str:
    """Write a relative change with its sign: `-17.1 %`."""
    return f"{100 * (new / old - 1):+.1f} %".replace("-", "−") if old else "from nothing"


def setting(settings: Settings, key: str) -> str:
    """Write a setting and its value: `model.attention none`."""
    return f"{key} {label(looked_up(settings, key))}"
