"""`--only`: which variants names and patterns select."""

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.plan import select_variants
from cnn_ablate.schema import Contrast, Plan, Variant

NAMES = ("baseline", "norm=none", "act=tanh", "norm=none,act=tanh", "augment=two words")
PLAN = Plan(
    variants=tuple(Variant(name=name, settings={}, levels={}) for name in NAMES),
    contrasts=tuple(
        Contrast(variant=name, reference="baseline", design="factorial", factors=(), changed={})
        for name in NAMES[1:]
    ),
    trials=(),
)


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("", set(NAMES)),
        ("act=tanh", {"act=tanh"}),
        ("norm=none, act=tanh", {"norm=none", "act=tanh"}),
        ("norm=none,act=tanh", {"norm=none,act=tanh"}),
        ("act=tanh,norm=none,act=tanh", {"act=tanh", "norm=none,act=tanh"}),
        ("act=* aug*", {"act=tanh", "augment=two words"}),
        ("augment=two words", {"augment=two words"}),
    ],
)
def test_names_and_patterns_are_separated_by_commas_or_blanks(
    only: str, expected: set[str]
) -> None:
    """References come along; a name with commas in it is taken as a whole."""
    assert expected | {"baseline"} == select_variants(PLAN, only)


def test_a_pattern_that_matches_nothing_is_named() -> None:
    """The message shows the word alone, with a suggestion."""
    with pytest.raises(UserError, match="--only act=tan: unknown variant 'act=tan'"):
        select_variants(PLAN, "norm=none,act=tan")
