"""Evaluation: as few passes over the test images as possible, and averages of views."""

from typing import Any

import pytest
import torch

from cnn_ablate.data import Loader, load
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train.artifacts import class_rows
from cnn_ablate.train.evaluate import Evaluation, Outputs, average_views, evaluate
from test_train import WRITTEN, trained


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, 3),
        ({"data__val_fraction": 0.25}, 1),
        ({"training__select": "best_test"}, 4),
        ({"training__average": "ema"}, 4),
        ({"training__tta": ["identity", "flip"]}, 5),
    ],
    ids=["curve", "validated", "selected", "averaged", "views"],
)
def test_weights_are_tested_once(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], passes: int
) -> None:
    """Three epochs are three passes; only other weights, or other views, take more."""
    calls: list[object] = []
    original = Loader.test
    monkeypatch.setattr(Loader, "test", lambda *a, **k: calls.append(a) or original(*a, **k))
    result = trained(load(build_options(resolve(WRITTEN)).data), **changes)
    assert passes == len(calls)
    if passes == 3:
        assert result.metrics.test_accuracy == result.epochs[-1].test_accuracy


def test_views_are_averaged() -> None:
    """Logits or probabilities of several views are averaged before they are evaluated."""
    labels = torch.tensor([0])
    views = [
        Outputs(torch.tensor([[2.0, 0.0]]), labels),
        Outputs(torch.tensor([[-4.0, 0.0]]), labels),
    ]
    assert torch.allclose(torch.tensor([[-1.0, 0.0]]), average_views(views, "logits").logits)
    shares = torch.stack([view.logits.softmax(1) for view in views]).mean(0)
    assert torch.allclose(shares, average_views(views, "probabilities").logits.exp())


def test_probabilities_that_underflow_leave_a_finite_loss():
    """The loss of a certain and wrong prediction is its logit, in one view and in several."""
    certain = Outputs(torch.tensor([[0.0, 120.0]]), torch.tensor([0]))

    for views in ([certain], [certain, certain]):
        assert 120 == pytest.approx(evaluate(average_views(views, "probabilities")).loss)


def test_loss_and_accuracy_are_means() -> None:
    """Loss is the mean over images, accuracy the share that is predicted correctly."""
    outputs = Outputs(torch.tensor([[9.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 1]))
    evaluation = evaluate(outputs)
    assert 0.5 == evaluation.accuracy
    assert [0, 0] == evaluation.predicted.tolist()
    assert 4.5 == pytest.approx(evaluation.loss, abs=1e-3)


def test_classes_without_images_or_predictions_have_empty_cells() -> None:
    """A class that is never predicted has no precision, and one without images has nothing."""
    evaluation = Evaluation(
        loss=1.0,
        accuracy=1 / 3,
        labels=torch.tensor([0, 0, 1]),
        predicted=torch.tensor([0, 2, 0]),
        probabilities=torch.eye(3),
    )
    first, never_predicted, absent = class_rows(evaluation, ("cat", "dog", "elk"))

    assert (2, 1, 0.5, 0.5, 0.5, 0.5) == tuple(first.model_dump(exclude={"class_name"}).values())
    assert (0.0, None, 0.0, 0.0) == (
        never_predicted.accuracy,
        never_predicted.precision,
        never_predicted.recall,
        never_predicted.f1,
    )
    assert {None} == {absent.accuracy, absent.precision, absent.recall, absent.f1}
