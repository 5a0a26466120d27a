"""Changes of settings as the commands show them."""

from collections.abc import Mapping
from typing import Any

from cnn_ablate.schema import label


def changes_of(changed: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """Write each change: `model.attention: cbam > none`."""
    return [f"{key}: {_move(old, new)}" for key, (old, new) in changed.items()]


def _move(old: Any, new: Any) -> str:
    """Show a change; of a list (augmentations), what goes and what comes."""
    if not isinstance(old, list) or not isinstance(new, list):
        return f"{label(old)} > {label(new)}"
    gone = [f"-{label(part)}" for part in old if part not in new]
    come = [f"+{label(part)}" for part in new if part not in old]
    return " ".join(gone + come) or "another order"
