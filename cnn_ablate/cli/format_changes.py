"""Format changes of settings for the terminal."""

from collections.abc import Mapping
from typing import Any

from cnn_ablate.schema import label


def format_changes(changed: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """Return one text per changed setting: `model.attention: cbam > none`."""
    return [f"{key}: {_format_change(old, new)}" for key, (old, new) in changed.items()]


def _format_change(old: Any, new: Any) -> str:
    """Return `old > new`; for lists (augmentations), the items removed and added."""
    if not isinstance(old, list) or not isinstance(new, list):
        return f"{label(old)} > {label(new)}"
    removed = [f"-{label(item)}" for item in old if item not in new]
    added = [f"+{label(item)}" for item in new if item not in old]
    return " ".join(removed + added) or "different order"
