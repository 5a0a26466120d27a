"""Published effects: their directions, and that there is none."""

import pandas as pd
import pytest

from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.claims.published_effects import judge_direction
from cnn_ablate.schema import TEST_ACCURACY
from cnn_ablate.stats import HOLM, Decision
from support import fake_results
from support.claims import HELPS, HURTS, NOISE, SAME, judge, moved


@pytest.mark.parametrize(
    ("effect", "values", "expected"),
    [
        ("higher", HELPS, "reproduced"),
        ("lower", HELPS, "not reproduced"),
        ("higher", HURTS, "not reproduced"),
        ("lower", HURTS, "reproduced"),
        ("higher", NOISE, "inconclusive"),
        ("higher", SAME, "negligible"),
        ("none", SAME, "reproduced"),
        ("none", HELPS, "not reproduced"),
        ("none", NOISE, "inconclusive"),
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
    assert (
        "The interval [3.2, 5.0] of 3 seeds lies above zero, adjusted p = 0.0026, as claimed."
        == found.reason
    )


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
                "The interval [-10.8, 10.8] of 3 seeds includes zero, adjusted p = 1: effects "
                "beyond 1.0 point cannot be ruled out."
            ),
        ),
        (
            "higher",
            NOISE,
            ("The interval [-10.8, 10.8] of 3 seeds includes zero, adjusted p = 1: not decided."),
        ),
        (
            "lower",
            HELPS,
            "The interval [3.2, 5.0] of 3 seeds lies above zero, adjusted p = 0.0026: the opposite "
            "holds.",
        ),
    ],
)
def test_reasons(effect, values, reason):
    """Each reason is one sentence."""
    assert reason == judge(moved(effect=effect), values).reason


@pytest.mark.parametrize(
    ("decided", "reason"),
    [
        (
            True,
            "the test of 3 seeds decides for above zero, adjusted p = 0.01 (the simultaneous "
            "interval [0.0, 8.2] touches zero), as claimed",
        ),
        (
            False,
            "the interval [0.0, 8.2] (ended at zero by the decision) of 3 seeds includes zero, "
            "adjusted p = 0.01: not decided",
        ),
    ],
)
def test_an_interval_that_was_ended_at_zero_lies_on_no_side_of_it(decided, reason):
    """The test decides, and the interval touches zero."""
    seeds = Evidence(TEST_ACCURACY, pd.Series([3.0, 4.5, 4.8]))
    decision = Decision(0.01, 0.0, 8.2, decided, HOLM, clipped=True)
    assert reason == judge_direction(moved(effect="higher"), seeds, decision).reason


def test_an_effect_beyond_the_margin_is_explained():
    """What is not none has its interval and the margin in the reason."""
    reason = judge(moved(effect="none"), HELPS).reason

    assert reason.startswith("The interval [3.2, 5.0] of 3 seeds lies above zero, adjusted p")
    assert reason.endswith("beyond what counts as none (1.0 point).")


def test_the_margin_is_the_claims():
    """A wider margin lets a larger effect count as none."""
    assert "reproduced" == judge(moved(effect="none", margin=6.0), HELPS).verdict


def test_no_effect_on_seconds_needs_a_margin():
    """A point means nothing in seconds, so without a stated margin equivalence stays open."""
    trials = fake_results.trials(
        {"none": [10.0, 11.0, 9.0], "baseline": [10.1, 11.0, 9.0]}, metric="seconds"
    )
    open_, closed = (
        judge(moved(effect="none", metric="seconds", margin=margin), {}, trials=trials)
        for margin in (None, 0.5)
    )

    assert ("inconclusive", "reproduced") == (open_.verdict, closed.verdict)
    assert "no margin is stated" in open_.reason.lower()


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

    assert "inconclusive" == found.verdict
    assert "but that over test images [" in found.reason


@pytest.mark.parametrize("effect", ["higher", "lower", "none"])
@pytest.mark.parametrize("differences", [(0.0, 0.0), (0.004, 0.004), (0.002, 0.002, 0.002)])
@pytest.mark.parametrize("study", [{}, {"forced": {"training.epochs": 4}}])
def test_equal_differences_are_never_definite(effect, differences, study):
    """Seeds that happen to agree show no spread, and a spread of zero is no certainty."""
    none = [0.5, 0.52, 0.51][: len(differences)]
    values = {"none": none, "baseline": [a + b for a, b in zip(none, differences, strict=True)]}
    found = judge(moved(effect=effect), values, study=study)

    assert ("inconclusive", "") == (found.verdict, found.interval)
    assert "gave the same difference, which leaves its spread unknown" in found.reason


def test_two_seeds_show_their_differences_and_no_interval():
    """One degree of freedom is no basis for a test."""
    values = {name: numbers[:2] for name, numbers in HELPS.items()}
    found = judge(moved(effect="higher"), values)

    assert ("inconclusive", "") == (found.verdict, found.interval)
    assert "2 seeds (+4.0 points and +4.5 points) are too few for a test." == found.reason


def test_metrics_without_a_margin_are_never_negligible():
    """How many seconds are negligible is for the claim to say."""
    trials = fake_results.trials(
        {"none": [10.0, 11.0, 9.0], "baseline": [10.1, 11.0, 8.9]}, metric="seconds"
    )
    without, within = (
        judge(moved(effect="higher", metric="seconds", margin=margin), {}, trials=trials)
        for margin in (None, 0.5)
    )

    assert ("inconclusive", "negligible") == (without.verdict, within.verdict)
