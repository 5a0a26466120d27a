"""Published effects at another budget: they agree or disagree early, and decide nothing."""

import pytest

from support.claims import HELPS, NOISE, SAME, judge, moved


def test_directions_hold_on_other_data_and_say_little_at_a_reduced_budget():
    """Both sides share data and budget, but an early direction may still turn round."""
    noted = judge(moved(effect="higher"), HELPS, study={"note": "JPEG copies."})
    cut = judge(moved(effect="higher"), HELPS, study={"forced": {"training.epochs": 1}})
    other = judge(moved(effect="higher"), HELPS, study={"forced": {"data.name": "mnist"}})

    assert ("reproduced", "agrees early") == (noted.verdict, cut.verdict)
    assert ("", "the command line set training.epochs = 1") == (noted.condition, cut.condition)
    assert "not comparable" == other.verdict


@pytest.mark.parametrize(
    ("fields", "values", "verdict"),
    [
        ({"value": 4.1, "effect": "higher"}, HELPS, "agrees early"),
        ({"value": -4.1}, HELPS, "disagrees early"),
        ({"effect": "lower"}, HELPS, "disagrees early"),
        ({"effect": "higher"}, NOISE, "inconclusive"),
        ({"effect": "higher"}, SAME, "inconclusive"),
        ({"effect": "none"}, SAME, "agrees early"),
        ({"effect": "none"}, HELPS, "disagrees early"),
    ],
)
def test_at_a_reduced_budget_no_direction_is_decided(fields, values, verdict):
    """A gain in points is not held to its size after fewer epochs, nor is its sign final."""
    found = judge(moved(**fields), values, study={"forced": {"training.epochs": 1}})

    assert (verdict, "the command line set training.epochs = 1") == (found.verdict, found.condition)
    assert ("sizes cannot be compared" in found.reason) == (fields.get("value") == 4.1)


@pytest.mark.parametrize(
    ("forced", "verdict"),
    [
        ({"training.precision": "bfloat16", "training.log_every": 100}, "reproduced"),
        ({"data.subset": 5000, "data.val_fraction": 0.1}, "agrees early"),
        ({"optimizer.lr": 0.1}, "not comparable"),
    ],
)
def test_what_a_budget_is(forced, verdict):
    """Neither the arithmetic nor the log is part of it; the number of images is."""
    assert verdict == judge(moved(effect="higher"), HELPS, study={"forced": forced}).verdict


def test_an_effect_that_is_negligible_early_is_said_to_be_so():
    """It may still grow: the verdict is inconclusive, and the reason has the test."""
    found = judge(moved(effect="higher"), SAME, study={"forced": {"training.epochs": 1}})

    assert "inconclusive" == found.verdict
    assert "rule out effects beyond 1.0 point" in found.reason
    assert found.reason.endswith(", so early.")


@pytest.mark.parametrize("study", [{}, {"forced": {"training.epochs": 1}}])
def test_a_published_gain_inside_the_interval_is_not_refuted(study):
    """Effects beyond a point may be ruled out: one of a third of a point is not."""
    values = {"none": [0.500, 0.503, 0.501], "baseline": [0.502, 0.504, 0.5045]}
    found = judge(moved(value=0.3, effect="higher"), values, study=study)

    assert "inconclusive" == found.verdict


def test_a_smoke_test_judges_no_direction():
    """Even on the study's own data, one epoch of a few images shows only that all works."""
    study = {"profile": "smoke", "forced": {"data.subset": 64, "training.epochs": 1}}
    found = judge(moved(effect="higher"), HELPS, study=study)

    said = "profile smoke set data.subset = 64 and training.epochs = 1"
    assert ("not comparable", said) == (found.verdict, found.condition)
