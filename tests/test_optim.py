"""Optimizers are torch's own, under the knobs of the YAML; wrong knobs of any table are refused."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from cnn_ablate.optim import LOSSES, OPTIMIZERS, SCHEDULES
from cnn_ablate.optim.losses import CrossEntropy
from cnn_ablate.optim.optimizers import SGD, AdamW


def network():
    """A convolution, a batch norm and a linear layer."""
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def test_optimizers_take_the_defaults_of_torch():
    """With no knob but the learning rate set, an optimizer is torch's own with torch's defaults."""
    for options in OPTIMIZERS.values():
        built = options(lr=0.02).build(network())
        plain = options.torch_class(network().parameters(), lr=0.02)

        assert type(plain) is type(built)
        assert plain.defaults == built.defaults


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_keep_their_knobs(name):
    """Options survive serialisation, and a training step changes every weight."""
    options = OPTIMIZERS[name](lr=0.01, weight_decay=0.1)
    again = OPTIMIZERS[name].model_validate(options.model_dump(mode="json"))
    model = network()
    before = [weight.clone() for weight in model.parameters()]
    optimizer = again.build(model)
    model(torch.rand(4, 1, 4, 4)).square().sum().backward()
    optimizer.step()

    assert options == again
    assert all(not torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))


def test_norms_and_biases_can_be_spared_weight_decay():
    """One-dimensional parameters get no weight decay if that is set."""
    model = network()
    optimizer = AdamW(weight_decay=0.5, decay_norms_and_biases=False).build(model)
    decay = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}

    expected = {name: 0.5 if p.ndim > 1 else 0.0 for name, p in model.named_parameters()}
    assert expected == {name: decay[id(p)] for name, p in model.named_parameters()}


def test_frozen_parameters_are_left_alone():
    """A parameter without gradient is not passed to the optimizer."""
    model = network().requires_grad_(requires_grad=False)
    model[3].weight.requires_grad_()
    optimizer = SGD(decay_norms_and_biases=False, weight_decay=0.1).build(model)

    assert [[model[3].weight]] == [group["params"] for group in optimizer.param_groups]


@pytest.mark.parametrize("knobs", [{}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_needs_momentum(knobs):
    """Nesterov without momentum, or with dampening, is refused."""
    with pytest.raises(ValidationError, match="nesterov needs a momentum above 0"):
        SGD(nesterov=True, **knobs)


def test_knobs_that_cannot_matter_leave_the_settings():
    """Without momentum, decay or smoothing, their knobs are no part of a trial."""
    assert {"lr": 0.01, "weight_decay": 0.0, "momentum": 0.0, "nesterov": False} == SGD().settings()
    assert "decay_norms_and_biases" in SGD(weight_decay=0.1).settings()
    plain = {"class_weights": "none", "label_smoothing": 0.0}
    assert plain == CrossEntropy().settings()
    assert {"label_smoothing": 0.0} == CrossEntropy.identity(plain)
    assert "smooth_over" in CrossEntropy(label_smoothing=0.1).settings()


@pytest.mark.parametrize(
    ("table", "name", "knobs"),
    [
        (OPTIMIZERS, "sgd", {"lr": 0.0}),
        (OPTIMIZERS, "adam", {"betas": [0.9, 1.0]}),
        (OPTIMIZERS, "adamw", {"momentum": 0.9}),
        (SCHEDULES, "cosine", {"warmup_epochs": -1}),
        (SCHEDULES, "plateau", {"factor": 1.0}),
        (SCHEDULES, "one_cycle", {"anneal": "cosine"}),
        (LOSSES, "cross_entropy", {"label_smoothing": 0.6}),
        (LOSSES, "cross_entropy", {"class_weights": "uniform"}),
        (LOSSES, "focal", {"gamma": -1.0}),
    ],
)
def test_wrong_knobs_are_refused(table, name, knobs):
    """A value out of its limits, or of another entry, is an error at its key."""
    with pytest.raises(ValidationError) as caught:
        table[name].model_validate(knobs)
    assert next(iter(knobs)) == caught.value.errors()[0]["loc"][0]
