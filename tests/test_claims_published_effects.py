"""Published effects: their directions, their sizes, and that there is none."""

import numpy as np
import pandas as pd
import pytest

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Effect
from support import fake_results
from support.claims import HELPS, HURTS, NOISE, SAME, STEADY, judge, moved, results


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
            (
                "The interval [-10.8, 10.8] of 3 seeds includes zero, adjusted p = 1: neither "
                "direction can be ruled out."
            ),
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
            metric="test_accuracy",
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


@pytest.mark.parametrize(("low", "expected"), [(0.2, "reproduced"), (-0.1, "inconclusive")])
def test_without_predictions_the_interval_over_images_is_that_of_the_effect(low, expected):
    """A study of which only the tables are left keeps what they say of the test images."""
    absent = {f"{name}-{seed}": None for name in HELPS for seed in range(3)}
    study = results(HELPS, moved(effect="lower"), moved(effect="higher"), seen=absent)
    effect = Effect(
        variant="none",
        reference="baseline",
        metric="test_accuracy",
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
