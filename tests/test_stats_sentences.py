"""Effects in plain words, to the letter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import TEST_ACCURACY, Effect
from cnn_ablate.stats import sentence
from cnn_ablate.stats.failure_rates import Failures
from cnn_ablate.stats.sentences import action, is_off
from support import fake_results

NAN = float("nan")
SECONDS, TRAIN_LOSS = (KNOWN_METRICS[name].metric for name in ("seconds", "train_loss"))
NONE_FAILED = Failures(0, 8, 0, 8)


def effect(**fields):
    """Make the effect of turning a shortcut off, which its family decides."""
    known = {
        "variant": "b",
        "reference": "a",
        "action": "Turning model.residual off",
        "metric": TEST_ACCURACY,
        "seeds": 8,
        "difference": -2.14,
        "low": -2.6,
        "high": -1.6,
        "p": 0.0078,
        "family": "primary",
        "p_adjusted": 0.031,
        "low_family": -2.81,
        "high_family": -1.43,
        "decided": True,
    }
    return Effect(**{**known, **fields})


def words(known, pairs=(1.0, 2.0), failures=NONE_FAILED, outcome=None):
    """Return the sentence of an effect with some differences by seed."""
    return sentence(known, np.array(pairs, dtype=float), failures, outcome)


OPEN = {"difference": 0.3, "low_family": -0.52, "high_family": 1.1, "decided": False}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "costs 2.1 points [1.4, 2.8], p = 0.031 adjusted, 8 seeds."),
        (
            {"difference": 2.14, "low_family": 1.43, "high_family": 2.81, "p_adjusted": 0.0004},
            "gains 2.1 points [1.4, 2.8], p < 0.001 adjusted, 8 seeds.",
        ),
        (
            {**OPEN, "p_adjusted": 0.4, "seeds": 9},
            "moves test accuracy by 0.3 points [-0.5, 1.1], p = 0.4 adjusted, 9 seeds: not "
            "decided.",
        ),
        (
            {"seeds": 3, "family": "exploratory"},
            "costs 2.1 points [1.4, 2.8], p = 0.031 adjusted, 3 seeds, exploratory.",
        ),
        (
            {"high_family": 0.0},
            (
                "costs 2.1 points [0.0, 2.8], p = 0.031 adjusted, 8 seeds, an end set to zero as "
                "only the step-down test decides."
            ),
        ),
        (
            {"high_family": -0.012},
            "costs 2.1 points [0.01, 2.8], p = 0.031 adjusted, 8 seeds.",
        ),
        (
            {"compute_differs": True},
            (
                "costs 2.1 points [1.4, 2.8], p = 0.031 adjusted, 8 seeds. Its sides differ in "
                "compute settings."
            ),
        ),
        (
            {"images_low": -4.4, "images_high": 0.2},
            (
                "costs 2.1 points [1.4, 2.8], p = 0.031 adjusted, 8 seeds, but that over test "
                "images, [-4.4, 0.2], includes zero."
            ),
        ),
        (
            {
                "metric": KNOWN_METRICS["val_accuracy"].metric,
                "difference": -0.61,
                "low_family": -0.7,
                "high_family": -0.5,
            },
            "costs 0.61 points of validation accuracy [0.50, 0.70], p = 0.031 adjusted, 8 seeds.",
        ),
        (
            {
                "metric": TRAIN_LOSS,
                "difference": 0.1234,
                "low_family": 0.1,
                "high_family": 0.15,
            },
            (
                "raises training loss by 0.123 [0.1, 0.15], for the worse, p = 0.031 adjusted, "
                "8 seeds."
            ),
        ),
        (
            {
                "metric": SECONDS,
                "difference": -1234.5,
                "low_family": -1300,
                "high_family": -1100,
            },
            (
                "lowers training time by 1,234 s [1,100, 1,300], for the better, p = 0.031 "
                "adjusted, 8 seeds."
            ),
        ),
    ],
)
def test_tested_effects(fields, expected):
    """A tested effect has the interval of its family, the adjusted p and its seeds."""
    assert f"Turning model.residual off {expected}" == words(effect(**fields))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], "has no seed yet that is done on both sides."),
        ([-2.14], "moves test accuracy by -2.1 points in the one seed done: no interval."),
        (
            [0.5, -0.12],
            "moves test accuracy by +0.50 points and -0.12 points in two seeds: no interval.",
        ),
        ([0, 0, 0], "does not move test accuracy in any of 3 seeds."),
        (
            [5, 5, 5],
            "moves test accuracy by +5.0 points in each of 3 seeds: no spread, so not tested.",
        ),
        ([4, 5, 6], "moves test accuracy by +5.0 points in the mean of 3 seeds: not tested."),
    ],
)
def test_untested_effects(pairs, expected):
    """What was not tested has its values or their mean, and never a gain or a loss."""
    spread = len(set(pairs)) > 2
    known = effect(
        seeds=len(pairs),
        difference=float(np.mean(pairs)) if pairs else None,
        low=2.5 if spread else None,
        high=7.5 if spread else None,
        family="",
        p_adjusted=None,
        low_family=None,
        high_family=None,
        decided=False,
    )

    assert f"Turning model.residual off {expected}" == words(known, pairs)


@pytest.mark.parametrize(
    ("failures", "fields", "expected"),
    [
        (
            Failures(4, 8, 0, 8, "diverged"),
            {"seeds": 4, "difference": 3.0, "decided": False},
            "4 of 8 seeds diverged (16 to 84 %), 0 of 8 of a (0 to 37 %): not decided; "
            "test accuracy differs by +3.0 points in the 4 pairs left.",
        ),
        (
            Failures(8, 8, 0, 8, "diverged"),
            {"seeds": 0, "difference": None, "decided": False},
            "8 of 8 seeds diverged (63 to 100 %), 0 of 8 of a (0 to 37 %): no seed is "
            "done on both sides, so not decided.",
        ),
        (
            Failures(6, 8, 0, 8, "diverged or failed"),
            {"seeds": 2, "p_adjusted": 0.007},
            "6 of 8 seeds diverged or failed (35 to 97 %), 0 of 8 of a (0 to 37 %): b fails "
            "more often, p = 0.007 adjusted.",
        ),
        (
            Failures(0, 8, 6, 8, "diverged"),
            {"seeds": 2, "p_adjusted": 0.007, "family": "exploratory"},
            "0 of 8 seeds diverged (0 to 37 %), 6 of 8 of a (35 to 97 %): a fails more "
            "often, p = 0.007 adjusted, exploratory.",
        ),
    ],
)
def test_failures_come_first(failures, fields, expected):
    """Where trials failed the sentence counts them, and decides nothing by the others."""
    known = effect(low_family=None, high_family=None, **fields)

    assert f"Turning model.residual off: {expected}" == words(known, failures=failures)


@pytest.mark.parametrize(
    ("outcome", "fields", "expected"),
    [
        (
            "decided",
            {"look": 2},
            "costs 2.1 points [1.4, 2.8], p = 0.031 adjusted, 8 seeds, look 2.",
        ),
        (
            "negligible",
            {**OPEN, "look": 3},
            "moves test accuracy by 0.3 points [-0.5, 1.1], p = 0.031 adjusted, 8 seeds: "
            "not decided, within the margin at look 3.",
        ),
        (
            "futile",
            {**OPEN, "look": 2},
            "moves test accuracy by 0.3 points [-0.5, 1.1], p = 0.031 adjusted, 8 seeds: "
            "not decided, given up as futile at look 2.",
        ),
    ],
)
def test_looks_are_told(outcome, fields, expected):
    """In a study with looks the sentence says at which one, and why there were no more seeds."""
    assert f"Turning model.residual off {expected}" == words(effect(**fields), outcome=outcome)


@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=9),
    st.floats(0.1, 3),
    st.floats(0, 1),
    st.booleans(),
)
def test_only_decided_effects_are_gains_or_losses(pairs, half, p, decided):
    """No sentence says significant, and none calls an undecided effect a gain or a loss."""
    mean = float(np.mean(pairs))
    ends = {"low_family": mean - half, "high_family": mean + half}
    said = words(effect(difference=mean, **ends, decided=decided, p_adjusted=p), pairs)

    assert "significant" not in said
    assert decided == (" gains " in said or " costs " in said)
    assert decided != ("not decided" in said)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"model_residual": (True, False)}, "Turning model.residual off"),
        ({"model_residual": (False, True)}, "Turning model.residual on"),
        ({"model_attention": ("cbam", "none")}, "Removing cbam (model.attention)"),
        ({"data_augment": ([], ["flip", "crop"])}, "Adding flip+crop (data.augment)"),
        ({"optimizer_lr": (0.1, 0.01)}, "Changing optimizer.lr from 0.1 to 0.01"),
        ({"loss_smoothing": (0.0, 0.1)}, "Changing loss.smoothing from 0.0 to 0.1"),
        (
            {"optimizer_lr": (0.1, 0.01), "model_name": ("x", "y")},
            "Changing optimizer.lr from 0.1 to 0.01 and model.name from x to y together",
        ),
        ({}, "Taking b instead of a"),
    ],
)
def test_actions(changed, expected):
    """What moves is said by its key and its levels, or else by the names of the variants."""
    assert expected == action(fake_results.contrast("b", "a", **changed))


def test_where_factors_cross_the_other_side_is_named():
    """The same change is made at several places of a crossing: each is told apart."""
    changed = {"model_residual": (True, False)}
    inner = fake_results.contrast("b", "lr=0.1", "factorial", **changed)
    outer = fake_results.contrast("b", "baseline", "factorial", **changed)

    assert "Turning model.residual off at lr=0.1" == action(inner)
    assert "Turning model.residual off" == action(outer)


def test_a_bundle_is_called_by_its_variants():
    """A factor that is no key of the settings is said by the names of the variants."""
    contrast = fake_results.contrast("recipe=adam", "baseline", optimizer_lr=(0.1, 0.01))

    assert "Taking recipe=adam instead of baseline" == action(
        contrast.model_copy(update={"factors": ("recipe",)})
    )


@pytest.mark.parametrize("value", [False, None, 0, 0.0, "none", "off", [], ()])
def test_what_stands_for_absence(value):
    """False, zero, none and an empty list take a part away; other levels do not."""
    assert is_off(value)
    assert not any(is_off(other) for other in (True, 0.1, "cbam", ["flip"], 3))
