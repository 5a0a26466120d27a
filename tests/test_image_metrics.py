"""Metrics of predictions agree with scikit-learn, and their bootstrap with drawing images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from cnn_ablate.metrics.image_metrics import DEFINITIONS, ImagePredictions, resampled, value

REFERENCES = {
    "balanced_accuracy": lambda s, _: sklearn.balanced_accuracy_score(s.label, s.predicted),
    "macro_f1": lambda s, present: sklearn.f1_score(
        s.label, s.predicted, labels=present, average="macro", zero_division=0
    ),
    "auroc": lambda s, present: np.mean(
        [sklearn.roc_auc_score(s.label == c, s.probability[:, c]) for c in present]
    ),
    "top5_accuracy": lambda s, _: sklearn.top_k_accuracy_score(
        s.label, s.probability, k=5, labels=np.arange(s.probability.shape[1])
    ),
    "nll": lambda s, _: sklearn.log_loss(
        s.label, s.probability, labels=np.arange(s.probability.shape[1])
    ),
    "brier": lambda s, _: sklearn.brier_score_loss(
        s.label,
        s.probability,
        labels=np.arange(s.probability.shape[1]),
        scale_by_half=False,
    ),
}


def predictions(seed: int, n: int = 200, classes: int = 8) -> ImagePredictions:
    """Return invented predictions; the last class has no images, and the first is never named."""
    rng = np.random.default_rng(seed)
    label = rng.integers(classes - 1, size=n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), label] += 1.5
    logits[:, 0] = logits.min(axis=1) - 1
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return ImagePredictions(label, probability.argmax(axis=1), probability)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("name", REFERENCES)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_metrics_agree_with_scikit_learn(name: str, seed: int) -> None:
    """To 1e-6, with a class without images, and one that is never predicted."""
    seen = predictions(seed)
    expected = REFERENCES[name](seen, np.unique(seen.label))
    assert value(name, seen) == pytest.approx(expected, abs=1e-6)


def test_equal_probabilities_count_half_in_the_area_under_roc() -> None:
    """Half precision makes many equal ones."""
    seen = predictions(0)
    coarse = ImagePredictions(seen.label, seen.predicted, np.round(seen.probability, 1))
    expected = REFERENCES["auroc"](coarse, np.unique(seen.label))
    assert value("auroc", coarse) == pytest.approx(expected, abs=1e-6)


def test_the_calibration_error_is_that_of_its_formula() -> None:
    """Bin by bin: the share of its images times the distance of accuracy from confidence."""
    seen = predictions(3, n=1000)
    confidence, total = seen.probability.max(axis=1), 0.0
    for low in range(15):
        inside = (confidence >= low / 15) & (confidence < (low + 1) / 15)
        if inside.any():
            gap = abs((seen.label == seen.predicted)[inside].mean() - confidence[inside].mean())
            total += inside.mean() * gap
    assert value("ece", seen) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_bootstrap_is_the_metric_of_drawn_images(name: str) -> None:
    """A draw with its weights is the metric of the images that were drawn."""
    seen, rng = predictions(1), np.random.default_rng(0)
    drawn = rng.integers(200, size=200)
    alone = ImagePredictions(seen.label[drawn], seen.predicted[drawn], seen.probability[drawn])
    draws = resampled(name, seen)
    assert draws[0] == pytest.approx(value(name, alone), abs=1e-6)
    assert abs(draws.mean() - value(name, seen)) < 3 * draws.std()


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_the_bootstrap_of_a_class_is_its_metric_on_drawn_images(name: str) -> None:
    """As scikit-learn computes it of the images that were drawn; nothing without any."""
    seen, rng = predictions(1), np.random.default_rng(0)
    drawn = rng.integers(200, size=200)
    reference = getattr(sklearn, f"{name}_score")
    classes = range(1, 7)
    expected = reference(seen.label[drawn], seen.predicted[drawn], labels=classes, average=None)
    draws = [resampled(name, seen, index)[0] for index in classes]
    assert draws == pytest.approx(list(expected), abs=1e-6)
    assert np.isnan(resampled(name, seen, 7)).all()


def test_metrics_of_probabilities_are_empty_where_only_classes_were_kept() -> None:
    """The others are computed from classes alone."""
    seen = predictions(2)
    classes = ImagePredictions(seen.label, seen.predicted)
    defined = {name for name in DEFINITIONS if not np.isnan(value(name, classes))}
    assert {"balanced_accuracy", "macro_f1"} == defined
    assert resampled("ece", classes) is None
