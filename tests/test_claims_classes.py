"""What papers say of single classes."""

import numpy as np
import pandas as pd
import pytest

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from support import fake_results

NAMES = ("Shirt", "T-shirt", "Coat", "Bag")
VARIANTS = [fake_results.variant("baseline", model_a=1), fake_results.variant("other", model_a=2)]


def judge(claim, accuracies, wrong=(), n=1000, trials=None):
    """Judge a claim by accuracies of the four classes, and by what Shirt was taken for."""
    values = {"baseline": [0.8] * len(accuracies), "other": [0.8]}
    classes = [
        {"trial": f"baseline-{seed}", "class": name, "n": n, "accuracy": accuracy}
        for seed, row in enumerate(accuracies)
        for name, accuracy in zip(NAMES, row, strict=True)
    ]
    confusion = [
        {"trial": f"baseline-{seed}", "true": "Shirt", "predicted": name, "count": count}
        for seed, row in enumerate(wrong)
        for name, count in zip(NAMES, row, strict=True)
    ]
    results = fake_results.FakeResults(
        fake_results.record(VARIANTS, claims=[claim]),
        fake_results.trials(values),
        classes=pd.DataFrame(classes),
        confusion=pd.DataFrame(confusion),
    )
    return judge_claims(results)[0]


def of(name, **fields):
    """Claim something of a class of the baseline."""
    return Claim(id="class", variant="baseline", of_class=name, **fields)


CLEAR = [(0.61, 0.80, 0.78, 0.95), (0.62, 0.81, 0.77, 0.96), (0.60, 0.80, 0.78, 0.955)]
STEADY = [(0.610, 0.80, 0.78, 0.95), (0.612, 0.81, 0.77, 0.96), (0.608, 0.80, 0.78, 0.95)]
CLOSE = [(0.76, 0.80, 0.77, 0.95), (0.78, 0.81, 0.77, 0.96), (0.76, 0.80, 0.78, 0.95)]


@pytest.mark.parametrize(
    ("name", "rank", "accuracies", "expected"),
    [
        ("Shirt", "weakest", CLEAR, "reproduced"),
        ("Bag", "best", CLEAR, "reproduced"),
        ("Coat", "weakest", CLEAR, "not reproduced"),
        ("Shirt", "best", CLEAR, "not reproduced"),
        ("Shirt", "weakest", CLOSE, "inconclusive"),
        ("Shirt", "weakest", CLEAR[:1], "inconclusive"),
        ("Sandal", "weakest", CLEAR, "inconclusive"),
    ],
)
def test_ranks(name, rank, accuracies, expected):
    """A class is best or weakest if it is ahead of every other, beyond seeds and images."""
    assert expected == judge(of(name, rank=rank), accuracies).verdict


def test_ranks_have_reasons():
    """The reason compares with the nearest rival."""
    found = judge(of("Shirt", rank="weakest"), CLEAR)

    assert ("Shirt is the weakest class", "Shirt 61.00 %, Coat 77.67 %") == (
        found.published,
        found.measured,
    )
    assert (
        "It is 16.7 points [12.9, 20.5] below Coat, its nearest rival, over 3 seeds."
    ) == found.reason


def test_a_rival_that_is_ahead_is_so_among_all_rivals():
    """Where the claim fails, the interval is that which failed it: after Bonferroni."""
    found = judge(of("Coat", rank="weakest"), CLEAR)
    rivals = len(CLEAR[0]) - 1

    assert "not reproduced" == found.verdict
    assert f" at {100 - 5 / rivals:.4g} %, for {rivals} rivals, above Shirt," in found.reason


def test_few_images_leave_a_rank_open():
    """Ten images of a class cannot show it to be the weakest, however many seeds agree."""
    found = judge(of("Shirt", rank="weakest"), CLEAR, n=10)

    assert "inconclusive" == found.verdict
    # 1.96 x 100 x sqrt((0.61 x 0.39 + 0.777 x 0.223) / 10)
    assert found.reason.endswith("over 3 seeds; 39.8 points can be the noise of 10 test images.")


TAKEN = [(610, 250, 120, 20), (620, 240, 110, 30), (600, 260, 125, 15)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("T-shirt", "reproduced"), ("Coat", "not reproduced"), ("Sandal", "inconclusive")],
)
def test_confusions(name, expected):
    """A class is taken for another if no other wrong answer is as frequent."""
    assert expected == judge(of("Shirt", taken_for=name), CLEAR, TAKEN).verdict


