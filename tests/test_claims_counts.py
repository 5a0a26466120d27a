"""Counts that training cannot change: exact, compared, and of other networks."""

import pytest

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results
from support.published_values import BASELINE, judge


@pytest.mark.parametrize(
    ("value", "effect", "expected", "reason"),
    [
        (4_969_600, None, "reproduced", "4,969,600 were counted, as published."),
        (5_001_792, None, "not reproduced", "4,969,600 were counted, 32,192 fewer than published."),
        (5_000_000, "lower", "reproduced", "It lies 30,400 inside the limit."),
        (4_969_600, "lower", "reproduced", "It lies 0 inside the limit."),
        (4_000_000, "lower", "not reproduced", "It lies 969,600 beyond the limit."),
    ],
)
def test_counts_are_exact_without_any_training(value, effect, expected, reason):
    """Parameters are compared exactly, on any budget, before a trial is done."""
    claim = Claim(id="p", variant="baseline", metric="parameters", value=value, effect=effect)
    found = judge(
        claim,
        {"baseline": [None]},
        sizes={"baseline": 4_969_600},
        forced={"data.subset": 64, "training.epochs": 1},
        profile="smoke",
    )

    assert (expected, reason) == (found.verdict, found.reason)
    assert ("4,969,600", "") == (found.measured, found.interval)


def test_a_rounded_count_is_met_by_what_rounds_to_it():
    """4.97 million is met by 4,969,600, if the claim says to which digit it was rounded."""
    claim = Claim(id="p", variant="baseline", metric="parameters", value=4.97e6, decimals=-4)

    assert "reproduced" == judge(claim, {"baseline": [None]}, sizes={"baseline": 4_969_600}).verdict


@pytest.mark.parametrize(
    ("parameters", "verdict", "reason"),
    [
        (1_793_638, "reproduced", "1,793,638 were counted, as published."),
        (1_789_999, "not reproduced", "1,789,999 were counted, 1 fewer than published."),
        (1_810_000, "not reproduced", "1,810,000 were counted, 10,001 more than published."),
    ],
)
def test_a_truncated_count_is_a_range(parameters, verdict, reason):
    """A paper that prints 1.79 M where it cuts digits off allows all that begin with them."""
    value = (1_790_000.0, 1_799_999.0)
    claim = Claim(id="p", variant="baseline", metric="parameters", value=value)
    found = judge(claim, {"baseline": [None]}, sizes={"baseline": parameters})

    assert "1,790,000 to 1,799,999" == found.published
    assert (verdict, reason) == (found.verdict, found.reason)


def test_counts_can_be_compared():
    """The deeper network can be shown to be smaller, by an exact difference."""
    sizes = {"baseline": 402_986, "off": 334_154}
    claim = Claim(
        id="smaller", variant="off", reference="baseline", metric="parameters", effect="lower"
    )
    found = judge(claim, {"baseline": [None]}, sizes=sizes)

    assert ("reproduced", "-68,832") == (found.verdict, found.measured)
    assert "The counts differ by 68,832, as claimed." == found.reason


def test_equal_counts_have_no_effect():
    """That a part costs nothing is exact too."""
    claim = Claim(id="n", variant="off", reference="baseline", metric="macs", effect="none")
    found = [
        judge(claim, {"baseline": [None]}, sizes={"baseline": 100, "off": off})
        for off in (100, 101)
    ]

    assert ["reproduced", "not reproduced"] == [verdict.verdict for verdict in found]
    assert ["The counts agree.", "The counts differ by 37."] == [v.reason for v in found]


def test_dead_parameters_come_from_the_trials():
    """What only a trial counts is taken from there, and is open before."""
    claim = Claim(id="dead", variant="baseline", metric="dead_parameters", value=694_320)
    record = fake_results.record([BASELINE], claims=[claim])
    trials = fake_results.trials({"baseline": [0.5]}, dead_parameters=694_320)

    assert "reproduced" == judge_claims(fake_results.FakeResults(record, trials))[0].verdict
    assert "inconclusive" == judge_claims(fake_results.FakeResults(record, trials[:0]))[0].verdict


def test_counts_of_another_network_are_not_comparable():
    """Where data or network were changed, a count that differs says nothing."""
    claim = Claim(id="p", variant="baseline", metric="parameters", value=31_530)
    found = judge(
        claim, {"baseline": [None]}, sizes={"baseline": 9}, forced={"data.name": "sample"}
    )

    assert "not comparable" == found.verdict
    assert "the command line set data.name = sample" == found.condition
    assert found.reason.startswith("9 were counted")
