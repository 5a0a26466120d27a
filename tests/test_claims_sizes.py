"""Published sizes of effects: compared with runs that were not paired."""

import pytest

from support import fake_results
from support.claims import HELPS, STEADY, judge, moved


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value": 4.1, "effect": "higher"}, "reproduced"),
        ({"value": 4.1}, "reproduced"),
        ({"value": 12.0, "effect": "higher"}, "direction only"),
        ({"value": 4.1, "effect": "lower"}, "not reproduced"),
        ({"value": -4.1}, "not reproduced"),
    ],
)
def test_sizes_may_fail_where_directions_hold(fields, expected):
    """A published gain in points can have the right direction and the wrong size."""
    assert expected == judge(moved(**fields), STEADY).verdict


def test_a_size_is_compared_with_runs_that_were_not_paired():
    """The paper's two runs shared no seed: both spreads count, in the interval that is shown."""
    found = judge(moved(value=4.5), STEADY)

    # Welch: t(3.9) x sqrt(4/3 x (0.153^2 + 0.132^2)) = 0.66, plus half of a last digit.
    assert ("reproduced", "+4.1 points", "[3.3, 4.8]") == (
        found.verdict,
        found.measured,
        found.interval,
    )
    assert "0.43 points from the published size, within the 0.70 points that" in found.reason


def test_a_size_inside_a_wide_interval_is_not_reproduced():
    """Where further runs may differ by five points, any size would be met."""
    found = judge(moved(value=4.1), HELPS)

    assert "direction only" == found.verdict
    assert found.reason.endswith("may differ, too many to compare sizes.")


def test_a_wrong_size_is_explained():
    """The reason has both distances."""
    found = judge(moved(value=12.0), STEADY)

    assert "+12.0 points" == found.published
    assert "as claimed, and 7.9 points from the published size, beyond the" in found.reason


TURNED = {"none": STEADY["baseline"], "baseline": STEADY["none"]}


@pytest.mark.parametrize(
    ("values", "value", "n", "expected"),
    [
        (STEADY, 4.5, 4000, "reproduced"),
        (TURNED, -4.5, 4000, "reproduced"),
        (STEADY, 4.5, 1000, "inconclusive"),
        (TURNED, -4.5, 1000, "inconclusive"),
    ],
)
def test_opposite_effects_on_other_images_are_judged_alike(values, value, n, expected):
    """Variants that were tested on different images have the noise of the images of both."""
    trials = fake_results.trials(values)
    seen = {f"none-{seed}": fake_results.correct_on([], of=900) for seed in range(3)}
    tables = {"seen": seen, "classes": fake_results.single_class(trials, n)}

    assert expected == judge(moved(value=value), values, **tables).verdict
