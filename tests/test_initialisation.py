"""Initial weights: repeatable, and shared by the variants of a network."""

import pytest
import torch
from torch import nn

from cnn_ablate.models import INITS, MODELS, initialise

SHAPE = (3, 32, 32)


def weights(name, knobs, *, seed=0, scheme="default"):
    """Return the initial state of a network."""
    network = MODELS[name].model_validate(knobs).build(SHAPE, 10)
    initialise(network, seed, scheme)
    return network.state_dict()


@pytest.mark.parametrize("scheme", INITS)
@pytest.mark.parametrize(
    ("knobs", "touched"),
    [
        ({"batch_norm": False}, ["norm"]),
        ({"residual": False}, ["shortcut"]),
        ({"attention": "none"}, ["attention"]),
        ({"attention": "se"}, ["attention.spatial"]),
        ({"fc_layers": 1}, ["head"]),
        ({"fc_layers": 3}, ["head.fc2"]),
        ({"fc_layers": 4}, ["head.fc2", "head.fc3"]),
        ({"relu_logits": False}, []),
    ],
)
def test_a_switch_leaves_the_other_layers_alone(knobs, touched, scheme):
    """Switching a component keeps the initial weights of all other layers."""
    before, after = (
        {
            name: value
            for name, value in weights("cnnnet", choice, scheme=scheme).items()
            if not any(part in name for part in touched)
        }
        for choice in ({}, knobs)
    )

    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_seeds_and_layers_differ():
    """Another seed gives other weights, and equal layers of one network differ."""
    zero = weights("resnet", {"width": 8})
    one = weights("resnet", {"width": 8}, seed=1)
    first, second = (f"stages.stage1_block{n}.first.conv.weight" for n in (1, 2))

    assert torch.equal(zero[first], weights("resnet", {"width": 8})[first])
    assert not torch.equal(zero[first], one[first])
    assert not torch.equal(zero[first], zero[second])


@pytest.mark.parametrize("name", MODELS)
def test_all_weights_are_set(name):
    """All earlier weights are replaced, in every family."""
    network = MODELS[name]().build((3, 16, 16), 10)
    initialise(network, 0)
    expected = {key: value.clone() for key, value in network.state_dict().items()}
    for value in network.state_dict().values():
        value.fill_(77)
    initialise(network, 0)

    assert all(torch.equal(expected[key], value) for key, value in network.state_dict().items())


def test_the_global_generator_is_left_alone():
    """Initialising draws nothing from torch's global generator."""
    network = nn.Linear(3, 3)
    before = torch.get_rng_state()
    initialise(network, 0)

    assert torch.equal(before, torch.get_rng_state())


def test_kaiming_fan_out():
    """Weights have variance 2 / fan-out, and dense biases are zero."""
    network = nn.ModuleDict({"conv": nn.Conv2d(64, 32, 3), "fc": nn.Linear(300, 200)})
    initialise(network, 0, "kaiming_fan_out")

    assert network["conv"].weight.std().item() == pytest.approx((2 / 288) ** 0.5, rel=0.02)
    assert network["fc"].weight.std().item() == pytest.approx((2 / 200) ** 0.5, rel=0.02)
    assert not network["fc"].bias.any()
