"""The printed precision of a number: one rule, for the audit and for the verdicts."""

import pytest

from cnn_ablate.audit import CHECKS, Subject
from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results

BASELINE = fake_results.variant("baseline", model_name="lenet")
PRINTED = [
    # value, decimals as stated, decimals printed, half a unit of the last digit
    (0.86, None, 2, 0.005),
    (0.8, None, 1, 0.05),
    (0.86, 4, 4, 0.00005),
    (0.9068, None, 4, 0.00005),
    (1.2, None, 1, 0.05),
    (50.0, None, 0, 0.5),
    (1_790_000.0, None, 0, 0.5),
    (5_000_000.0, None, 0, 0.5),
    (1_794_000.0, -3, -3, 500),
    (1_790_000.0, -4, -4, 5000),
    ((0.86, 0.8699), None, 4, 0),
]


@pytest.mark.parametrize(("value", "stated", "decimals", "rounding"), PRINTED)
def test_the_digits_that_are_printed_count(value, stated, decimals, rounding):
    """Closing zeros of a whole number are digits; those of a fraction only if the claim says so."""
    claim = Claim(id="a", value=value, decimals=stated)

    assert decimals == claim.decimals_printed
    assert pytest.approx(rounding) == claim.rounding


def test_the_printed_interval_holds_what_prints_alike():
    """Of a range it is the range itself."""
    assert pytest.approx((0.855, 0.865)) == Claim(id="a", value=0.86).printed_interval
    assert (0.86, 0.8699) == Claim(id="a", value=(0.86, 0.8699)).printed_interval


def test_a_range_survives_its_file():
    """In study.json a range is a list."""
    claim = Claim(id="a", value=(0.86, 0.8699))

    assert claim == Claim.model_validate_json(claim.model_dump_json())


@pytest.mark.parametrize("parameters", [1_793_638, 1_790_000, 1_790_001, 1_794_000, 1_785_000])
@pytest.mark.parametrize(
    ("value", "decimals"),
    [
        (1_790_000.0, None),
        (1_794_000.0, -3),
        (1_790_000.0, -3),
        (1_790_000.0, -4),
        ((1_790_000.0, 1_799_999.0), None),
    ],
)
def test_audit_and_verdict_agree_on_a_printed_count(value, decimals, parameters):
    """A count of 1,793,638 is not 1,790,000, but it is 1,794,000 to the thousand."""
    claim = Claim(id="p", variant="baseline", metric="parameters", value=value, decimals=decimals)
    record = fake_results.record([BASELINE], claims=[claim], sizes={"baseline": parameters})
    results = fake_results.FakeResults(record, fake_results.trials({"baseline": [None]}))
    [verdict] = judge_claims(results)
    study = Subject(record.study, record.plan, record.sizes)
    findings = [*CHECKS["parameter-claim"](study)]

    low, high = claim.printed_interval
    assert (low <= parameters <= high) == ("reproduced" == verdict.verdict)
    assert ("not reproduced" == verdict.verdict) == (len(findings) == 1)


@pytest.mark.parametrize(
    ("stated", "other", "differ"),
    [
        ({"value": 0.86}, {"value": 0.864}, False),
        ({"value": 0.86}, {"value": 0.8664}, True),
        ({"value": 0.8}, {"value": 0.84}, False),
        ({"value": 0.8, "decimals": 2}, {"value": 0.84}, True),
        ({"value": (0.86, 0.8699)}, {"value": 0.8664}, False),
        ({"value": (0.86, 0.8699)}, {"value": 0.8712}, True),
    ],
)
def test_audit_and_verdict_agree_on_printed_fractions(stated, other, differ):
    """The audit compares two numbers of a paper as a verdict compares one with the data."""
    claims = [
        Claim(id="first", variant="baseline", metric="train_loss", **stated),
        Claim(id="second", variant="baseline", metric="train_loss", **other),
    ]
    record = fake_results.record([BASELINE], claims=claims)
    measured = claims[1].bounds[0]
    spread = [measured - 1e-6, measured, measured + 1e-6]
    trials = fake_results.trials({"baseline": spread}, metric="train_loss")
    first, _ = judge_claims(fake_results.FakeResults(record, trials))
    findings = [*CHECKS["paper-contradiction"](Subject(record.study, record.plan, {}))]

    assert differ == bool(findings)
    # The measured number is exact, that of the paper is rounded too.
    if not differ:
        assert "reproduced" == first.verdict
