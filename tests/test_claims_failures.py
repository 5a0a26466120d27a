"""Claims that a variant fails: judged by how many trials diverged or failed, not by their means."""

import pytest

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from cnn_ablate.stats import estimate_effects
from support.claims import moved, results

STEADY = [0.50, 0.51, 0.52, 0.50, 0.53, 0.51, 0.52, 0.50]
FAILING = [0.60, 0.61, *[None] * 6]
FAILS = moved(metric="failure_rate", effect="higher")
SEEDS = {"seeds": tuple(range(8))}


def judged(claim, values, *, with_effects=True):
    """Return the verdict of a claim, with the effects of the study or without any."""
    found = results(values, claim, study=SEEDS)
    effects = estimate_effects(found.trials, found.record) if with_effects else ()
    return judge_claims(found, effects)[0]


@pytest.mark.parametrize("with_effects", [True, False])
@pytest.mark.parametrize(
    ("effect", "word"), [("higher", "reproduced"), ("lower", "not reproduced")]
)
def test_failing_more_often_is_decided_by_fishers_test(effect, word, with_effects):
    """Six of eight against none: by the contrast's family, or by that of the claims."""
    claim = moved(metric="failure_rate", effect=effect)
    found = judged(claim, {"none": STEADY, "baseline": FAILING}, with_effects=with_effects)

    assert (word, "+75.0 points") == (found.verdict, found.measured)
    assert "6 of 8 trials (35 to 97 %) failed, against 0 of 8 trials (0 to 37 %)" in found.reason
    assert "adjusted p = 0.007" in found.reason


@pytest.mark.parametrize("failing", [STEADY, [*STEADY[:7], None]])
def test_few_failures_or_none_decide_nothing(failing):
    """One failure in eight can happen to any variant."""
    found = judged(FAILS, {"none": STEADY, "baseline": failing})

    assert ("inconclusive", True) == (found.verdict, "too few to test" in found.reason)


def test_a_claim_takes_the_decision_of_the_family():
    """Two contrasts with failures are adjusted for each other, and the claim with them."""
    five = [0.6, 0.6, 0.6, *[None] * 5]
    values = {"baseline": STEADY, "none": five, "se": five}
    claim = moved(metric="failure_rate", effect="higher", from_level="cbam", to_level="none")

    assert "inconclusive" == judged(claim, values).verdict
    assert "reproduced" == judged(claim, {**values, "se": STEADY}).verdict


@pytest.mark.parametrize(
    ("limit", "effect", "word"),
    [
        (0.3, "higher", "reproduced"),
        (0.3, "lower", "not reproduced"),
        (0.5, "higher", "inconclusive"),
    ],
)
def test_a_limit_is_compared_with_the_interval_of_the_rate(limit, effect, word):
    """Six of eight trials are 35 to 97 % by Clopper and Pearson."""
    claim = Claim(id="x", variant="none", metric="failure_rate", effect=effect, value=limit)
    found = judged(claim, {"none": FAILING})

    assert (word, "75.00 %", "[34.9, 96.8] %") == (found.verdict, found.measured, found.interval)


def test_an_average_of_pairs_has_no_failure_rate():
    """Rates of several variants are not averaged: the claim says which two it compares."""
    claim = moved(metric="failure_rate", effect="higher", at={"training.batch_size": 4})
    values = {"small": FAILING, "small none": STEADY}
    several = claim.model_copy(update={"than_at": {"training.batch_size": 128}})

    assert "reproduced" == judged(claim, values, with_effects=False).verdict
    found = judged(several, {**values, "baseline": STEADY, "none": STEADY}, with_effects=False)
    assert "inconclusive" == found.verdict
    assert "between one variant and one reference" in found.reason
