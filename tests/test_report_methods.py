"""The sentences on methods and limitations of a study, word by word."""

import pytest

from cnn_ablate.claims import overrides, replaced_value
from cnn_ablate.report.baseline_facts import baseline_facts
from cnn_ablate.report.final_evaluation import curves_note, weights_tested
from cnn_ablate.report.limitations import limitations
from cnn_ablate.report.methods import methods
from cnn_ablate.schema import Claim, Design, Entry
from cnn_ablate.stats import PredictionReader, estimate_effects
from support import fake_results

OFF = fake_results.contrast("b", "a", model_residual=(True, False))
BOTH = fake_results.contrast("c", "a", model_residual=(True, False), optimizer_lr=(0.1, 0.01))
VARIANTS = [fake_results.variant(name) for name in "abc"]
VALUES = {"a": [0.5, 0.6, 0.7], "b": [0.6, 0.7, 0.9], "c": [0.7, None, 0.8]}


def study(values, **fields):
    """Return the record, trials and effects of a study of two contrasts."""
    record = fake_results.record(VARIANTS, [OFF, BOTH], **fields)
    trials = fake_results.trials(values)
    return record, trials, estimate_effects(trials, record)


def test_methods_describe_the_study():
    """The methods name the intervals, tests and designs that were used."""
    claims = [
        Claim(id="accuracy", variant="a", value=0.86),
        Claim(id="none", variant="b", reference="a", effect="none"),
    ]
    designs = fake_results.designs("factorial")
    record, trials, effects = study(VALUES, claims=claims, designs=designs)
    read = fake_results.FakeResults(record, trials).predictions
    sentences = methods(
        record, trials, estimate_effects(trials, record, predictions=PredictionReader(read))
    )

    assert 3 == len(sentences)
    for words in (
        "3 variants were planned with 3 seeds each (0, 1 and 2)",
        "CIFAR-10 (50,000 training and 10,000 test images)",
        "Student's t interval over seeds and, separately, Wilson's interval over test images",
        "A paired difference has 0.10 times the variance",
        "Contrasts are tested in families: 1 primary (all planned seeds); 1 contrast could not "
        "be tested.",
        "a probability of at most 5.0 %, and its intervals hold for all its contrasts at once",
        "fewer than 6 pairs: Holm on paired t tests, which takes differences as normal",
        "its 1,000 images",
        "least-squares",
        "Claims by the log of this study: ",
        "beside a published number",
        "(TOST)",
    ):
        assert words in " ".join(sentences)
    assert "images, and McNemar" not in " ".join(methods(record, trials, effects))


@pytest.mark.parametrize(("path", "beside"), [("pets", ""), ("my/pets", "path my/pets, ")])
def test_the_baseline_names_pictures_by_their_folder(path, beside):
    """As methods and highlights do; a path that has more than that name is given beside it."""
    own = fake_results.variant("a", data_name="image_folder", data_path=path)
    record = fake_results.record([own])
    stated = record.study.model_copy(update={"written": {"data": {"path": path}}})
    [data, *_] = baseline_facts(record.model_copy(update={"study": stated}), "a")

    assert ("Data", f"pets, {beside}50,000 training and 10,000 test images") == (
        data.name,
        data.text,
    )


