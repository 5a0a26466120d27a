"""Effects and studies in plain words, to the letter."""

import invented
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.schema import Claim, Design, Effect, Entry
from cnn_ablate.stats import forced, limitations, measure, methods, sentence
from cnn_ablate.stats.words import action, amount, between, is_off, listed, plain, probability

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
    assert expected == action(invented.contrast("b", "a", **changed))


def test_where_factors_cross_the_other_side_is_named():
    """The same change is made at several places of a crossing: each is told apart."""
    changed = {"model_residual": (True, False)}
    inner = invented.contrast("b", "lr=0.1", "factorial", **changed)
    outer = invented.contrast("b", "baseline", "factorial", **changed)

    assert "Turning model.residual off at lr=0.1" == action(inner)
    assert "Turning model.residual off" == action(outer)


def test_a_bundle_is_called_by_its_variants():
    """A factor that is no key of the settings is said by the names of the variants."""
    contrast = invented.contrast("recipe=adam", "baseline", optimizer_lr=(0.1, 0.01))

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
    assert ["0.0312", "62,006"] == [plain(0.03123), plain(62006)]
    assert "" == between((NAN, NAN), "test_accuracy")
    assert ["p = 0.25", "p < 0.001"] == [probability(0.25), probability(1e-9)]
    assert ["", "a", "a, b and c"] == [listed([]), listed("a"), listed("abc")]


OFF = invented.contrast("b", "a", model_residual=(True, False))
BOTH = invented.contrast("c", "a", model_residual=(True, False), optimizer_lr=(0.1, 0.01))
VARIANTS = [invented.variant(name) for name in "abc"]
VALUES = {"a": [0.5, 0.6, 0.7], "b": [0.6, 0.7, 0.9], "c": [0.7, None, 0.8]}


def study(values, **fields):
    """Measure a study of two contrasts."""
    record = invented.record(VARIANTS, [OFF, BOTH], **fields)
    trials = invented.trials(values)
    return record, trials, measure(trials, record.plan.contrasts)


def test_methods_say_what_was_done():
    """The paragraph has the intervals, the tests and the designs that were really used."""
    claims = [
        Claim(id="accuracy", variant="a", value=0.86),
        Claim(id="none", variant="b", reference="a", effect="none"),
    ]
    designs = invented.designs("factorial")
    record, trials, effects = study(VALUES, claims=claims, designs=designs)
    read = invented.Invented(record, trials).predictions
    said = methods(record, measure(trials, record.plan.contrasts, read=read))

    assert 3 == len(said)
    for words in (
        "3 variants were planned with 3 seeds each (0, 1 and 2)",
        "cifar10 (50,000 training and 10,000 test images)",
        "Student's interval over seeds and, apart from it, Wilson's over test images",
        "BCa",
        "all patterns, two-sided), adjusted by Holm over 2 contrasts",
        "its 1,000 images",
        "least-squares",
        "each is judged alone, without adjustment",
        "A published number",
        "two one-sided t tests",
    ):
        assert words in " ".join(said)
    assert "images, and McNemar" not in " ".join(methods(record, effects))


def test_methods_of_one_seed_name_no_test():
    """What one seed cannot give is not claimed to have been done."""
    record, _, effects = study({"a": [0.5], "b": [0.6], "c": [0.6]}, seeds=(0,))
    said = " ".join(methods(record, effects))

    assert not any(words in said for words in ("interval", "Holm", "McNemar", "published"))


def test_a_profile_overrules_the_steps_too():
    """Where variants differ in what a profile sets, all that it replaces is named, in order."""
    steps = (Entry(name="long", sets={"training.epochs": 100}),)
    record, *_ = study(
        VALUES, profile="cpu", forced={"training.epochs": 2}, before={"training.epochs": 50}
    )
    longer = record.study.model_copy(update={"designs": (Design(kind="list", entries=steps),)})
    record = record.model_copy(update={"study": longer})

    assert forced(record) == "profile cpu set training.epochs = 2 instead of 50 or 100"


def test_limitations_of_what_was_done():
    """Failed trials, a reduced budget, other data, few seeds and joint moves are all said."""
    record, trials, effects = study(
        VALUES,
        profile="cpu",
        forced={"training.epochs": 2, "data.subset": 5000},
        before={"training.epochs": 50, "data.subset": None},
        note="JPEG copies",
        assumptions=("The batch size is assumed.",),
    )

    assert [
        (
            "Only 8 of 9 planned trials are done (1 failed): contrasts rest on the seeds that both "
            "sides have."
        ),
        "This is not the study as published: profile cpu set training.epochs = 2 instead of 50 "
        "and data.subset = 5000.",
        "On the data cifar10: JPEG copies.",
        (
            "With 3 seeds and 2 contrasts no p after Holm can be under 0.5: the intervals, which "
            "take the differences as normal, say more."
        ),
        (
            "1 contrast moved more than one setting (c): such an effect belongs to all that moved "
            "together."
        ),
        "The batch size is assumed.",
        "Intervals are those of the seeds; how much other test images would move them is open.",
    ] == limitations(record, trials, effects)


def test_limitations_of_a_study_just_begun():
    """Without effects nothing is said of seeds; of many joint moves only some are named."""
    moves = [
        invented.contrast(f"v{i}", "a", model_x=(1, 2), model_y=(1, 2), model_z=(None, 3))
        for i in range(5)
    ]
    record = invented.record(VARIANTS, moves)
    missing, moved, images = limitations(record, invented.trials({"a": [None]}), [])

    assert missing.startswith("Only 0 of 9 planned trials are done (1 failed)")
    assert moved.startswith("5 contrasts moved more than one setting (v0, v1, v2 and 2 more)")
    assert images.startswith("Intervals are those of the seeds")


def test_compared_images_are_no_limitation():
    """Where the noise of the test set was measured, it is not called open."""
    record, trials, _ = study(VALUES)
    read = invented.Invented(record, trials).predictions
    said = limitations(record, trials, measure(trials, record.plan.contrasts, read=read))

    assert not any("test images" in text for text in said)


def test_limitations_of_one_seed():
    """With one seed nothing can be told from its noise."""
    record, trials, effects = study({"a": [0.5], "b": [0.6], "c": [0.6]}, seeds=(0,))

    assert "With one seed a contrast, no difference can be told from seed noise." in limitations(
        record, trials, effects
    )


def test_machines_that_differ_are_said():
    """Trials of two devices are a limitation, trials of one are not."""
    record, trials, effects = study(VALUES)
    mixed = trials.assign(device=["cpu", "cuda"] * 4 + ["cpu"])

    assert any("device cpu and cuda" in text for text in limitations(record, mixed, effects))
    assert not any("device" in text for text in limitations(record, trials, effects))


def test_a_sound_study_has_no_limitations():
    """Enough seeds, one setting moved, compared images and nothing missing leave nothing to say."""
    values = {name: [0.5 + 0.01 * (i * i % 7) for i in range(10)] for name in "ab"}
    record = invented.record(VARIANTS[:2], [OFF], seeds=tuple(range(10)))
    trials = invented.trials(values)
    read = invented.Invented(record, trials).predictions
    effects = measure(trials, record.plan.contrasts, read=read)

    assert [] == limitations(record, trials, effects)
