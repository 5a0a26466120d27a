"""Evaluation: the test images are asked no more often than there is something new to learn."""

from typing import Any

import pytest
from test_train import WRITTEN, trained

from cnn_ablate.data import Loader, load
from cnn_ablate.settings import parts, settle


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
    result = trained(load(parts(settle(WRITTEN)).data), **changes)
    assert passes == len(asked)
    if passes == 3:
        assert result.metrics.test_accuracy == result.epochs[-1].test_accuracy
