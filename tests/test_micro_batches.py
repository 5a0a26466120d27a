"""Batches in parts: the gradients of the whole, as far as arithmetic goes."""

import pytest
import torch

from cnn_ablate.data import Images, load
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import StepInput, Trainer, train
from cnn_ablate.train.micro import divisible
from cnn_ablate.train.step import alone
from test_train import WRITTEN, trial


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


def gradients(images: Images, size: int, **changes: object) -> tuple[float, list[torch.Tensor]]:
    """Give the loss and the gradients of the first step, in parts of so many images."""
    bench = Trainer(trial(model__norm="none", **changes), images, ComputeConfig(micro_batch=size))
    bench.model.train()
    [told] = alone([StepInput(bench, 0, next(bench.loader.epoch(0)))])
    assert (16, 10) == told.logits.shape
    return float(told.loss), [weight.grad for weight in bench.model.parameters()]


@pytest.mark.parametrize("size", [1, 5, 8, 16])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model__name": "convnet", "model__dropout": 0.5, "model__batch_norm": False},
        {"data__augment": ["mixup"], "loss__label_smoothing": 0.1},
    ],
)
def test_parts_add_up_to_the_whole(images: Images, size: int, changes: dict[str, object]) -> None:
    """Loss and gradients are those of the whole batch; dropout draws the same masks."""
    loss, whole = gradients(images, 0, **changes)
    found, added = gradients(images, size, **changes)
    assert loss == pytest.approx(found, abs=1e-6)
    for expected, gradient in zip(whole, added, strict=True):
        assert torch.allclose(expected, gradient, atol=1e-6)


def test_a_recipe_with_parts_trains(images: Images) -> None:
    """Its result says how it came about, and is not far from that of whole batches."""
    whole = train(trial(model__norm="none"), images, ComputeConfig())
    added = train(trial(model__norm="none"), images, ComputeConfig(micro_batch=3))
    assert 3 == added.compute.micro_batch
    losses = [[row.train_loss for row in result.epochs] for result in (whole, added)]
    assert losses[0] == pytest.approx(losses[1], abs=0.01)


@pytest.mark.parametrize(("norm", "expected"), [("batch", False), ("none", True)])
def test_batch_norm_is_not_divisible(norm: str, *, expected: bool) -> None:
    """A network whose images know of each other cannot be given them in parts."""
    assert expected == divisible(
        build_options(trial(model__norm=norm).settings).model.build((1, 28, 28), 10)
    )
