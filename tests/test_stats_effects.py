"""Contrasts to effects: tables by hand, and studies that are not finished."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.metrics import KNOWN_METRICS, at_threshold
from cnn_ablate.stats import (
    HOLM,
    PredictionReader,
    effects_frame,
    means,
)
from cnn_ablate.stats.image_noise import image_interval
from support import fake_results
from support.fake_effects import ADAM, OFF, effects_of

ACCURACIES = {"a": [0.80, 0.81, 0.82], "b": [0.77, 0.79, 0.80], "c": [0.80, 0.83, 0.82]}

SECONDS = KNOWN_METRICS["seconds"].metric


def table(trials, contrasts):
    """Estimate effects, and lay them out as in effects.csv."""
    return effects_frame(effects_of(trials, contrasts))


def test_effects_by_hand():
    """Differences are in points and paired by seed; below six pairs Holm adjusts paired t tests."""
    found = table(fake_results.trials(ACCURACIES), [OFF, ADAM]).set_index("variant")

    assert pytest.approx([-7 / 3, 2 / 3]) == [*found["difference"]]
    assert pytest.approx([0.57735, 1.154701], abs=1e-6) == [*found["sd"]]
    assert pytest.approx([-3.76755, -2.20177], abs=1e-5) == [*found["low"]]
    assert pytest.approx([-0.89912, 3.53510], abs=1e-5) == [*found["high"]]
    assert pytest.approx([0.019804, 0.422650], abs=1e-6) == [*found["p"]]
    assert pytest.approx([0.039608, 0.422650], abs=1e-6) == [*found["p_adjusted"]]
    # Half a width of t(0.9875, 2) = 6.2053 standard errors, and an end set to zero.
    assert pytest.approx([-4.40178, -3.47021], abs=1e-4) == [*found["low_family"]]
    assert pytest.approx([-0.26489, 4.80354], abs=1e-4) == [*found["high_family"]]
    assert [True, False] == [*found["decided"]]
    assert ["primary", "primary"] == [*found["family"]]
    assert [HOLM, HOLM] == [*found["method"]]
    assert ["model.residual", "optimizer.name"] == [*found["factors"]]
    assert [3, 3] == [*found["seeds"]]


def test_the_columns_are_those_of_the_design():
    """A row is an effect, also in an empty table."""
    columns = [
        *("variant", "reference", "design", "factors", "metric", "seeds", "failed"),
        *("failed_reference", "difference", "sd", "low", "high", "p", "family", "method"),
        *("p_adjusted", "low_family", "high_family", "decided", "look", "images", "images_low"),
        *("images_high", "low_both", "high_both", "mcnemar_p", "compute_differs", "sentence"),
    ]

    assert columns == [*table(fake_results.trials(ACCURACIES), [OFF]).columns]
    assert columns == [*table(fake_results.trials(ACCURACIES), []).columns]


def test_both_noises_are_combined():
    """Seeds and test images together: the hypotenuse of both half-widths about the mean."""
    values = {"a": [0.5, 0.51, 0.52, 0.53], "b": [0.52, 0.54, 0.53, 0.56]}
    trials = fake_results.trials(values)
    reader = PredictionReader(fake_results.FakeResults(fake_results.record([]), trials).predictions)
    effect = effects_of(trials, [OFF], predictions=reader)[0]
    half = math.hypot(effect.high - effect.low, effect.images_high - effect.images_low) / 2

    assert pytest.approx(effect.difference - half) == effect.low_both
    assert pytest.approx(effect.difference + half) == effect.high_both


def test_other_compute_settings_on_one_side_are_told():
    """A contrast whose sides were computed in different ways says so in its row."""
    trials = fake_results.trials(ACCURACIES)
    mixed = trials.assign(device=["cuda" if v == "c" else "cpu" for v in trials["variant"]])

    assert [False, True] == [e.compute_differs for e in effects_of(mixed, [OFF, ADAM])]


def test_only_seeds_of_both_sides_count():
    """A seed that failed on one side is left out, and the number of seeds says so."""
    trials = fake_results.trials({"a": [0.5, 0.6, 0.7], "b": [0.6, None, 0.9]})
    effect = effects_of(trials, [OFF])[0]

    assert (2, pytest.approx(15)) == (effect.seeds, effect.difference)


def test_one_seed_gives_a_difference_only():
    """One seed gives a difference without interval or p, and is not of the family."""
    trials = fake_results.trials({"a": [0.5, 0.6], "b": [0.6, None], "c": [0.7, 0.7]})
    alone, other = effects_of(trials, [OFF, ADAM])

    assert (1, pytest.approx(10), None, None) == (alone.seeds, alone.difference, alone.sd, alone.p)
    assert ("", None, None, False) == (alone.family, alone.low, alone.p_adjusted, alone.decided)
    assert "1 of 2 seeds failed" in alone.sentence
    assert 2 == other.seeds


def test_a_study_without_results_is_empty():
    """Nothing done is no error: no seeds, and everything unknown."""
    trials = fake_results.trials({"a": [None], "b": [None]})
    row = table(trials, [OFF]).iloc[0]

    assert 0 == row["seeds"]
    assert row[["difference", "sd", "low", "p", "images"]].isna().all()


def test_other_test_images_are_not_compared():
    """Where the sides were tested on different images only the seeds speak."""
    seen = {"a-0": fake_results.correct_on([0], of=4), "b-0": fake_results.correct_on([0], of=5)}
    trials = fake_results.trials({"a": [0.25], "b": [0.2]})
    effect = effects_of(trials, [OFF], predictions=PredictionReader(seen.__getitem__))[0]

    assert (pytest.approx(-5), None) == (effect.difference, effect.images)


def test_equal_trials_have_no_effect():
    """The same results on both sides give exactly zero, without an interval or a test."""
    values = [0.8123, 0.7911, 0.8051]
    effect = effects_of(fake_results.trials({"a": values, "b": values}), [OFF])[0]

    assert (0.0, 0.0, None, None) == (effect.difference, effect.sd, effect.low, effect.p)
    assert effect.sentence.endswith("does not move test accuracy in any of 3 seeds.")


def test_equal_differences_are_no_certainty():
    """Differences that are equal on paper have no spread, and so neither interval nor test."""
    values = {"a": [0.1, 0.7, 0.3], "b": [0.2, 0.8, 0.4]}
    effect = effects_of(fake_results.trials(values), [OFF])[0]

    assert (10.0, 0.0, None, "") == (effect.difference, effect.sd, effect.low, effect.family)


def test_two_seeds_show_their_values():
    """Two seeds have no interval; the sentence has both differences."""
    effect = effects_of(fake_results.trials({"a": [0.5, 0.6], "b": [0.6, 0.62]}), [OFF])[0]

    assert (None, None, "") == (effect.low, effect.p, effect.family)
    assert "+10.0 points and +2.0 points in two seeds" in effect.sentence


def test_predictions_show_the_noise_of_images():
    """With predictions there is an interval over images and McNemar's p, apart from the seeds'."""
    results = fake_results.FakeResults(
        fake_results.record([]), fake_results.trials({"a": [0.5], "b": [0.52]})
    )
    effect = effects_of(results.trials, [OFF], predictions=PredictionReader(results.predictions))[0]

    assert (1000, None) == (effect.images, effect.low)
    assert pytest.approx(2 * 0.5**20) == effect.mcnemar_p
    assert 1 < effect.images_low < 2 < effect.images_high < 3


def test_an_interval_over_images_does_not_exclude_zero_by_a_rounding_error():
    """In thirds of an image, 17 images of 40 go up and 17 down twice as far: it ends at zero."""
    scores = np.repeat([100 / 3, -200 / 3, 0.0], [17, 17, 6])
    assert (pytest.approx(-85 / 3), 0.0) == image_interval(scores)


def test_other_metrics_keep_their_unit():
    """Seconds are not turned into points, and are not compared image by image."""
    trials = fake_results.trials({"a": [10.0, 12.0], "b": [11.0, 13.0]}, metric="seconds")
    effect = effects_of(
        trials,
        [OFF],
        metric=SECONDS,
        predictions=PredictionReader({}.__getitem__),
    )[0]

    assert (1.0, None) == (effect.difference, effect.images)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [([3, 4], [5, math.inf], [2, 6]), ([math.inf, 4], [math.inf, 7], [3]), ([math.inf], [6], [-4])],
)
def test_what_was_never_reached_took_at_least_the_budget(a, b, expected):
    """Of ten epochs without success ten count; where both sides had none the seed is left out."""
    trials = fake_results.trials({"a": a, "b": b}, metric="epochs_to_accuracy_0.7")
    effect = effects_of(trials, [OFF], metric=at_threshold("epochs_to_accuracy", 0.7))[0]

    assert (len(expected), np.mean(expected)) == (effect.seeds, effect.difference)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=3, max_size=7))
def test_swapping_the_sides_turns_the_sign(pairs):
    """Variant against reference is minus reference against variant, with the same p."""
    a, b = ([number / 1000 for number in side] for side in zip(*pairs, strict=True))
    trials = fake_results.trials({"a": a, "b": b})
    one, other = (
        effects_of(trials, [contrast])[0]
        for contrast in (fake_results.contrast("b", "a"), fake_results.contrast("a", "b"))
    )

    assert (one.difference, one.p, one.sd) == (-other.difference, other.p, other.sd)
    if one.family:
        assert pytest.approx((one.low, one.high)) == (-other.high, -other.low)
        assert pytest.approx((one.low_family, one.high_family)) == (
            -other.high_family,
            -other.low_family,
        )


def test_means_by_hand():
    """The mean of each variant has an interval over seeds and Wilson's over images, in per cent."""
    table = means(
        fake_results.trials({"a": [0.79, 0.80, 0.81], "b": [0.5, None, None]}), images=1000
    )
    a, b = table.to_dict("records")

    assert (3, pytest.approx(80), pytest.approx(1)) == (a["seeds"], a["mean"], a["sd"])
    assert pytest.approx((80 - 2.48414, 80 + 2.48414), abs=1e-4) == (a["low"], a["high"])
    assert pytest.approx((77.41, 82.37), abs=0.01) == (a["images_low"], a["images_high"])
    assert (1, True) == (b["seeds"], math.isnan(b["low"]))


def test_a_variant_without_the_metric_has_no_mean():
    """What was not measured, as a validation accuracy without validation images, has no row."""
    trials = fake_results.trials({"a": [0.5], "b": [0.6]}).assign(val_accuracy=[0.4, None])

    assert ["a"] == [*means(trials, metric=KNOWN_METRICS["val_accuracy"].metric)["variant"]]


def test_equal_seeds_have_no_interval():
    """A width of zero would look like certainty."""
    table = means(
        pd.DataFrame({"variant": "a", "seed": range(3), "status": "done", "test_accuracy": 0.9})
    )
    assert [90.0, 0.0] == [*table.loc[0, ["mean", "sd"]]]
    assert table.loc[0, ["low", "high"]].isna().all()


def test_means_of_other_metrics_have_no_image_noise():
    """Seconds are averaged as they are."""
    row = means(
        fake_results.trials({"a": [2.0, 4.0]}, metric="seconds"),
        metric=SECONDS,
        images=10,
    ).iloc[0]

    assert (3.0, True) == (row["mean"], math.isnan(row["images_low"]))
