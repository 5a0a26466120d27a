"""Effects in plain words, to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.schema import Effect
from cnn_ablate.stats import amount, bounds, sentence
from cnn_ablate.stats.sentences import action, is_off
from cnn_ablate.text import listed, p_value, plain_number
from support import fake_results

NAN = float("nan")


def effect(**fields):
    """Make the effect of turning a shortcut off."""
    known = {
        "variant": "b",
        "reference": "a",
        "action": "Turning model.residual off",
        "metric": "test_accuracy",
        "seeds": 8,
        "difference": -2.14,
        "low": -2.81,
        "high": -1.43,
        "p": 0.0078,
        "p_adjusted": 0.031,
        "smallest_p": 0.0078,
        "smallest_adjusted": 0.031,
        "family": 4,
    }
    return Effect(**{**known, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "costs 2.1 points [1.4, 2.8], p = 0.031 after Holm, 8 seeds."),
        (
            {"difference": 2.14, "low": 1.43, "high": 2.81, "p_adjusted": 0.0004},
            "gains 2.1 points [1.4, 2.8], p < 0.001 after Holm, 8 seeds.",
        ),
        (
            {"difference": 0.3, "low": -0.52, "high": 1.1, "p_adjusted": 0.4},
            (
                "moves test_accuracy by 0.3 points [-0.5, 1.1], p = 0.4 after Holm, 8 seeds: "
                "the interval includes zero."
            ),
        ),
        (
            {"seeds": 3, "p_adjusted": 1.0, "smallest_adjusted": 1.0},
            "costs 2.1 points [1.4, 2.8], 3 seeds (too few for a p under 1 after Holm).",
        ),
        (
            {"seeds": 4, "p_adjusted": 0.5, "smallest_adjusted": 0.25},
            "costs 2.1 points [1.4, 2.8], p = 0.5 after Holm, 4 seeds (too few for a p under 0.25 after Holm).",  # noqa: E501
        ),
        (
            {"images_low": -4.4, "images_high": 0.2},
            (
                "costs 2.1 points [1.4, 2.8], p = 0.031 after Holm, 8 seeds, but that over test "
                "images, [-4.4, 0.2], includes zero."
            ),
        ),
        (
            {"seeds": 1, "low": None, "high": None, "p_adjusted": None},
            "costs 2.1 points in the one seed done, which gives no interval.",
        ),
        (
            {"difference": 0.0, "low": 0.0, "high": 0.0},
            "does not move test_accuracy in any of 8 seeds.",
        ),
        (
            {"metric": "val_accuracy", "difference": -0.61, "low": -0.7, "high": -0.5},
            "costs 0.61 points of val_accuracy [0.50, 0.70], p = 0.031 after Holm, 8 seeds.",
        ),
        (
            {"metric": "train_loss", "difference": 0.1234, "low": 0.1, "high": 0.15},
            "raises train_loss by 0.123 [0.1, 0.15], p = 0.031 after Holm, 8 seeds.",
        ),
        (
            {"metric": "seconds", "difference": -1234.5, "low": -1300.0, "high": -1100.0},
            "lowers seconds by 1,234 [1,100, 1,300], p = 0.031 after Holm, 8 seeds.",
        ),
    ],
)
def test_sentences(fields, expected):
    """Each effect is one sentence with its interval, its p and its seeds, as far as known."""
    assert f"Turning model.residual off {expected}" == sentence(effect(**fields))


def test_a_contrast_without_seeds_says_so():
    """Before both sides have a seed there is nothing to say of the effect."""
    missing = effect(seeds=0, difference=None, low=None, high=None)

    assert "Turning model.residual off: no seed is done on both sides yet." == sentence(missing)


@given(st.floats(-5, 5), st.floats(0, 3), st.floats(0, 1))
def test_no_sentence_calls_anything_significant(difference, half, p):
    """A sentence never says significant, and always has the interval."""
    said = sentence(
        effect(difference=difference, low=difference - half, high=difference + half, p_adjusted=p)
    )

    assert "significant" not in said
    assert "[" in said or "does not move" in said


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


def test_numbers_in_words():
    """Points have a decimal, or two below one; other numbers three digits."""
    assert ["2.1 points", "0.31 points", "1.0 point", "0.00 points"] == [
        amount(value, "test_accuracy") for value in (2.14, 0.314, 1.0, -0.001)
    ]
    assert ["0.0312", "62,006"] == [plain_number(0.03123), plain_number(62006)]
    assert "" == bounds((NAN, NAN), "test_accuracy")
    assert ["p = 0.25", "p < 0.001"] == [p_value(0.25), p_value(1e-9)]
    assert ["", "a", "a, b and c"] == [listed([]), listed("a"), listed("abc")]
