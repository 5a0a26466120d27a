"""Select variants of a plan by names or patterns, as `--only` does."""

from fnmatch import fnmatchcase

from cnn_ablate.errors import UserError
from cnn_ablate.schema import Plan
from cnn_ablate.value_errors import unknown_name


def matches(name: str, pattern: str) -> bool:
    """Return whether a variant has this name, or matches this pattern (`attention=*`)."""
    return name == pattern or fnmatchcase(name, pattern)


def select_variants(plan: Plan, only: str) -> frozenset[str]:
    """Return the names of the variants that match, and of the references of their contrasts.

    Args:
        plan: The whole plan.
        only: Names or patterns (`attention=*`), separated by blanks; an empty text selects all.

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
