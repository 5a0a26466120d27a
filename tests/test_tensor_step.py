"""The step as a function of tensors: it trains as the eager step does, and can be replayed."""

from math import hypot
from typing import Any

import pytest
import torch

from cnn_ablate.data import Images, load
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.models import MODELS
from cnn_ablate.optim import LOSSES, OPTIMIZERS
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import EagerProgram, Trainer
from cnn_ablate.train.tensor_step import StepTensors, batches, step_tensors, tensor_step
from test_compute import SMALL
from test_train import WRITTEN, trial

# An epoch of four steps, the last of which is smaller.
SHORT = {"data__subset": 60, "training__batch_size": 16}


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


def run_epoch(trainer: Trainer, epoch: int = 0) -> StepTensors:
    """Train an epoch by tensor steps."""
    trainer.model.train()
    tensors = step_tensors(trainer)
    for size in batches(trainer, tensors, epoch):
        tensor_step(trainer, tensors, size)
    return tensors


def distance(one: Trainer, other: Trainer) -> float:
    """Return the distance between two networks' weights."""
    pairs = zip(one.parameters, other.parameters, strict=True)
    return hypot(*(float((a - b).detach().norm()) for a, b in pairs))


def assert_trains_as_eager(images: Images, **changes: Any) -> None:
    """Compare losses, hits and weights after an epoch."""
    one = trial(0, **{**SHORT, **changes})
    start, eager, other = (Trainer(one, images, ComputeConfig()) for _ in range(3))
    metrics = EagerProgram(eager).run_epoch(0, on_step=lambda _: None)
    tensors = run_epoch(other)
    torch.testing.assert_close(tensors.losses, metrics.losses, rtol=1e-3, atol=1e-5)
    assert int(metrics.hits) == int(tensors.hits)
    assert distance(eager, other) < 1e-3 * distance(eager, start)


@pytest.mark.parametrize("family", MODELS)
def test_every_family_trains_as_eagerly(images: Images, family: str) -> None:
    """Order, augmentation, dropout masks and updates are the same."""
    augments = ["random_crop", "horizontal_flip"]
    # With a ReLU, rounding that takes a value across zero would change gradients by a jump.
    knobs = {"model__name": family, "model__activation": "silu", **SMALL[family]}
    assert_trains_as_eager(images, data__augment=augments, optimizer__lr=1e-3, **knobs)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_updates_as_eagerly(images: Images, name: str) -> None:
    """Also with weight decay on some weights only."""
    knobs = {"optimizer__weight_decay": 0.01, "optimizer__decay_norms_and_biases": False}
    # A bias before a normalisation has no gradient but rounding errors, which Adam scales up.
    assert_trains_as_eager(
        images, optimizer__name=name, optimizer__lr=1e-3, model__norm="none", **knobs
    )


@pytest.mark.parametrize(
    "knobs",
    [
        {"name": "sgd", "dampening": 0.5},
        {"name": "sgd", "nesterov": True},
        {"name": "adam", "amsgrad": True},
        {"name": "rmsprop", "centered": True, "momentum": 0.9},
        {"name": "adagrad", "lr_decay": 0.1, "initial_accumulator_value": 0.1},
    ],
    ids=str,
)
def test_every_knob_of_an_optimizer_counts(images: Images, knobs: dict[str, Any]) -> None:
    """What torch's optimizers do with it, the tensor update does."""
    changes = {f"optimizer__{name}": value for name, value in knobs.items()}
    assert_trains_as_eager(images, model__norm="none", optimizer__lr=1e-3, **changes)


def test_clipping_smoothing_and_mixing_are_in_the_step(images: Images) -> None:
    """Each changes the loss or the gradients as in the eager step."""
    augments = ["cutmix", "mixup", "affine", "color_jitter"]
    changes = {"loss__label_smoothing": 0.1, "training__clip_norm": 1.0}
    assert_trains_as_eager(images, data__augment=augments, **changes)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_learning_rates_are_a_table(images: Images, schedule: str) -> None:
    """The scheduler fills it at the beginning of an epoch."""
    changes = {"schedule__name": schedule, "optimizer__momentum": 0.0}
    if schedule == "one_cycle":
        changes["schedule__cycle_momentum"] = False
    assert_trains_as_eager(images, **changes)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_trains_as_eagerly(images: Images, name: str) -> None:
    """With weights of the classes, too."""
    changes = {"data__subset": 65, "loss__name": name, "loss__class_weights": "balanced"}
    assert_trains_as_eager(images, **changes)


def test_balanced_sampling_trains_as_eagerly(images: Images) -> None:
    """Images that an epoch draws again are found, with masks of their own."""
    changes = {"data__subset": 65, "data__sampling": "balanced", "model__name": "convnet"}
    assert_trains_as_eager(images, **changes, **SMALL["convnet"])


@pytest.mark.parametrize("name", AUGMENTS)
def test_images_and_masks_are_those_of_the_loader(images: Images, name: str) -> None:
    """Bit for bit, in every batch of an epoch."""
    changes = {"data__augment": [name], "model__name": "convnet", **SMALL["convnet"], **SHORT}
    trainer = Trainer(trial(3, **changes), images, ComputeConfig())
    tensors = step_tensors(trainer)
    sizes = batches(trainer, tensors, epoch=2)
    for place, (size, batch) in enumerate(zip(sizes, trainer.loader.epoch(2), strict=True)):
        rows = tensors.rows[place][:size]
        assert torch.equal(batch.images, trainer.loader.normalizer(tensors.images[rows]))
        assert torch.equal(batch.targets, tensors.targets[rows])
        assert torch.equal(trainer.dropout_keys(2, batch.samples), tensors.keys[place][:size])


def test_a_rate_of_zero_moves_nothing(images: Images) -> None:
    """The learning rate is read from its tensor in every step."""
    trainer, start = (Trainer(trial(0, **SHORT), images, ComputeConfig()) for _ in range(2))
    tensors = step_tensors(trainer)
    size = next(batches(trainer, tensors, 0))
    tensors.rates.zero_()
    tensor_step(trainer, tensors, size)
    assert 0.0 == distance(trainer, start)


def test_tensors_keep_their_addresses(images: Images) -> None:
    """A program is called with the same tensors in every epoch."""
    trainer = Trainer(trial(0, **SHORT), images, ComputeConfig())
    tensors = step_tensors(trainer)
    addresses = [tensor.data_ptr() for tensor in tensors.flat()]
    for epoch in range(2):
        for size in batches(trainer, tensors, epoch):
            tensor_step(trainer, tensors, size)
    assert addresses == [tensor.data_ptr() for tensor in tensors.flat()]
    weights = [weight.data_ptr() for weight in trainer.parameters]
    assert weights == addresses[: len(weights)]
