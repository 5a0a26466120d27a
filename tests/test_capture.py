"""A step can be captured as a CUDA graph, as far as that shows without a GPU."""

from typing import Any

import pytest
import torch

from cnn_ablate.data import Images, load
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.models import MODELS, set_dropout_keys
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Trainer
from cnn_ablate.train.aot import reason_for_eager
from cnn_ablate.train.backends import BACKENDS
from cnn_ablate.train.graph import written_tensors
from cnn_ablate.train.tensor_step import batches, step_tensors, tensor_step
from support.recorded_step import RecordedStep
from test_compute import SMALL
from test_train import WRITTEN, trial

# Gradients on the device `meta` start threads, after which no test could fork its workers.
pytestmark = pytest.mark.slow

# Operations of a step that launch kernels, of the small networks; four per weight are its update.
KERNELS = {
    "cnnnet": 376,
    "convnet": 268,
    "fashion_cnn": 156,
    "lenet": 180,
    "preact_resnet": 647,
    "resnet": 295,
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


@pytest.mark.parametrize("family", MODELS)
def test_no_step_waits_for_the_device(images: Images, family: str) -> None:
    """Nor do its kernels grow in number without notice."""
    trainer = trainer_on(images, "meta", model__name=family, **SMALL[family])
    tensors = step_tensors(trainer)
    size = next(batches(trainer, tensors, 0))
    with RecordedStep("meta") as recorded:
        tensor_step(trainer, tensors, size)
    assert [] == recorded.waits
    assert recorded.kernels <= KERNELS[family]


@pytest.mark.parametrize("name", AUGMENTS)
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


@pytest.mark.parametrize("family", MODELS)
def test_a_replayed_step_trains_as_steps_do(images: Images, family: str) -> None:
    """Position, rates and dropout keys are read anew: 12 replays equal 12 steps, bit for bit."""
    changes = {"model__name": family, **SMALL[family], "data__subset": 104}
    changes |= {"training__batch_size": 8, "schedule__name": "one_cycle"}
    changes |= {"schedule__cycle_momentum": False, "optimizer__name": "adam"}
    replayed, stepped = (trainer_on(images, "cpu", **changes) for _ in range(2))
    ours, theirs = (step_tensors(trainer) for trainer in (replayed, stepped))
    for size in batches(stepped, theirs, 0):
        tensor_step(stepped, theirs, size)
    for number, size in enumerate(batches(replayed, ours, 0)):
        if number == 0:
            with RecordedStep("cpu") as recorded:
                tensor_step(replayed, ours, size)
        else:
            recorded.replay()
    for mine, expected in zip(written_tensors(ours), written_tensors(theirs), strict=True):
        assert torch.equal(expected, mine)


def test_weights_stand_still_at_a_rate_of_zero(images: Images) -> None:
    """A replayed step reads the learning rate from its tensor."""
    trainer = trainer_on(images, "cpu", model__norm="none")
    tensors = step_tensors(trainer)
    size = next(batches(trainer, tensors, 0))
    with RecordedStep("cpu") as recorded:
        tensor_step(trainer, tensors, size)
    before = [weight.clone() for weight in tensors.weights.values()]
    tensors.rates.zero_()
    recorded.replay()
    assert all(map(torch.equal, before, tensors.weights.values()))
    set_dropout_keys(trainer.model, None)


def test_a_graph_needs_a_gpu() -> None:
    """The reason names the option; on a GPU there is none."""
    assert {"aot", "eager", "graph"} == BACKENDS.keys()
    reasons = [
        reason_for_eager(trial(), ComputeConfig(backend="graph", device=device))
        for device in ("cpu", "cuda")
    ]
    assert ["it needs --device cuda.", ""] == reasons
