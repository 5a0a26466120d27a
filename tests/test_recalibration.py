"""`training.recalibrate_norm`: statistics of batch norms that belong to the last weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cnn_ablate.data import Batch, load
from cnn_ablate.plan import plan
from cnn_ablate.schema import ComputeConfig, Study, TrialResult, with_overrides
from cnn_ablate.settings import build_options, identity, resolve
from cnn_ablate.study import read_study
from cnn_ablate.train import TrialInput, train
from cnn_ablate.train.recalibration import recalibrate_norms

SMOKE = Path(__file__).parents[1] / "ablations" / "smoke.yaml"
TINY: dict[str, Any] = {
    "data": {"name": "fashion_mnist_sample", "subset": 80, "test_subset": 40},
    "model": {"name": "lenet", "norm": "batch"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9},
    "training": {"epochs": 3, "batch_size": 16},
}


def trained(written: dict[str, dict[str, Any]], **changes: Any) -> TrialResult:
    """Train the first seed of some settings with some keys replaced."""
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    written = with_overrides(written, overrides)
    settings = resolve(written)
    study = Study(name="s", written=written, baseline=settings, seeds=(0,))
    trial = plan(study, resolve).trials[0]
    return train(TrialInput(trial, load(build_options(settings).data)), ComputeConfig())


def accuracy(result: TrialResult) -> float:
    """Return the test accuracy of a trial that is done."""
    assert result.metrics is not None
    assert result.metrics.test_accuracy is not None
    return result.metrics.test_accuracy


def batches(images: Tensor) -> list[Batch]:
    """Return images in batches of four."""
    parts = images.split(4)
    return [Batch(part, *torch.zeros(2, len(part), dtype=torch.int64)) for part in parts]


def test_statistics_are_the_means_over_all_batches() -> None:
    """Also those of a layer behind another, and whatever the statistics were before."""
    images = torch.rand(12, 3, 5, 5)
    model = nn.Sequential(nn.BatchNorm2d(3, momentum=0.01), nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
    recalibrate_norms(model, batches(images))
    first, last = model[0], model[2]
    means = torch.stack([batch.images.mean((0, 2, 3)) for batch in batches(images)]).mean(0)
    torch.testing.assert_close(first.running_mean, means)
    maps = [
        model[1](nn.functional.batch_norm(b.images, None, None, training=True))
        for b in batches(images)
    ]
    variances = torch.stack([part.var((0, 2, 3)) for part in maps]).mean(0)
    torch.testing.assert_close(last.running_var, variances)
    assert first.momentum == 0.01


def test_without_batch_norm_nothing_changes() -> None:
    """The result has the same bits."""
    plain = trained(TINY, model__norm="none")
    other = trained(TINY, model__norm="none", training__recalibrate_norm=True)
    assert plain.predictions == other.predictions
    assert plain.weights == other.weights


def test_only_the_last_evaluation_changes() -> None:
    """The training is the same; validation images are evaluated anew with the test images."""
    settings = {"data__val_fraction": 0.25}
    plain, other = (
        trained(TINY, **settings),
        trained(TINY, **settings, training__recalibrate_norm=True),
    )
    rows = [[row.model_dump(exclude={"seconds"}) for row in r.epochs] for r in (plain, other)]
    assert rows[0] == rows[1]
    assert plain.predictions != other.predictions
    assert plain.metrics is not None
    assert other.metrics is not None
    assert plain.metrics.val_accuracy != other.metrics.val_accuracy


def test_ids_are_those_of_before() -> None:
    """Studies that do not set the knob keep their trials."""
    before = resolve(TINY)
    assert "recalibrate_norm" not in identity(before)["training"]
    changed = resolve(with_overrides(TINY, {"training.recalibrate_norm": True}))
    assert identity(changed)["training"]["recalibrate_norm"]


def test_averaged_epochs_leave_nothing_to_recalibrate() -> None:
    """Under swa the knob is no part of a trial."""
    sets = {"training.average": "swa", "training.recalibrate_norm": True}
    assert "recalibrate_norm" not in resolve(with_overrides(TINY, sets))["training"]


@pytest.mark.slow
def test_the_baseline_of_the_smoke_study_is_no_longer_at_chance() -> None:
    """In its 38 steps it learns far more than its running averages show."""
    settings = read_study(SMOKE).baseline
    assert accuracy(trained(settings)) < 0.15
    assert accuracy(trained(settings, training__recalibrate_norm=True)) > 0.4
