"""Format changes of settings for the terminal."""

from collections.abc import Mapping
from typing import Any

from cnn_ablate.schema import Contrast, Plan, label


def format_changes(changed: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """Return one text per changed setting: `model.attention: cbam -> none`."""
    return [f"{key}: {_format_change(old, new)}" for key, (old, new) in changed.items()]


def _format_change(old: Any, new: Any) -> str:
    """Return `old -> new`; for lists (augmentations), the items removed and added."""
    if not isinstance(old, list) or not isinstance(new, list):
        return f"{label(old)} -> {label(new)}"
    removed = [f"-{label(item)}" for item in old if item not in new]
    added = [f"+{label(item)}" for item in new if item not in old]
    return " ".join(removed + added) or "different order"


def labelled_changes(plan: Plan, contrast: Contrast) -> list[str]:
    """Return one text per factor in which a contrast differs, by the labels of its levels.

    Changes that are no level of a factor are shown as those of settings.
    """
    sides = contrast.sides
    levels = {variant.name: variant.levels for variant in plan.variants if variant.name in sides}
    old, new = levels[contrast.reference], levels[contrast.variant]
    if not all(new.get(name) and old.get(name) for name in contrast.factors):
        return format_changes(contrast.changed)
    return [f"{name.rpartition('.')[2]}: {old[name]} -> {new[name]}" for name in contrast.factors]