@pytest.mark.parametrize(
    ("knobs", "prepared"),
    [
        ({}, ""),
        ({"data_normalize": "none"}, " (pixels scaled to 0 to 1)"),
        (
            {"data_normalize": "cifar100"},
            " (normalised by mean and standard deviation of CIFAR-100)",
        ),
        (
            {"data_normalize": {"mean": (0.5, 0.4, 0.3), "std": (0.25,)}},
            " (normalised with mean 0.5, 0.4 and 0.3 and standard deviation 0.25)",
        ),
        (
            {
                "data_name": "image_folder",
                "data_path": "my/pets",
                "data_image_size": 32,
                "data_resize": "pad",
                "data_grey": True,
                "data_normalize": "half",
            },
            " (read in grey, fitted to 32 x 32 pixels by black padding and bilinear resizing, "
            "normalised with mean 0.5 and standard deviation 0.5)",
        ),
        ({"data_name": "pets:Pets", "data_image_size": "small"}, ""),
    ],
)
def test_methods_say_how_images_are_prepared_and_the_rate_warms_up(knobs, prepared):
    """A user-defined data set may mean something else by the names of these settings."""
    schedule = {"schedule_name": "cosine", "schedule_warmup_epochs": 2, "optimizer_lr": 0.1}
    names = {"model_name": "net", "optimizer_name": "sgd", "training_epochs": 3}
    record = fake_results.record([fake_results.variant("baseline", **schedule, **names, **knobs)])
    told = methods(record, fake_results.trials({"baseline": [0.5]}), ())[0]

    assert f"{prepared} for 3 epochs with SGD (learning rate 0.1), a cosine schedule after" in told
    assert "schedule after 2 epochs of linear warm-up, no augmentation. The weights" in told
    assert bool(prepared) == (") for 3 epochs" in told)


@pytest.mark.parametrize(
    ("knobs", "chosen"),
    [
        ({"data_val_split": "folds", "data_val_fraction": 0.2}, "in turn on each of 5 folds of"),
        ({"data_split_seeds": True}, "images were chosen anew per seed, alike in all variants:"),
    ],
)
def test_methods_say_what_intervals_cover_where_training_images_vary(knobs, chosen):
    """They cover the choice among these images, and may be too narrow for others."""
    record, trials, effects = study(VALUES)
    varied = [fake_results.variant(name, **knobs) for name in "abc"]
    plan = record.plan.model_copy(update={"variants": tuple(varied)})
    sentences = " ".join(methods(record.model_copy(update={"plan": plan}), trials, effects))

    assert chosen in sentences
    assert "the training images of seeds overlap (Nadeau and Bengio 2003)." in sentences
    assert "overlap" not in " ".join(methods(record, trials, effects))


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, "The weights of the last epoch are tested."),
        ({"select": "best_val"}, "The weights with the best validation accuracy are tested."),
        ({"average": "ema"}, "A moving average of the weights (EMA) is tested."),
        (
            {"recalibrate_norm": True, "tta": ["identity", "mirror"]},
            "The weights of the last epoch are tested, with statistics of batch normalisation "
            "re-estimated on the training images, and predictions averaged over 2 views per image.",
        ),
    ],
)
def test_methods_say_what_is_tested(training, expected):
    """What is done to weights after training is part of the method."""
    assert expected == weights_tested(training).strip()


def test_curves_before_a_last_step_say_so():
    """Statistics that are re-estimated before the last test are not those of the curves."""
    names = {variant.name for variant in VARIANTS}
    ema, swa = (
        fake_results.record([VARIANTS[0].model_copy(update={"settings": settings})], [])
        for settings in ({"training": {"average": average}} for average in ("ema", "swa"))
    )
    expected = " Results of variants with averaged weights are measured with that, these values wi"
    assert curves_note(ema, names).startswith(expected)
    assert "averaged weights or statistics of batch normalisation re-est" in curves_note(swa, names)
    assert not curves_note(ema, ())
    assert not curves_note(fake_results.record(VARIANTS, []), names)


def test_methods_of_one_seed_name_no_test():
    """Methods of one seed name no interval and no test."""
    record, trials, effects = study({"a": [0.5], "b": [0.6], "c": [0.6]}, seeds=(0,))
    sentences = " ".join(methods(record, trials, effects))

    assert not any(words in sentences for words in ("interval", "Holm", "McNemar", "published"))


def test_a_profile_overrides_listed_entries_too():
    """All values that a profile overrides are named, in order."""
    steps = (Entry(name="long", sets={"training.epochs": 100}),)
    record, *_ = study(
        VALUES, profile="cpu", forced={"training.epochs": 2}, before={"training.epochs": 50}
    )
    longer = record.study.model_copy(update={"designs": (Design(kind="list", entries=steps),)})
    record = record.model_copy(update={"study": longer})

    assert overrides(record) == "profile cpu set training.epochs = 2 instead of 50 or 100"


