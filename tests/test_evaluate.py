"""Evaluation: test images are asked no more often than is needed; answers are judged and merged."""

from typing import Any

import pytest
import torch

from cnn_ablate.data import Loader, load
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train.evaluate import Outputs, judged, merged
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
    """Three epochs are three passes; only other weights, or other views, are worth one more."""
    asked: list[object] = []
    usual = Loader.test
    monkeypatch.setattr(Loader, "test", lambda *a, **k: asked.append(a) or usual(*a, **k))
    result = trained(load(build_options(resolve(WRITTEN)).data), **changes)
    assert passes == len(asked)
    if passes == 3:
        assert result.metrics.test_accuracy == result.epochs[-1].test_accuracy


def test_views_are_averaged() -> None:
    """Logits or probabilities of several views are averaged before they are judged."""
    labels = torch.tensor([0])
    views = [
        Outputs(torch.tensor([[2.0, 0.0]]), labels),
        Outputs(torch.tensor([[-4.0, 0.0]]), labels),
    ]
    assert torch.allclose(torch.tensor([[-1.0, 0.0]]), merged(views, "logits").logits)
    shares = torch.stack([view.logits.softmax(1) for view in views]).mean(0)
    assert torch.allclose(shares, merged(views, "probabilities").logits.exp())


def test_probabilities_that_underflow_leave_a_finite_loss():
    """A network that is sure and wrong costs what it says, in one view and in several."""
    sure = Outputs(torch.tensor([[0.0, 120.0]]), torch.tensor([0]))

    for views in ([sure], [sure, sure]):
        assert 120 == pytest.approx(judged(merged(views, "probabilities")).loss)


def test_judging_counts_and_sums() -> None:
    """Loss is the mean over images, accuracy the share that is right."""
    said = Outputs(torch.tensor([[9.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 1]))
    found = judged(said)
    assert 0.5 == found.accuracy
    assert [0, 0] == found.predicted.tolist()
    assert 4.5 == pytest.approx(found.loss, abs=1e-3)
