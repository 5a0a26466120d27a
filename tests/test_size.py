"""Parameters, multiply-adds and dead parameters, against hand counts and against torch."""

from time import perf_counter

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnn_ablate.models import (
    ATTENTION,
    MODELS,
    count_dead_parameters,
    find_dead_parameters,
    network_size,
)
from cnn_ablate.schema import Size

COLOUR = (3, 32, 32)

# Outputs times products for each: channels * places * kernel.
LENET = [
    6 * 28 * 28 * (3 * 25),
    16 * 10 * 10 * (6 * 25),
    400 * 120 + 120 * 84 + 84 * 10,
]
CBAM = [2 * (3 * 1 + 1 * 3), 3 * 32 * 32 * (2 * 49)]
CNNNET = [
    *CBAM,
    16 * 32 * 32 * (3 * 9),
    36 * 32 * 32 * (16 * 9),
    36 * 32 * 32 * 3,
    72 * 16 * 16 * (36 * 9),
    156 * 16 * 16 * (72 * 9),
    156 * 16 * 16 * 36,
    312 * 4 * 4 * (156 * 25),
    4992 * 156 + 156 * 10,
]


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [("lenet", 62_006, sum(LENET)), ("cnnnet", 2_134_902, sum(CNNNET))],
)
def test_hand_counts(name, parameters, macs):
    """The multiply-adds of LeNet and CNNNet are those counted by hand."""
    assert Size(parameters=parameters, macs=macs) == network_size(MODELS[name](), COLOUR, 10)


def test_cbam_costs_what_it_adds():
    """Switching attention off removes exactly CBAM's multiply-adds."""
    with_cbam = network_size(MODELS["cnnnet"](), COLOUR, 10)
    without = network_size(MODELS["cnnnet"](attention="none"), COLOUR, 10)

    assert 300 == with_cbam.parameters - without.parameters
    assert sum(CBAM) == with_cbam.macs - without.macs


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        (name, {"attention": level})
        for name, options in MODELS.items()
        if "attention" in options.model_fields
        for level in ATTENTION
    ]
    + [("lenet", {}), ("fashion_cnn", {"convs": 2})]
    + [("preact_resnet", {"transformer": "used"}), ("resnet", {"separable": True})],
)
def test_agrees_with_torch(name, knobs):
    """Torch's counter, which counts two for a multiply-add, finds twice as many."""
    options = MODELS[name].model_validate(knobs)
    network = options.build((3, 16, 16), 10).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, 16, 16))

    assert counter.get_total_flops() == 2 * network_size(options, (3, 16, 16), 10).macs


def test_sizing_is_fast():
    """Sizing the largest network takes less than a second."""
    options = MODELS["resnet"]()
    network_size(options, COLOUR, 10)
    start = perf_counter()
    network_size(options, COLOUR, 10)

    assert perf_counter() - start < 1.0


def test_sizing_draws_nothing():
    """Sizing leaves torch's global generator alone."""
    before = torch.get_rng_state()
    network_size(MODELS["lenet"](), COLOUR, 10)
    find_dead_parameters(MODELS["lenet"](), COLOUR, 10)

    assert torch.equal(before, torch.get_rng_state())


def test_the_dead_transformer():
    """The released network's Transformer block is found dead, as a whole."""
    assert {"transformer": 694_320} == find_dead_parameters(MODELS["preact_resnet"](), COLOUR, 10)


def test_dead_parameters_are_named_as_high_as_possible():
    """A dead module is listed once; of another one, the dead parts are listed."""
    network = nn.ModuleDict(
        {
            "living": nn.Linear(2, 2),
            "mixed": nn.ModuleDict({"living": nn.Linear(2, 2), "dead": nn.Linear(2, 3)}),
            "dead": nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)),
        }
    )
    x = network["mixed"]["living"](network["living"](torch.ones(1, 2)))
    x.sum().backward()
    network["mixed"]["living"].bias.grad = None

    expected = {"mixed.living.bias": 2, "mixed.dead": 9, "dead": 12}
    assert expected == count_dead_parameters(network)


def test_no_dead_parameters():
    """A network of which all parts learn has no dead parameters."""
    assert {} == find_dead_parameters(MODELS["cnnnet"](), COLOUR, 10)
