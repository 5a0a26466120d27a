"""Published effects: their directions, their sizes, and that there is none."""

import pytest

from support import fake_results
from support.claims import HELPS, HURTS, NOISE, SAME, judge, moved


@pytest.mark.parametrize(
    ("effect", "values", "expected"),
    [
        ("higher", HELPS, "reproduced"),
        ("lower", HELPS, "not reproduced"),
        ("higher", HURTS, "not reproduced"),
        ("lower", HURTS, "reproduced"),
        ("higher", NOISE, "undetermined"),
        ("higher", SAME, "not reproduced"),
        ("none", SAME, "reproduced"),
        ("none", HELPS, "not reproduced"),
        ("none", NOISE, "undetermined"),
    ],
)
def test_directions(effect, values, expected):
    """A direction holds if its interval lies on that side, and none only by equivalence."""
    assert expected == judge(moved(effect=effect), values).verdict


def test_reasons_have_the_numbers():
    """A verdict says what was claimed, what was measured, its interval and the reason."""
    found = judge(moved(effect="higher"), HELPS)

    assert ("higher", "+4.1 points") == (found.published, found.measured)
    assert "[3.2, 5.0]" == found.interval
    assert "The interval [3.2, 5.0] of 3 seeds lies above zero, as claimed." == found.reason


@pytest.mark.parametrize(
    ("effect", "values", "reason"),
    [
        (
            "none",
            SAME,
            "Two one-sided t tests rule out effects beyond 1.0 point (90 % interval "
            "[-0.17, 0.17]), p = 0.0017, 3 seeds.",
        ),
        (
            "none",
            NOISE,
            (
                "The interval [-10.8, 10.8] of 3 seeds includes zero: effects beyond 1.0 point "
                "cannot be ruled out."
            ),
        ),
        (
            "higher",
            NOISE,
            (
                "The interval [-10.8, 10.8] of 3 seeds includes zero: neither direction can be "
                "ruled out."
            ),
        ),
        (
            "lower",
            HELPS,
            "The interval [3.2, 5.0] of 3 seeds lies above zero: the opposite holds.",
        ),
    ],
)
def test_reasons(effect, values, reason):
    """Each reason is one sentence."""
    assert reason == judge(moved(effect=effect), values).reason


def test_an_effect_beyond_the_margin_is_explained():
    """What is not none has its interval and the margin in the reason."""
    reason = judge(moved(effect="none"), HELPS).reason

    assert reason.startswith("The interval [3.2, 5.0] of 3 seeds lies above zero, beyond what")
    assert reason.endswith("beyond what counts as none (1.0 point).")


def test_the_margin_is_the_claims():
    """A wider margin lets a larger effect count as none."""
    assert "reproduced" == judge(moved(effect="none", margin=6.0), HELPS).verdict


def test_no_effect_on_seconds_needs_a_margin():
    """A point means nothing in seconds, so without a stated margin equivalence stays open."""
    trials = fake_results.trials({"none": [10.0, 11.0], "baseline": [10.0, 11.0]}, metric="seconds")
    open_, closed = (
        judge(moved(effect="none", metric="seconds", margin=margin), {}, trials=trials)
        for margin in (None, 0.5)
    )

    assert ("undetermined", "reproduced") == (open_.verdict, closed.verdict)
    assert "no margin is stated" in open_.reason.lower()


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
    assert expected == judge(moved(**fields), HELPS).verdict


def test_a_wrong_size_is_explained():
    """The reason has both distances."""
    found = judge(moved(value=12.0), HELPS)

    assert "+12.0 points" == found.published
    assert "as claimed, and 7.9 points from the published size, beyond the" in found.reason


def test_few_test_images_leave_a_direction_open():
    """Seeds that agree are not enough where the test set could turn the effect round."""
    values = {"none": [0.5] * 3, "baseline": [0.6, 0.6, 0.59]}
    right = {"none": range(5), "baseline": range(2, 8)}
    seen = {
        f"{name}-{seed}": fake_results.correct_on(images, of=10)
        for name, images in right.items()
        for seed in range(3)
    }
    found = judge(moved(effect="higher"), values, seen=seen)

    assert "undetermined" == found.verdict
    assert "but that over test images [" in found.reason


@pytest.mark.parametrize(("values", "value"), [(HELPS, 6), (HURTS, -6)])
def test_opposite_effects_on_other_images_are_judged_alike(values, value):
    """Variants that were tested on different images have the noise of the images of both."""
    trials = fake_results.trials(values)
    seen = {f"none-{seed}": fake_results.correct_on([], of=900) for seed in range(3)}
    tables = {"seen": seen, "classes": fake_results.single_class(trials, 1000)}
    found = judge(moved(value=value), values, **tables)

    assert "reproduced" == found.verdict
    assert "1.9 points from the published size, within the 4.9 points" in found.reason


def test_directions_hold_on_other_data_and_at_a_reduced_budget():
    """Both sides share data and budget, so a direction is judged, and a reduced budget is said."""
    noted = judge(moved(effect="higher"), HELPS, study={"note": "JPEG copies."})
    cut = judge(moved(effect="higher"), HELPS, study={"forced": {"training.epochs": 1}})
    other = judge(moved(effect="higher"), HELPS, study={"forced": {"data.name": "mnist"}})

    assert ("reproduced", "reproduced") == (noted.verdict, cut.verdict)
    assert ("", "the command line set training.epochs = 1") == (noted.condition, cut.condition)
    assert "not comparable" == other.verdict


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"value": 4.1, "effect": "higher"}, "direction only"),
        ({"value": -4.1}, "not reproduced"),
        ({"value": 4.1, "effect": "lower"}, "not reproduced"),
    ],
)
def test_at_a_reduced_budget_a_size_is_judged_by_its_direction(fields, verdict):
    """A gain in points is not held to its size after fewer epochs, but to its sign."""
    found = judge(moved(**fields), HELPS, study={"forced": {"training.epochs": 1}})

    assert (verdict, "the command line set training.epochs = 1") == (found.verdict, found.condition)
    assert ("sizes cannot be compared" in found.reason) == (verdict == "direction only")


@pytest.mark.parametrize("study", [{}, {"forced": {"training.epochs": 1}}])
def test_a_published_gain_inside_the_interval_is_not_refuted(study):
    """Effects beyond a point may be ruled out: one of a third of a point is not."""
    values = {"none": [0.500, 0.503, 0.501], "baseline": [0.502, 0.504, 0.5045]}
    found = judge(moved(value=0.3, effect="higher"), values, study=study)

    assert "undetermined" == found.verdict


def test_a_smoke_test_judges_no_direction():
    """Even on the study's own data, one epoch of a few images shows only that all works."""
    study = {"profile": "smoke", "forced": {"data.subset": 64, "training.epochs": 1}}
    found = judge(moved(effect="higher"), HELPS, study=study)

    said = "profile smoke set data.subset = 64 and training.epochs = 1"
    assert ("not comparable", said) == (found.verdict, found.condition)


@pytest.mark.parametrize(("effect", "full"), [("higher", "not reproduced"), ("none", "reproduced")])
def test_a_difference_that_a_short_budget_never_shows_stays_open(effect, full):
    """Patience of 20 epochs changes nothing in four: that says nothing of four hundred."""
    claim = moved(effect=effect)
    nothing = {name: [0.5, 0.52, 0.51] for name in HELPS}
    cut = judge(claim, nothing, study={"forced": {"training.epochs": 4}})

    assert full == judge(claim, nothing).verdict
    assert "undetermined" == cut.verdict
    assert cut.reason.startswith("Both sides come to the same in every seed")