def test_confusions_have_reasons():
    """Shares of the class's images are compared with those of the next wrong answer."""
    found = judge(of("Shirt", taken_for="T-shirt"), CLEAR, TAKEN)

    assert ("Shirt is taken for T-shirt", "T-shirt 25.00 %, Coat 11.83 %") == (
        found.published,
        found.measured,
    )
    assert "above Coat, its nearest rival" in found.reason


def test_no_confusions_yet():
    """Before trials are done there is nothing to compare."""
    assert "inconclusive" == judge(of("Shirt", taken_for="T-shirt"), [], []).verdict


@pytest.mark.parametrize(
    ("value", "expected", "interval"),
    [(0.61, "reproduced", "[59.5, 62.5] %"), (0.893, "not reproduced", "[60.0, 62.0] %")],
)
def test_the_accuracy_of_a_class(value, expected, interval):
    """A published accuracy of a class is judged by that class."""
    for metric in ("test_accuracy", "class_accuracy"):
        found = judge(of("Shirt", metric=metric, value=value), STEADY)

        assert (expected, "61.00 %", interval) == (
            found.verdict,
            found.measured,
            found.interval,
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 0.0},
        {"rank": "weakest"},
        {"taken_for": "Coat"},
        {"metric": "class_f1", "value": 0},
    ],
)
def test_a_class_without_test_images_is_not_comparable(fields):
    """Nothing was measured of it: it is not the weakest class, nor at zero."""
    values = {"baseline": [0.8] * 3}
    classes = [
        {"trial": f"baseline-{seed}", "class": name, "n": n, "accuracy": accuracy, "f1": accuracy}
        for seed in range(3)
        for name, n, accuracy in (("Shirt", 0, None), ("Coat", 900, 0.8), ("Bag", 100, 0.9))
    ]
    claims = [of("Shirt", **fields), of("Coat", rank="weakest")]
    record = fake_results.record(VARIANTS, claims=claims)
    trials = fake_results.trials(values)
    tables = {"classes": pd.DataFrame(classes)}
    found, other = judge_claims(fake_results.FakeResults(record, trials, **tables))

    assert ("not comparable", "no test image is of class 'Shirt'") == (
        found.verdict,
        found.condition,
    )
    assert "its nearest rival" in other.reason


def test_a_class_that_is_never_predicted_has_no_precision():
    """Its recall is zero, and a claim about its precision stays open."""
    trials = fake_results.trials({"baseline": [0.8] * 3})
    classes = fake_results.single_class(trials).assign(recall=0.0, precision=None)
    claim = of("cat", metric="class_precision", value=0.7)
    record = fake_results.record(VARIANTS, claims=[claim])
    [found] = judge_claims(fake_results.FakeResults(record, trials, classes=classes))

    assert "inconclusive" == found.verdict


def test_classes_that_tie_leave_a_rank_open():
    """Of two classes that are equally weak neither is the weakest."""
    tied = [(0.61, 0.61, 0.78, 0.95), (0.62, 0.62, 0.77, 0.96), (0.60, 0.60, 0.78, 0.95)]

    for name in ("Shirt", "T-shirt"):
        assert "inconclusive" == judge(of(name, rank="weakest"), tied).verdict


def test_an_unknown_class_stays_open():
    """A class that no trial was tested on gives no number."""
    found = judge(of("Sandal", metric="class_f1", value=0.5), CLEAR)

    assert "inconclusive" == found.verdict


def test_a_class_that_the_data_lack_is_said():
    """A study on other data has other classes: that is the reason, not that no seed is done."""
    found = judge(of("Sandal", value=0.9), CLEAR)

    assert "There is no class 'Sandal' in the data." == found.reason


def test_the_precision_of_a_class_is_not_that_of_the_arithmetic():
    """Of the same name are a column of classes.csv and one of results.csv."""
    trials = fake_results.trials({"baseline": [0.8, 0.8, 0.8]}, precision="float32")
    classes = fake_results.single_class(trials).assign(precision=[0.7, 0.701, 0.7])
    claim = of("cat", metric="class_precision", value=0.7)
    record = fake_results.record(VARIANTS, claims=[claim])
    found = judge_claims(fake_results.FakeResults(record, trials, classes=classes))[0]

    assert ("reproduced", "70.03 %") == (found.verdict, found.measured)


