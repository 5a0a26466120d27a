"""Choose some variants of a plan by name."""

from fnmatch import fnmatchcase

from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name
from cnn_ablate.schema import Plan


def matches(name: str, pattern: str) -> bool:
    """Say whether a variant is named by a name or a pattern (`attention=*`)."""
    return name == pattern or fnmatchcase(name, pattern)


def matching(plan: Plan, only: str) -> frozenset[str]:
    """Give the variants that match, with the references they are contrasted with.

    Args:
        plan: The whole plan.
        only: Names or patterns (`attention=*`), separated by blanks; nothing means all.

    Raises:
        UserError: a pattern matches no variant.
    """
    names = [variant.name for variant in plan.variants]
    if not only:
        return frozenset(names)
    found: set[str] = set()
    for pattern in only.split():
        hits = {name for name in names if matches(name, pattern)}
        if not hits:
            raise UserError(f"--only {pattern}", *unknown_name("variant", pattern, names))
        found |= hits
    return frozenset(found | {c.reference for c in plan.contrasts if c.variant in found})
