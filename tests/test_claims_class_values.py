"""Numbers and effects of one class: its own images, and classes without any."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from cnn_ablate.claims import judge_claims
from cnn_ablate.metrics import ImagePredictions
from cnn_ablate.schema import Claim
from cnn_ablate.stats import PredictionReader
from support import fake_results
from support.class_claims import CLEAR, STEADY, TAKEN, VARIANTS, judge, of

LOW, HIGH = [0.60, 0.61, 0.62], [0.64, 0.65, 0.661]


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


@pytest.mark.parametrize(("images", "expected"), [(10_000, "reproduced"), (100, "inconclusive")])
def test_effects_on_the_f1_of_a_class_have_the_noise_of_its_images(images, expected):
    """A bootstrap over the stored predictions decides whether other images could reverse it."""
    values = {"baseline": LOW, "other": HIGH}
    trials = fake_results.trials(values)
    label, place = np.repeat([0, 1], images), np.tile(np.arange(images), 2)
    # The two variants fail on different images.
    order = {"baseline": place, "other": images - 1 - place}
    seen = {
        row.trial: ImagePredictions(
            label, np.where(order[row.variant] < row.test_accuracy * images, label, 0)
        )
        for row in trials.itertuples()
    }
    classes = pd.DataFrame(
        {"trial": name, "class": "Shirt", "n": images, "f1": f1_score(label, one.predicted)}
        for name, one in seen.items()
    )
    claim = of("Shirt", metric="class_f1", effect="higher", reference="baseline")
    claim = claim.model_copy(update={"variant": "other"})
    record = fake_results.record(VARIANTS, claims=[claim]).model_copy(
        update={"data": (fake_results.data_facts(("Coat", "Shirt")),)}
    )
    results = fake_results.FakeResults(record, trials, classes=classes)
    [verdict] = judge_claims(results, predictions=PredictionReader(seen.get, seen.get))

    assert expected == verdict.verdict
    assert ("over test images" in verdict.reason) == (expected == "inconclusive")


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
