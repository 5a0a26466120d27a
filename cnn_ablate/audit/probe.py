"""Networks tried out on made-up images: their first answers, and a few steps of training.

The steps are those of the real training, but for smaller batches and the highest learning rate.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from cnn_ablate.audit.schedule_trace import peak
from cnn_ablate.audit.subject import Case, Net
from cnn_ablate.custom import failure, is_users
from cnn_ablate.data import Loader
from cnn_ablate.errors import UserError
from cnn_ablate.models import dead_parameters, size
from cnn_ablate.rng import generator
from cnn_ablate.schema import (
    ComputeConfig,
    DataFacts,
    Overrides,
    Settings,
    Trial,
    canonical,
    replaced,
)
from cnn_ablate.settings import options_of
from cnn_ablate.train import StepInput, Trainer, noise, step

# Noise that is augmented: of 1,024 images none meets an event of probability 0.02 once in 10^9
# cases, of 256 batches that mix none once in 200.
_NOISE_IMAGES, _NOISE_EPOCHS = 128, 8
# Images in a batch that is looked at, and in one that is learnt from.
_BATCH, _LEARNT = 4, 2
# Steps of a short trial, and the most of a long one, which takes so many multiply-adds at most.
SHORT, _LONG, _EFFORT = 3, 128, 4e10
# What is compared as settings instead: which images, and which of the weights are reported.
_ASIDE: Overrides = {
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
# Operations that only show numbers in another form.
_VIEWS = ("View", "Reshape", "UnsafeView", "Clone", "ToCopy", "Squeeze", "Unsqueeze", "Alias")


@dataclass(frozen=True)
class UntrainedOutputs:
    """What an untrained network says of some images, and the name of its last operation."""

    logits: Tensor
    last: str


@dataclass(frozen=True)
class Learned:
    """What some steps of training came to.

    `digest` covers every loss, all weights that learn, and what the network then says; it is empty
    where a number was not finite. `dead` counts what no gradient reached, by module.
    """

    digest: str
    dead: dict[str, int]
    weights: int


def answers(case: Case) -> UntrainedOutputs:
    """Ask a network, as it is initialised from seed 0, about noise."""
    training = case.settings["training"]
    return _answers(case.net, training["init"], training["precision"])


def learned(case: Case, *, count: int = SHORT) -> Learned:
    """Train some steps on noise, from seed 0."""
    sets = {**_ASIDE, "training.batch_size": _LEARNT}
    settings = {**replaced(case.settings, sets), "schedule": {"name": "constant"}}
    return _learned(case.net, canonical(settings), canonical(peak(case)), count)


def steps(case: Case) -> int:
    """Choose how long a network is tried for.

    A network of the user's may draw by chance what happens in a step, so it is tried for longer.
    """
    if not is_users(case.settings["model"]["name"]):
        return SHORT
    net = case.net
    macs = size(net.options, net.shape, net.classes).macs
    return max(2 * SHORT, min(_LONG, int(_EFFORT / (3 * _LEARNT * max(macs, 1)))))


def augmented(case: Case) -> str:
    """Digest some epochs of augmented and normalised noise, in the order of the training."""
    data = replaced(case.settings, _ASIDE)["data"]
    batch = max(2, min(_BATCH, case.settings["training"]["batch_size"]))
    return _augmented(canonical(data), batch, case.shape, case.classes)


@cache
def _augmented(data: str, batch: int, shape: tuple[int, int, int], classes: int) -> str:
    images = noise(_facts(shape, classes), _NOISE_IMAGES)
    loader = Loader(images, options_of("data", json.loads(data)), seed=0, batch_size=batch)
    batches = (batch for epoch in range(_NOISE_EPOCHS) for batch in loader.epoch(epoch))
    return digest(part for batch in batches for part in (batch.images, batch.targets))


@cache
def _answers(net: Net, init: str, precision: str) -> UntrainedOutputs:
    network = net.options.initialised(net.shape, net.classes, seed=0, scheme=init).eval()
    images = torch.randn(_BATCH, *net.shape, generator=generator("audit"))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        logits = network(images).float()
    return UntrainedOutputs(logits.detach(), _last_operation(logits))


def _last_operation(logits: Tensor) -> str:
    node = logits.grad_fn
    while node and node.name().startswith(_VIEWS) and node.next_functions[0][0]:
        node = node.next_functions[0][0]
    return node.name().rstrip("0123456789").removesuffix("Backward") if node else ""


@cache
def _learned(net: Net, settings: str, rates: str, count: int) -> Learned:
    bench = _bench(net, json.loads(settings), count)
    for group in bench.optimizer.param_groups:
        group.update(json.loads(rates))
    losses = _losses(bench)
    dead = dead_parameters(bench.model)
    live = [weight.detach() for weight in bench.model.parameters() if weight.grad is not None]
    bench.model.eval()
    with torch.no_grad(), bench.autocast():
        said = [bench.model(batch.images).float() for batch in bench.loader.test()]
    # Names and order of the modules are no part of what a network computes.
    found = [torch.stack(losses), *said]
    finite = all(bool(part.isfinite().all()) for part in (*found, *live))
    bits = digest(found) + "".join(sorted(digest([weight]) for weight in live))
    return Learned(bits if finite else "", dead, sum(weight.numel() for weight in live))


def _losses(bench: Trainer) -> list[Tensor]:
    torch.manual_seed(0)
    bench.model.train()
    try:
        return [step(StepInput(bench, 0, batch)).loss for batch in bench.loader.epoch(0)]
    except (Exception, SystemExit) as fault:
        if is_users(name := bench.trial.settings["model"]["name"]):
            raise UserError(name, failure("training it failed", fault)) from fault
        raise


def _bench(net: Net, settings: Settings, count: int) -> Trainer:
    trial = Trial(
        id="probe",
        key="",
        variant="",
        seed=0,
        settings={section: dict(values) for section, values in settings.items()},
        fingerprint="",
    )
    images = noise(_facts(net.shape, net.classes), count * settings["training"]["batch_size"])
    return Trainer(trial, images, ComputeConfig(layout="contiguous", fused=False))


def _facts(shape: tuple[int, int, int], classes: int) -> DataFacts:
    names = tuple(map(str, range(classes)))
    return DataFacts(name="noise", fingerprint="", classes=names, shape=shape, train=0, test=0)


def digest(parts: Iterable[Tensor]) -> str:
    """Give one short text for the bits of some tensors."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.detach().contiguous().numpy().data)
    return found.hexdigest()
