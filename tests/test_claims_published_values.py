"""Published numbers: tolerances from seeds, images and rounding, limits, and exact counts."""

import pytest

from cnn_ablate.claims import METRICS, judge_claims
from cnn_ablate.schema import Claim
from support import fake_results

BASELINE = fake_results.variant("baseline", model_residual=True)
OFF = fake_results.variant("off", model_residual=False)


def judge(claim, values, *, n=10_000, **study):
    """Judge one claim by accuracies of the baseline and of a variant without shortcuts."""
    trials = fake_results.trials(values)
    record = fake_results.record([BASELINE, OFF], claims=[claim], **study)
    classes = fake_results.single_class(trials, n)
    return judge_claims(fake_results.FakeResults(record, trials, classes=classes))[0]


def accuracy(value, **fields):
    """Claim an accuracy of the baseline."""
    return Claim(id="accuracy", variant="baseline", value=value, **fields)


def test_a_number_within_the_tolerance_is_reproduced():
    """86 % is reproduced by five seeds around 85.7 %, and the reason adds up its parts."""
    found = judge(accuracy(0.86), {"baseline": [0.856, 0.858, 0.857, 0.859, 0.855]})

    assert "reproduced" == found.verdict
    assert ("86 %", "85.70 %", "[85.50, 85.90] %") == (
        found.published,
        found.measured,
        found.interval,
    )
    # As many seeds as one likes with this spread: 1.96 x 0.158 x sqrt(1.2) = 0.34; test images
    # 1.96 sqrt(0.857 x 0.143 / 10000) = 0.69; both in quadrature 0.77, plus half of a last digit.
    assert (
        "86 % is 0.30 points from the mean of 5 seeds, within the 1.3 points that noise allows "
        "(seeds 0.34 points, rounding 0.50 points, 10,000 test images 0.69 points)."
    ) == found.reason


def test_a_number_beyond_every_tolerance_is_not_reproduced():
    """86 % is not what five seeds around 81 % show."""
    found = judge(accuracy(0.86), {"baseline": [0.811, 0.813, 0.812, 0.814, 0.810]})

    assert "not reproduced" == found.verdict
    assert "86 % is 4.8 points from the mean of 5 seeds, beyond the" in found.reason


def test_few_seeds_leave_open_what_more_would_rule_out():
    """Two seeds leave a wide tolerance, which must not pass for a reproduction."""
    found = judge(accuracy(0.86), {"baseline": [0.830, 0.835]})

    assert "undetermined" == found.verdict
    assert "2 seeds leave open, but more seeds of the same spread would rule it out" in found.reason


def test_the_rounding_of_the_paper_widens_the_tolerance():
    """A number printed with fewer digits is easier to meet; trailing zeros can be stated."""
    values = {"baseline": [0.8571, 0.8572, 0.8573]}

    assert "reproduced" == judge(accuracy(0.9), values, n=10**9).verdict
    assert "not reproduced" == judge(accuracy(0.9, decimals=2), values, n=10**9).verdict
    assert "90.0 %" == judge(accuracy(0.9, decimals=3), values).published


def test_a_small_test_set_widens_the_tolerance():
    """Of 100 images an accuracy is known to some seven points."""
    values = {"baseline": [0.81, 0.812, 0.814]}

    assert ["not reproduced", "reproduced"] == [
        judge(accuracy(0.8600), values, n=n).verdict for n in (10_000, 100)
    ]


def test_losses_are_numbers_too():
    """A published loss is judged in its own unit, by seeds and rounding."""
    trials = fake_results.trials({"baseline": [0.41, 0.43, 0.42]}, metric="test_loss")
    claim = accuracy(0.43, metric="test_loss")
    found = judge_claims(
        fake_results.FakeResults(fake_results.record([BASELINE], claims=[claim]), trials)
    )[0]

    assert ("reproduced", "0.42", "[0.395, 0.445]") == (
        found.verdict,
        found.measured,
        found.interval,
    )
    assert "(seeds 0.0226, rounding 0.005)" in found.reason


def test_one_seed_settles_nothing():
    """One seed shows its number, and no verdict."""
    found = judge(accuracy(0.86), {"baseline": [0.86, None]})

    assert ("undetermined", "86.00 %", "") == (found.verdict, found.measured, found.interval)
    assert "One seed cannot show the noise of seeds." == found.reason


def test_no_seed_says_so():
    """A claim on a variant that is not done yet stays open."""
    found = judge(accuracy(0.86), {"baseline": [None]})

    assert ("undetermined", "No seed is done yet.") == (found.verdict, found.reason)


@pytest.mark.parametrize(
    ("value", "effect", "expected"),
    [
        (0.80, "higher", "reproduced"),
        (0.80, "lower", "not reproduced"),
        (0.90, "lower", "reproduced"),
        (0.86, "higher", "undetermined"),
    ],
)
def test_limits_need_room_for_the_noise(value, effect, expected):
    """More than, or less than, holds only beyond the noise of seeds and images."""
    found = judge(accuracy(value, effect=effect), {"baseline": [0.855, 0.862, 0.859]})

    assert expected == found.verdict
    words = {"higher": "at least", "lower": "at most"}
    assert f"{words[effect]} {100 * value:.0f} %" == found.published


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


CUT_OFF = (0.86, 0.8699)


