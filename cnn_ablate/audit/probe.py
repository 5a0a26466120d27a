"""Probe networks on random images: their untrained outputs, and a few steps of training.

The steps are those of the real training, except for smaller batches and the peak learning rate.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from cnn_ablate.audit.schedule_trace import peak_values
from cnn_ablate.audit.subject import Case, Network
from cnn_ablate.custom import describe_failure, is_import_path
from cnn_ablate.data import Loader
from cnn_ablate.errors import UserError
from cnn_ablate.models import count_dead_parameters, network_size
from cnn_ablate.rng import generator
from cnn_ablate.schema import (
    ComputeConfig,
    DataFacts,
    Overrides,
    Settings,
    Trial,
    canonical,
    with_overrides,
)
from cnn_ablate.settings import options_of
from cnn_ablate.train import EagerProgram, Trainer, random_images

# Noise that is augmented. An event of probability 0.02 misses all of 1,024 images once in 10^9
# cases, and all of 256 mixed batches once in 200.
_NOISE_IMAGES, _NOISE_EPOCHS = 128, 8
# Images per batch: for outputs and augmentation, and for training.
_BATCH, _TRAIN_BATCH = 4, 2
# Steps of a short training; most steps and multiply-adds of a long one.
SHORT, _MOST_STEPS, _MOST_MACS = 3, 128, 4e10
# Reset here, as these are compared by their settings: which images are used, and which weights.
_COMPARED_ELSEWHERE: Overrides = {
    "data.subset": None,
    "data.test_subset": None,
    "data.val_fraction": 0.0,
    "training.epochs": 1,
    "training.select": "last",
    "training.patience": 0,
    "training.average": "none",
    "training.tta": [],
    "training.log_every": 0,
}
# Operations that only reshape or copy.
_VIEWS = ("View", "Reshape", "UnsafeView", "Clone", "ToCopy", "Squeeze", "Unsqueeze", "Alias")


@dataclass(frozen=True)
class UntrainedOutputs:
    """The logits of an untrained network, and the name of its last operation in autograd."""

    logits: Tensor
    last: str


@dataclass(frozen=True)
class NoiseTraining:
    """The result of some steps of training on noise.

    `digest` covers every loss, all weights with a gradient, and the logits afterwards; it is empty
    if a number was not finite. `dead` counts the parameters without a gradient, by module;
    `weights` counts the others.
    """

    digest: str
    dead: dict[str, int]
    weights: int


def untrained_outputs(case: Case) -> UntrainedOutputs:
    """Return the outputs of the network, as initialised from seed 0, for noise."""
    training = case.settings["training"]
    return _untrained_outputs(case.network, training["init"], training["precision"])


def train_on_noise(case: Case, *, count: int = SHORT) -> NoiseTraining:
    """Train some steps on noise, from seed 0."""
    sets = {**_COMPARED_ELSEWHERE, "training.batch_size": _TRAIN_BATCH}
    settings = {**with_overrides(case.settings, sets), "schedule": {"name": "constant"}}
    return _train_on_noise(case.network, canonical(settings), canonical(peak_values(case)), count)


def steps_to_try(case: Case) -> int:
    """Return for how many steps a network is tried.

    A user-defined network may draw at random what happens in a step, so it is tried for longer.
    """
    if not is_import_path(case.settings["model"]["name"]):
        return SHORT
    network = case.network
    macs = network_size(network.options, network.shape, network.classes).macs
    affordable = int(_MOST_MACS / (3 * _TRAIN_BATCH * max(macs, 1)))
    return max(2 * SHORT, min(_MOST_STEPS, affordable))


def augmented_noise(case: Case) -> str:
    """Return a digest of some epochs of augmented and normalised noise, in training order."""
    data = with_overrides(case.settings, _COMPARED_ELSEWHERE)["data"]
    batch = max(2, min(_BATCH, case.settings["training"]["batch_size"]))
    return _augmented_noise(canonical(data), batch, case.shape, case.classes)


@cache
def _augmented_noise(data: str, batch: int, shape: tuple[int, int, int], classes: int) -> str:
    images = random_images(_facts(shape, classes), _NOISE_IMAGES)
    loader = Loader(images, options_of("data", json.loads(data)), seed=0, batch_size=batch)
    batches = (batch for epoch in range(_NOISE_EPOCHS) for batch in loader.epoch(epoch))
    return digest(part for batch in batches for part in (batch.images, batch.targets))


@cache
def _untrained_outputs(network: Network, init: str, precision: str) -> UntrainedOutputs:
    shape, classes = network.shape, network.classes
    model = network.options.build_initialised(shape, classes, seed=0, scheme=init).eval()
    images = torch.randn(_BATCH, *shape, generator=generator("audit"))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        logits = model(images).float()
    return UntrainedOutputs(logits.detach(), _last_operation(logits))


def _last_operation(logits: Tensor) -> str:
    node = logits.grad_fn
    while node and node.name().startswith(_VIEWS) and node.next_functions[0][0]:
        node = node.next_functions[0][0]
    return node.name().rstrip("0123456789").removesuffix("Backward") if node else ""


@cache
def _train_on_noise(network: Network, settings: str, rates: str, count: int) -> NoiseTraining:
    trainer = _trainer(network, json.loads(settings), count)
    for group in trainer.optimizer.param_groups:
        group.update(json.loads(rates))
    losses = _losses(trainer)
    dead = count_dead_parameters(trainer.model)
    live = [weight.detach() for weight in trainer.model.parameters() if weight.grad is not None]
    trainer.model.eval()
    with torch.no_grad(), trainer.autocast():
        logits = [trainer.model(batch.images).float() for batch in trainer.loader.test()]
    outputs = [losses, *logits]
    finite = all(bool(tensor.isfinite().all()) for tensor in (*outputs, *live))
    # Weights are sorted by digest: names and order of modules do not change what is computed.
    bits = digest(outputs) + "".join(sorted(digest([weight]) for weight in live))
    return NoiseTraining(bits if finite else "", dead, sum(weight.numel() for weight in live))


def _losses(trainer: Trainer) -> Tensor:
    torch.manual_seed(0)
    try:
        return EagerProgram(trainer).run_epoch(0, on_step=lambda _: None).losses
    except (Exception, SystemExit) as error:
        if is_import_path(name := trainer.trial.settings["model"]["name"]):
            raise UserError(name, describe_failure("training it failed", error)) from error
        raise


def _trainer(network: Network, settings: Settings, count: int) -> Trainer:
    trial = Trial(
        id="probe",
        key="",
        variant="",
        seed=0,
        settings={section: dict(values) for section, values in settings.items()},
        fingerprint="",
    )
    facts = _facts(network.shape, network.classes)
    images = random_images(facts, count * settings["training"]["batch_size"])
    return Trainer(trial, images, ComputeConfig(layout="contiguous", fused=False))


def _facts(shape: tuple[int, int, int], classes: int) -> DataFacts:
    names = tuple(map(str, range(classes)))
    return DataFacts(name="noise", fingerprint="", classes=names, shape=shape, train=0, test=0)


def digest(tensors: Iterable[Tensor]) -> str:
    """Return the SHA-256 of the bits of some tensors."""
    sha256 = hashlib.sha256()
    for tensor in tensors:
        sha256.update(tensor.detach().contiguous().numpy().data)
    return sha256.hexdigest()