def test_the_default_that_a_profile_replaced_is_named_where_the_baseline_has_one():
    """The file may state a value in a listed entry only, and be silent in its baseline."""
    steps = (Entry(name="long", sets={"training.epochs": 100}),)
    record, *_ = study(VALUES, forced={"training.epochs": 2}, before={"training.epochs": None})
    longer = record.study.model_copy(update={"designs": (Design(kind="list", entries=steps),)})
    having = longer.model_copy(update={"baseline": {"training": {"epochs": 2}}})
    lacking = longer.model_copy(update={"baseline": {"training": {}}})

    assert replaced_value(having, "training.epochs") == "the default or 100"
    assert replaced_value(lacking, "training.epochs") == "100"


def test_limitations_of_a_study():
    """Failed trials, overrides, other data, few seeds and joint changes are limitations."""
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
            "Only 8 of 9 planned trials are done (1 failed): contrasts use the seeds that both "
            "variants have."
        ),
        "This is not the study as specified: profile cpu set 2 values, which the training setup "
        "lists. Assumptions below are of the study without these overrides.",
        "Data: CIFAR-10. JPEG copies.",
        (
            "Trials of 1 contrast failed: the means of the seeds left say nothing about those, and "
            "decide nothing."
        ),
        (
            "1 contrast with fewer than 6 seeds: their tests and intervals assume normally "
            "distributed differences, which so few seeds cannot show."
        ),
        (
            "Not decided: 1 of 1 tested contrast, which shows neither an effect nor that there is "
            "none."
        ),
        (
            "1 contrast changed more than one setting (c): the effect cannot be attributed to a "
            "single one of them."
        ),
        "The batch size is assumed.",
        "All intervals are over seeds; the sampling error of the test set is not quantified.",
    ] == limitations(record, trials, effects)


def test_limitations_of_a_study_just_begun():
    """Without effects no sentence is on seeds; of many joint changes only some are named."""
    moves = [
        fake_results.contrast(f"v{i}", "a", model_x=(1, 2), model_y=(1, 2), model_z=(None, 3))
        for i in range(5)
    ]
    record = fake_results.record(VARIANTS, moves)
    missing, moved, images = limitations(record, fake_results.trials({"a": [None]}), [])

    assert missing.startswith("Only 0 of 9 planned trials are done (1 failed)")
    assert moved.startswith("5 contrasts changed more than one setting (v0, v1, v2 and 2 more)")
    assert images.startswith("All intervals are over seeds")


def test_compared_images_are_no_limitation():
    """If the sampling error of the test set is known, it is no limitation."""
    record, trials, _ = study(VALUES)
    read = fake_results.FakeResults(record, trials).predictions
    sentences = limitations(
        record,
        trials,
        estimate_effects(trials, record, predictions=PredictionReader(read)),
    )

    assert not any("test set" in text for text in sentences)


def test_limitations_of_one_seed():
    """One seed per contrast is a limitation."""
    record, trials, effects = study({"a": [0.5], "b": [0.6], "c": [0.6]}, seeds=(0,))

    assert "One seed per contrast cannot separate an effect from noise." in limitations(
        record, trials, effects
    )


def test_different_devices_are_a_limitation():
    """Trials on two devices are a limitation, trials on one are not."""
    record, trials, effects = study(VALUES)
    mixed = trials.assign(device=["cpu", "cuda"] * 4 + ["cpu"])

    assert any("device cpu and cuda" in text for text in limitations(record, mixed, effects))
    assert not any("device" in text for text in limitations(record, trials, effects))


def test_a_sound_study_has_no_limitations():
    """A study with enough seeds, single changes, and no missing trials has no limitations."""
    values = {name: [0.5 + 0.01 * (i * i % 7) for i in range(10)] for name in "ab"}
    record = fake_results.record(VARIANTS[:2], [OFF], seeds=tuple(range(10)))
    trials = fake_results.trials(values)
    read = fake_results.FakeResults(record, trials).predictions
    effects = estimate_effects(trials, record, predictions=PredictionReader(read))

    assert [] == limitations(record, trials, effects)