@pytest.mark.parametrize("mean", [0.86, 0.865, 0.8699])
def test_a_mean_inside_a_range_is_reproduced(mean):
    """A number cut off after its digits stands for all that begin with them."""
    found = judge(accuracy(CUT_OFF), {"baseline": [mean - 0.001, mean, mean + 0.001]})

    assert ("reproduced", "86.00 to 86.99 %") == (found.verdict, found.published)
    if mean == 0.865:
        assert "86.00 to 86.99 % includes the mean of 3 seeds." == found.reason


def test_outside_of_a_range_the_nearest_end_counts():
    """There is no rounding in a range, which has the room for it already."""
    near, far = ({"baseline": [mean - 0.001, mean, mean + 0.001]} for mean in (0.855, 0.845))
    reproduced, missed = (judge(accuracy(CUT_OFF), values) for values in (near, far))

    assert "reproduced" == reproduced.verdict
    # 1.96 x 0.1 x sqrt(4/3) = 0.23 and 1.96 x sqrt(0.855 x 0.145 / 10000) = 0.69.
    assert (
        "86.00 to 86.99 % is 0.50 points from the mean of 3 seeds, within the 0.73 points that "
        "noise allows (seeds 0.23 points, 10,000 test images 0.69 points)."
    ) == reproduced.reason
    assert "not reproduced" == missed.verdict
    assert missed.reason.startswith("86.00 to 86.99 % is 1.5 points from the mean of 3 seeds")


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


def test_intervals_of_accuracies_end_where_accuracies_do():
    """Student's interval of two far seeds would leave 0 to 100 per cent; what is shown does not."""
    found = judge(accuracy(0.5), {"baseline": [0.08, 0.10]})

    assert "[0.0, 21.7] %" == found.interval


def test_dead_parameters_come_from_the_trials():
    """What only a trial counts is taken from there, and is open before."""
    claim = Claim(id="dead", variant="baseline", metric="dead_parameters", value=694_320)
    record = fake_results.record([BASELINE], claims=[claim])
    trials = fake_results.trials({"baseline": [0.5]}, dead_parameters=694_320)

    assert "reproduced" == judge_claims(fake_results.FakeResults(record, trials))[0].verdict
    assert "undetermined" == judge_claims(fake_results.FakeResults(record, trials[:0]))[0].verdict


def test_another_budget_is_not_comparable():
    """What a profile or the command line set is named, and the numbers are still shown."""
    values = {"baseline": [0.856, 0.858, 0.857, 0.859, 0.855]}
    by_profile = judge(accuracy(0.86), values, profile="cpu", forced={"training.epochs": 5})
    by_hand = judge(accuracy(0.86), values, forced={"optimizer.lr": 0.1})

    assert ("not comparable", "85.70 %") == (by_profile.verdict, by_profile.measured)
    assert by_profile.reason.startswith("86 % is 0.30 points from the mean of 5 seeds")
    assert "profile cpu set training.epochs = 5" == by_profile.condition
    assert "the command line set optimizer.lr = 0.1" == by_hand.condition


@pytest.mark.parametrize(("published", "verdict"), [(0.86, "reproduced"), (0.88, "not comparable")])
def test_other_data_excuse_what_misses_a_published_number(published, verdict):
    """A number that is met on slightly other data is reproduced; a miss may be due to the data."""
    values = {"baseline": [0.856, 0.858, 0.857, 0.859, 0.855]}
    found = judge(accuracy(published), values, note="JPEG copies.")

    assert verdict == found.verdict
    assert "other data: cifar10, JPEG copies" == found.condition
    assert "undetermined" == judge(accuracy(published), {"baseline": [0.8]}, note="JPEG").verdict


def test_precision_and_seeds_are_comparable():
    """A profile that only rounds numbers on the way changes neither budget nor data."""
    values = {"baseline": [0.856, 0.858, 0.857, 0.859, 0.855]}
    forced = {"training.precision": "bfloat16"}

    assert "reproduced" == judge(accuracy(0.86), values, profile="gpu", forced=forced).verdict


def test_counts_of_another_network_are_not_comparable():
    """Where data or network were changed, a count that differs says nothing."""
    claim = Claim(id="p", variant="baseline", metric="parameters", value=31_530)
    found = judge(
        claim, {"baseline": [None]}, sizes={"baseline": 9}, forced={"data.name": "sample"}
    )

    assert "not comparable" == found.verdict
    assert "the command line set data.name = sample" == found.condition
    assert found.reason.startswith("9 were counted")


def test_metrics_that_were_not_measured_stay_open():
    """An unknown metric, or one without its threshold, is no error."""
    for metric in ("epochs_to_accuracy", "beauty"):
        found = judge(accuracy(3, metric=metric), {"baseline": [0.8, 0.8]})

        assert ("undetermined", f"There is no metric '{metric}'.") == (found.verdict, found.reason)
    assert {"epochs_to_accuracy", "class_accuracy", "parameters", "seconds"} <= {*METRICS}


def test_a_claim_that_says_nothing_stays_open():
    """Neither number nor direction: there is nothing to judge."""
    found = judge(Claim(id="x", variant="baseline"), {"baseline": [0.8, 0.8]})

    assert "undetermined" == found.verdict
    assert "The claim states neither a number nor a direction." == found.reason


def test_a_number_that_is_zero_at_a_reduced_budget_has_no_two_sides():
    """An accuracy of nothing misses the published one; there is nothing that it could equal."""
    found = judge(accuracy(0.86), {"baseline": [0.0, 0.0, 0.0]}, forced={"training.epochs": 5})

    assert "not comparable" == found.verdict
    assert "86 % is 86.0 points from the mean" in found.reason
