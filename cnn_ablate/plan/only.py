"""Select variants of a plan by names or patterns, as `--only` does."""

import re
from collections.abc import Iterator, Sequence
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
        only: Names or patterns (`attention=*`), separated by commas or blanks; an empty text
            selects all. A name may itself hold commas: the longest that matches is taken.

    Raises:
        UserError: a pattern matches no variant.
    """
    names = [variant.name for variant in plan.variants]
    if not only.strip(", "):
        return frozenset(names)
    found = {
        name for hits in _hits(re.split(r"([,\s]+)", only.strip(", ")), names) for name in hits
    }
    return frozenset(found | {c.reference for c in plan.contrasts if c.variant in found})


def _hits(parts: Sequence[str], names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the names that each pattern matches; parts are words with what separates them."""
    start = 0
    while start < len(parts):
        for end in range(len(parts), start, -2):
            pattern = "".join(parts[start:end])
            if hits := [name for name in names if matches(name, pattern)]:
                yield hits
                start = end + 1
                break
        else:
            word = parts[start]
            raise UserError(f"--only {word}", *unknown_name("variant", word, names))
