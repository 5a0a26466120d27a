"""A step can be captured as a CUDA graph, as far as that shows without a GPU."""

from typing import Any

import pytest
import torch

from cnn_ablate.data import Images, load
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.models import MODELS
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Trainer
from cnn_ablate.train.aot import reason_for_eager
from cnn_ablate.train.stack import Stack
from support.recorded_step import RecordedStep
from test_compute import SMALL
from test_train import WRITTEN, trial

# Gradients on the device `meta` start threads, after which no test could fork its workers.
pytestmark = pytest.mark.slow

# Augmentations that wait for their random numbers, once per block of images.
WAITING = {"rand_augment", "trivial_augment"}
# Operations of a step that launch kernels, of one small network, and of eight side by side.
KERNELS = {
    "cnnnet": (161, 250),
    "convnet": (121, 179),
    "fashion_cnn": (69, 113),
    "lenet": (80, 136),
    "preact_resnet": (406, 520),
    "resnet": (132, 203),
}


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


def trainer_on(images: Images, device: str, **changes: Any) -> Trainer:
    """Return a trainer of five steps, without the fused update, which meta tensors lack."""
    trainer = Trainer(trial(0, **changes), images, ComputeConfig(device=device, fused=False))
    trainer.model.train()
    return trainer


def stack_on(images: Images, device: str, width: int, **changes: Any) -> Stack:
    """Return networks that differ in their seeds, after a step, before an epoch."""
    compute = ComputeConfig(device=device, fused=False, layout="contiguous", width=width)
    trials = [trial(seed, **changes) for seed in range(width)]
    stack = Stack([Trainer(one, images, compute) for one in trials], width)
    stack.trainer.model.train()
    stack.step(next(stack.batches()))
    return stack


@pytest.mark.parametrize("place", [0, 1], ids=["1", "8"])
@pytest.mark.parametrize("family", MODELS)
def test_no_step_waits_for_the_device(images: Images, family: str, place: int) -> None:
    """Nor do its kernels grow in number without notice."""
    stack = stack_on(images, "meta", (1, 8)[place], model__name=family, **SMALL[family])
    size = next(stack.batches())
    with RecordedStep("meta") as recorded:
        stack.step(size)
    assert [] == recorded.waits
    assert recorded.kernels <= KERNELS[family][place]


@pytest.mark.parametrize("name", sorted(AUGMENTS.keys() - WAITING))
def test_no_step_of_mixed_or_augmented_images_waits(images: Images, name: str) -> None:
    """Also of eight networks, whose blocks lie side by side."""
    stack = stack_on(images, "meta", 8, data__augment=[name], model__norm="none")
    size = next(stack.batches())
    with RecordedStep("meta") as recorded:
        stack.step(size)
    assert [] == recorded.waits


def test_side_by_side_lenets_share_their_kernels(images: Images) -> None:
    """At most three per network and step, for 32 of them."""
    stack = stack_on(images, "meta", 32, model__name="lenet", model__norm="none")
    size = next(stack.batches())
    with RecordedStep("meta") as recorded:
        stack.step(size)
    assert recorded.kernels <= 3 * 32


def test_the_kernels_of_evaluation_are_shared(images: Images) -> None:
    """As many for eight networks as for two."""
    counts = []
    for width in (2, 8):
        stack = stack_on(images, "meta", width, model__norm="none", data__test_subset=40)
        with RecordedStep("meta") as recorded:
            stack.predict(stack.trainer.loader.test())
        assert [] == recorded.waits
        counts.append(recorded.kernels)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", sorted(AUGMENTS.keys() - WAITING))
def test_no_augmentation_waits_for_the_device(images: Images, name: str) -> None:
    """Neither does the order of an epoch."""
    loader = trainer_on(images, "meta", data__augment=[name]).loader
    with RecordedStep("meta") as recorded:
        list(loader.blocks(1))
    assert [] == recorded.waits


def test_a_wait_is_noticed() -> None:
    """The test above could fail."""
    x = torch.zeros(3)
    with RecordedStep("cpu") as recorded:
        float(x.sum())
    assert ["aten::_local_scalar_dense"] == recorded.waits


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("family", MODELS)
def test_a_replayed_step_trains_as_steps_do(images: Images, family: str, width: int) -> None:
    """Position, rates and dropout keys are read anew: 12 replays equal 12 steps, bit for bit."""
    changes = {"model__name": family, **SMALL[family], "data__subset": 104}
    changes |= {"training__batch_size": 8, "schedule__name": "one_cycle"}
    changes |= {"schedule__cycle_momentum": False, "optimizer__name": "adam"}
    replayed, stepped = (stack_on(images, "cpu", width, **changes) for _ in range(2))
    for stack in (replayed, stepped):
        fresh = [trial(seed, **changes) for seed in range(width)]
        stack.load([Trainer(one, images, stack.trainer.compute) for one in fresh])
    for size in stepped.batches():
        stepped.step(size)
    for number, size in enumerate(replayed.batches()):
        if number == 0:
            with RecordedStep("cpu") as recorded:
                replayed.step(size)
        else:
            recorded.replay()
    for mine, expected in zip(replayed.written(), stepped.written(), strict=True):
        assert torch.equal(expected, mine)


def test_weights_stand_still_at_a_rate_of_zero(images: Images) -> None:
    """A replayed step reads the learning rate of each network from its tensor."""
    stack = stack_on(images, "cpu", 2, model__norm="none")
    size = next(stack.batches())
    with RecordedStep("cpu") as recorded:
        stack.step(size)
    before = stack.weights.clone()
    stack.tables.rates[0] = 0
    recorded.replay()
    assert torch.equal(before[0], stack.weights[0])
    assert not torch.equal(before[1], stack.weights[1])


def test_a_graph_needs_a_gpu() -> None:
    """The reason names the option; on a GPU there is none."""
    reasons = [
        reason_for_eager(trial(), ComputeConfig(backend="graph", device=device))
        for device in ("cpu", "cuda")
    ]
    assert ["it needs --device cuda.", ""] == reasons
