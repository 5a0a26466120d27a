"""Decisions on published effects: those of their contrasts, their families and their failures."""

import numpy as np
import pandas as pd
import pytest

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import TEST_ACCURACY, Effect
from support import fake_results
from support.claims import HELPS, judge, moved, results

FAILED = {"none": [*HELPS["none"], 0.515], "baseline": [*HELPS["baseline"], None]}


@pytest.mark.parametrize("effect", ["higher", "lower", "none"])
def test_no_verdict_rests_on_the_trials_that_survived(effect):
    """A variant that fails in one seed of four may be the better one in the other three."""
    found = judge(moved(effect=effect), FAILED, study={"seeds": (0, 1, 2, 3)})

    assert ("inconclusive", "+4.1 points") == (found.verdict, found.measured)
    assert (
        "1 of 4 trials of baseline failed, and no verdict rests on the mean of the others."
    ) == found.reason


def test_a_claim_about_a_contrast_takes_its_decision():
    """A family that decides less than the claim alone would is the one that counts."""
    study = results(HELPS, moved(effect="higher"))
    open_, decided = (
        Effect(
            variant="none",
            reference="baseline",
            metric=TEST_ACCURACY,
            seeds=3,
            difference=-4.1,
            family="primary",
            p_adjusted=p,
            low_family=-9.0,
            high_family=high,
            decided=p < 0.05,
        )
        for p, high in ((0.3, 0.8), (0.01, -0.5))
    )

    [found] = judge_claims(study, [open_])
    assert ("inconclusive", "[-0.8, 9.0]") == (found.verdict, found.interval)
    [found] = judge_claims(study, [decided])
    assert ("reproduced", "[0.5, 9.0]") == (found.verdict, found.interval)
    assert "adjusted p = 0.01" in found.reason


@pytest.mark.parametrize(
    ("looks", "expected"), [((), "negligible"), ((3, 4), "inconclusive"), ((2, 3), "negligible")]
)
def test_equivalence_at_a_look_may_err_as_little_as_the_look(looks, expected):
    """A p of 0.029 is under 5 % and under the 3.3 % of a second look, not under a first one's."""
    near = {"none": [0.501, 0.522, 0.512], "baseline": [0.5053, 0.5177, 0.512]}
    effect = Effect(
        variant="none",
        reference="baseline",
        metric=TEST_ACCURACY,
        seeds=3,
        difference=0.0,
        p_adjusted=1.0,
        low_family=-2.0,
        high_family=2.0,
        look=looks.index(3) + 1 if looks else None,
    )

    [found] = judge_claims(results(near, moved(effect="higher"), study={"looks": looks}), [effect])
    assert expected == found.verdict
    assert not looks or expected == "inconclusive" or "93.3 % interval" in found.reason


@pytest.mark.parametrize(("low", "expected"), [(0.2, "reproduced"), (-0.1, "inconclusive")])
def test_without_predictions_the_interval_over_images_is_that_of_the_effect(low, expected):
    """A study of which only the tables are left keeps what they say of the test images."""
    absent = {f"{name}-{seed}": None for name in HELPS for seed in range(3)}
    study = results(HELPS, moved(effect="lower"), moved(effect="higher"), seen=absent)
    effect = Effect(
        variant="none",
        reference="baseline",
        metric=TEST_ACCURACY,
        seeds=3,
        difference=-4.1,
        family="primary",
        p_adjusted=0.01,
        low_family=-7.0,
        high_family=-1.0,
        decided=True,
        images_low=-8.0,
        images_high=-low,
    )

    assert expected == judge_claims(study, [effect])[1].verdict


def test_a_contrast_that_means_nothing_decides_nothing():
    """Where the reference did not learn, no direction says anything."""
    study = results(HELPS, moved(effect="higher"))
    meaningless = {("none", "baseline"): "baseline is at chance"}
    [found] = judge_claims(study, meaningless=meaningless)

    assert "inconclusive" == found.verdict
    assert "The difference means nothing: baseline is at chance." == found.reason


def test_other_claims_are_decided_together():
    """Twenty claims on twenty metrics would find something: each is adjusted for the others."""
    numbers = np.random.default_rng(0).normal(0.5, 0.01, (40, 3))
    one, other = (
        fake_results.trials({name: HELPS[name]}).assign(
            **{f"m{i}": numbers[i + 20 * (name == "none")] for i in range(20)}
        )
        for name in ("baseline", "none")
    )
    trials = pd.concat([one, other], ignore_index=True)
    noise = [
        moved(effect="higher", metric=f"m{i}").model_copy(update={"id": f"m{i}"}) for i in range(20)
    ]
    alone, *_ = judge_claims(results({}, moved(effect="higher"), trials=trials))
    among, *_ = judge_claims(results({}, moved(effect="higher"), *noise, trials=trials))

    assert ("reproduced", "inconclusive") == (alone.verdict, among.verdict)