@pytest.mark.parametrize(
    "fields",
    [{"metric": "class_accuracy", "value": 0.9}, {"rank": "best"}, {"taken_for": "Coat"}],
)
def test_without_its_class_a_claim_stays_open(fields):
    """What is said of one class is not judged by whichever class comes last."""
    found = judge(of(None, **fields), CLEAR, TAKEN)

    assert ("inconclusive", "The claim names no class.") == (found.verdict, found.reason)


@pytest.mark.parametrize("fields", [{"value": 0.3}, {"rank": "best"}])
def test_what_is_not_known_of_classes_stays_open(fields):
    """A loss is one of all images: no class has one, and that of all is not judged in its place."""
    found = judge(of("Shirt", metric="train_loss", **fields), CLEAR)

    assert "inconclusive" == found.verdict
    assert "The metric 'train_loss' is not known class by class." == found.reason


def effect_on_shirts(values, n, seen=None):
    """Judge whether the other variant classifies more shirts correctly."""
    trials = fake_results.trials(values)
    classes = pd.DataFrame(
        {"trial": row.trial, "class": "Shirt", "n": n, "accuracy": row.test_accuracy}
        for row in trials.itertuples()
    )
    claim = of("Shirt", effect="higher", reference="baseline").model_copy(
        update={"variant": "other"}
    )
    record = fake_results.record(VARIANTS, claims=[claim])
    data = fake_results.data_facts(("Coat", "Shirt"))
    record = record.model_copy(update={"data": (data,)})
    tables = {"classes": classes, "seen": seen or {}}
    return judge_claims(fake_results.FakeResults(record, trials, **tables))[0].verdict


LOW, HIGH = [0.60, 0.61, 0.62], [0.64, 0.65, 0.661]


@pytest.mark.parametrize(
    ("n", "rises", "falls"),
    [(10_000, "reproduced", "not reproduced"), (1000, "inconclusive", "inconclusive")],
)
def test_opposite_effects_on_a_class_are_judged_alike(n, rises, falls):
    """An effect on a class has the noise of the images of that class, of both sides."""
    found = [
        effect_on_shirts({"baseline": one, "other": other}, n)
        for one, other in ((LOW, HIGH), (HIGH, LOW))
    ]

    assert [rises, falls] == found


@pytest.mark.parametrize(
    ("won", "expected"), [(range(800, 840), "reproduced"), (range(40), "inconclusive")]
)
def test_effects_on_a_class_are_compared_on_its_images(won, expected):
    """The same networks agree on most images, and those of other classes show nothing."""
    label = np.repeat([0, 1], 500)
    correct = {"baseline": range(500, 800), "other": [*range(500, 800), *won]}
    seen = {
        f"{name}-{seed}": fake_results.FakePredictions(
            label, np.where(np.isin(np.arange(1000), list(images)), label, 1 - label)
        )
        for name, images in correct.items()
        for seed in range(3)
    }

    assert expected == effect_on_shirts({"baseline": LOW, "other": HIGH}, 500, seen)


@pytest.mark.parametrize(
    "fields",
    [
        {"of_class": "Shirt", "value": 0.9},
        {"of_class": "Shirt", "metric": "class_f1", "value": 0.9},
        {"of_class": "Shirt", "rank": "best"},
        {"of_class": "Shirt", "taken_for": "Coat"},
        {"of_class": "Shirt", "reference": "other", "effect": "higher"},
        {"metric": "epochs_to_accuracy", "threshold": 0.5, "value": 3},
        {"metric": "auc_accuracy", "reference": "other", "effect": "higher"},
    ],
)
def test_before_any_trial_is_done_every_claim_is_open(fields):
    """A run that is stopped at once still writes what became of each claim: nothing yet."""
    claim = Claim(id="a", variant="baseline", **fields)
    record = fake_results.record(VARIANTS, claims=[claim])
    none = fake_results.trials({"baseline": [0.5]}).iloc[:0]
    found = judge_claims(fake_results.FakeResults(record, none))[0]

    assert ("inconclusive", "No seed is done yet.") == (found.verdict, found.reason)
