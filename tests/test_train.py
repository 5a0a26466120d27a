"""Training: the same bits every time, the epoch that is selected, and what is measured."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnn_ablate.data import Images, load
from cnn_ablate.plan import plan
from cnn_ablate.schema import ComputeConfig, Study, Trial, TrialResult, with_overrides
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Hooks, Trainer, TrialInput, train
from cnn_ablate.train.program import eager_network
from cnn_ablate.train.step import step

WRITTEN: dict[str, dict[str, Any]] = {
    "data": {"name": "fashion_mnist_sample", "subset": 80, "test_subset": 40},
    "model": {"name": "lenet", "norm": "batch"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9},
    "training": {"epochs": 3, "batch_size": 16},
}


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


def trial(seed: int = 0, **changes: Any) -> Trial:
    """Make a trial of the tiny settings with some keys replaced (`model__norm="none"`)."""
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    written = with_overrides(WRITTEN, overrides)
    study = Study(name="s", written=written, baseline=resolve(written), seeds=(seed,))
    return plan(study, resolve).trials[0]


def trained(images: Images, seed: int = 0, **changes: Any) -> TrialResult:
    """Train such a trial."""
    return train(TrialInput(trial(seed, **changes), images), ComputeConfig())


def without_times(result: TrialResult) -> dict[str, Any]:
    """Return a result without its times and its memory."""
    fields = result.model_dump(exclude={"started"})
    for name in ("seconds", "images_per_second", "peak_memory_mb"):
        fields["metrics"].pop(name)
    for row in fields["epochs"]:
        row.pop("seconds")
    return fields


CONVNET = {"model__name": "convnet", "model__widths": [8, 16, 32], "data__subset": 64}
AUGMENTED = {"data__augment": ["random_crop", "horizontal_flip"]}


@pytest.mark.parametrize(
    "changes",
    [
        AUGMENTED,
        {**CONVNET, "model__dropout": 0.5, "model__global_pool": True},
        {"optimizer__name": "adamw", "schedule__name": "one_cycle", "training__average": "ema"},
        {
            **CONVNET,
            "model__dropout": 0.5,
            "model__batch_norm": True,
            "training__average": "swa",
            "training__average_start": 0.3,
        },
        {"data__val_fraction": 0.25, "training__select": "best_val", "schedule__name": "plateau"},
        {"training__precision": "bfloat16"},
    ],
)
def test_same_trial_twice_and_resumed_is_bit_identical(
    images: Images, changes: dict[str, Any]
) -> None:
    """Training again, in one go or from the checkpoint of any epoch, gives the same bytes."""
    checkpoints: list[bytes] = []
    hooks = Hooks(save_checkpoint=checkpoints.append)
    first = train(TrialInput(trial(**changes), images), ComputeConfig(), hooks)
    assert without_times(first) == without_times(trained(images, **changes))
    assert 3 == len(checkpoints)
    for checkpoint in checkpoints:
        resumed = train(TrialInput(trial(**changes), images, checkpoint), ComputeConfig())
        assert without_times(first) == without_times(resumed)


def test_seeds_differ(images: Images) -> None:
    """Another seed is another training."""
    assert trained(images, 0).weights != trained(images, 1).weights


def test_training_learns(images: Images) -> None:
    """The loss falls, and the test images are recognised far better than by chance."""
    result = trained(images, data__subset=400, training__epochs=6)
    assert result.epochs[-1].train_loss < result.epochs[0].train_loss / 2
    assert result.metrics is not None
    assert result.metrics.test_accuracy is not None
    assert result.metrics.test_accuracy > 0.5


def test_predictions_and_classes_agree_with_the_metrics(images: Images) -> None:
    """Accuracy is the share of right predictions, and the sum over classes of what is right."""
    result = trained(images)
    assert result.metrics is not None
    with np.load(io.BytesIO(result.predictions)) as kept:
        right = int((kept["label"] == kept["predicted"]).sum())
        assert (40, 10) == kept["probability"].shape
        assert np.allclose(1, kept["probability"].astype(float).sum(1), atol=5e-3)
    assert right / 40 == result.metrics.test_accuracy
    assert right == sum(row.correct for row in result.classes)
    assert [4] * 10 == [row.n for row in result.classes]


def test_weights_are_a_plain_state_dict(images: Images) -> None:
    """Saved weights open with `weights_only=True` and fit the network."""
    result = trained(images)
    state = torch.load(io.BytesIO(result.weights), weights_only=True)
    model = build_options(result.trial.settings).model.build(images.facts.shape, 10)
    model.load_state_dict(state)


def test_divergence_is_reported_with_its_step(images: Images) -> None:
    """A loss that is not finite ends the trial, and its step is named; no network is kept."""
    result = trained(images, optimizer__lr=1e30)
    assert "diverged" == result.status
    assert result.error.startswith("The loss became ")
    assert "of epoch " in result.error
    assert b"" == result.weights == result.predictions
    assert result.metrics is not None
    assert None is result.metrics.test_accuracy


def test_best_validation_epoch_is_reported(images: Images) -> None:
    """`best_val` reports the first epoch of highest validation accuracy, tested once, last."""
    result = trained(
        images, data__val_fraction=0.25, training__select="best_val", training__epochs=5
    )
    scores = [row.val_accuracy or 0 for row in result.epochs]
    assert result.metrics is not None
    assert scores.index(max(scores)) + 1 == result.metrics.selected_epoch
    assert max(scores) == result.metrics.val_accuracy
    assert all(row.test_accuracy is None for row in result.epochs)


def test_best_test_epoch_is_reported_as_the_papers_did(images: Images) -> None:
    """`best_test` reports the highest test accuracy of any epoch."""
    result = trained(images, training__select="best_test", training__epochs=5)
    assert result.metrics is not None
    scores = [row.test_accuracy for row in result.epochs if row.test_accuracy is not None]
    assert max(scores) == result.metrics.test_accuracy


def test_early_stopping(images: Images) -> None:
    """Training stops once the monitored loss has not fallen for `patience` epochs."""
    result = trained(images, training__epochs=60, training__patience=2, optimizer__lr=0.1)
    losses = [row.test_loss or 0 for row in result.epochs]
    assert len(losses) < 60
    assert losses.index(min(losses)) == len(losses) - 3


@pytest.mark.parametrize("average", ["swa", "ema"])
def test_a_training_that_stops_before_averaging_reports_its_last_weights(
    images: Images, average: str
) -> None:
    """Early stopping may come before the first epoch to average."""
    changes = {"training__epochs": 60, "training__patience": 2, "optimizer__lr": 0.1}
    plain = trained(images, **changes)
    result = trained(images, **changes, training__average=average)
    assert result.weights == plain.weights
    assert result.predictions == plain.predictions


def test_divergence_in_the_last_step_is_noticed(images: Images) -> None:
    """Training losses are measured before each update, so the last update shows in none."""
    result = trained(images, training__epochs=1, training__batch_size=80, optimizer__lr=1e30)
    assert ("diverged", "The loss was nan when epoch 1 had ended.") == (result.status, result.error)


def test_validation_is_of_the_weights_that_are_tested(images: Images) -> None:
    """The validation accuracy is that of the averaged weights, not of the last epoch."""
    changes = {"data__val_fraction": 0.25, "training__average": "ema", "training__ema_decay": 0.9}
    trainer = Trainer(trial(**changes), images, ComputeConfig())
    result = trained(images, **changes)
    trainer.model.load_state_dict(torch.load(io.BytesIO(result.weights), weights_only=True))
    assert result.metrics is not None
    assert trainer.evaluate(trainer.loader.val()).accuracy == result.metrics.val_accuracy


def test_smoothing_is_trained_and_not_tested(images: Images) -> None:
    """Losses on test images can be compared between networks with and without it."""
    smoothed = Trainer(trial(loss__label_smoothing=0.3), images, ComputeConfig())
    plain = Trainer(trial(), images, ComputeConfig())
    assert plain.test().loss == smoothed.test().loss


def test_running_loss_averages_batches(images: Images) -> None:
    """With `log_every` the loss within an epoch is kept; its mean is that of the epoch."""
    result = trained(images, training__log_every=1)
    assert [1, 2, 3, 4, 5] == [step for step, _ in result.steps[:5]]
    first = [loss for _, loss in result.steps[:5]]
    assert result.epochs[0].train_loss == pytest.approx(sum(first) / 5)


def test_dead_parameters_are_counted(images: Images) -> None:
    """Parameters that no gradient reaches are a metric of every trial."""
    result = trained(
        images, model__name="preact_resnet", model__blocks=[1], model__width=8, training__epochs=1
    )
    assert result.metrics is not None
    assert result.metrics.dead_parameters > 0
    assert 0 == trained(images).metrics.dead_parameters  # type: ignore[union-attr]


def test_shared_layers_start_equal_in_every_variant(images: Images) -> None:
    """Contrasts are paired: what two variants share starts from the same weights."""
    with_norm, without = (
        Trainer(trial(model__norm=norm), images, ComputeConfig()).model.state_dict()
        for norm in ("batch", "none")
    )
    shared = with_norm.keys() & without.keys()
    assert len(shared) >= 8
    assert all(torch.equal(with_norm[name], without[name]) for name in shared)


def test_batch_size_does_not_move_the_order_or_the_augmentation(images: Images) -> None:
    """Two batch sizes see the same images, augmented alike, in the same order."""
    small, large = (
        Trainer(trial(training__batch_size=size, **AUGMENTED), images, ComputeConfig()).loader
        for size in (16, 40)
    )
    one = torch.cat([batch.images for batch in small.epoch(1)])
    other = torch.cat([batch.images for batch in large.epoch(1)])
    assert torch.equal(one, other)


def test_gradient_clipping(images: Images) -> None:
    """No step is longer than the learning rate times the limit."""
    clipped = trial(training__clip_norm=0.01, optimizer__momentum=0.0, optimizer__lr=1.0)
    trainer = Trainer(clipped, images, ComputeConfig())
    before = [weight.detach().clone() for weight in trainer.parameters]
    batch = next(trainer.loader.epoch(0))
    step(eager_network(trainer, 0), batch, None)
    moved = torch.cat(
        [(new - old).flatten() for new, old in zip(trainer.parameters, before, strict=True)]
    )
    assert 0.01 == pytest.approx(float(moved.detach().norm()), rel=1e-3)


def test_progress_is_reported(images: Images) -> None:
    """A hook is called after every step: how many epochs are done, and how fast."""
    reports: list[tuple[float, float]] = []
    hooks = Hooks(progress=lambda *report: reports.append(report))
    train(TrialInput(trial(), images), ComputeConfig(), hooks)
    epochs = [epoch for epoch, _ in reports]
    assert sorted(epochs) == epochs
    assert 15 == len(epochs)
    assert 3.0 == epochs[-1]
    assert all(speed > 0 for _, speed in reports)


def test_a_checkpoint_is_safe_to_open(images: Images, tmp_path: Path) -> None:
    """It holds tensors and plain values alone, so it opens without running code."""
    checkpoints: list[bytes] = []
    hooks = Hooks(save_checkpoint=checkpoints.append)
    train(TrialInput(trial(), images), ComputeConfig(), hooks)
    path = tmp_path / "state.pt"
    path.write_bytes(checkpoints[0])
    state = torch.load(path, weights_only=True)
    parts = {"model", "optimizer", "scheduler", "average", "history", "best_weights", "compute"}
    assert parts == state.keys()
