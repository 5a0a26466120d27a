"""Dropout: its rate and scale, and that a mask depends on sample, layer and feature alone."""

import pytest
import torch
from torch import nn

from cnn_ablate.models import Dropout, set_dropout_keys
from cnn_ablate.models.counter_dropout import _scrambled, number_dropouts
from cnn_ablate.rng import Draws, hash32

KEYS = Draws(0, 0, torch.arange(64)).keys("dropout")


def dropped(x, keys, *, rate=0.5, layer=1):
    """Return the output of a dropout layer in training mode."""
    dropout = Dropout(rate)
    dropout.layer = layer
    set_dropout_keys(dropout, keys)
    return dropout(x)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.5, 0.9])
def test_rate_and_scale(rate):
    """A fraction `rate` of features is zeroed, the others are divided by 1 - rate."""
    y = dropped(torch.ones(64, 4096), KEYS, rate=rate)
    share = (y == 0).float().mean().item()

    assert share == pytest.approx(rate, abs=5 * (rate * (1 - rate) / y.numel()) ** 0.5)
    torch.testing.assert_close(y[y != 0], torch.full_like(y[y != 0], 1 / (1 - rate)))


@pytest.mark.parametrize("dim", [0, 1])
def test_every_sample_and_feature_is_dropped_alike(dim):
    """The fraction of zeros is the same in every sample and for every feature."""
    zeros = (dropped(torch.ones(2048, 2048), hash32(torch.arange(2048))) == 0).float().mean(dim)

    assert zeros.sub(0.5).abs().max() < 6 * 0.5 / 2048**0.5


@pytest.mark.parametrize("change", ["layer", "sample", "epoch", "seed"])
def test_masks_are_independent(change):
    """Another layer, sample, epoch or seed has a mask that agrees in half of all positions."""
    x = torch.ones(64, 4096)
    others = {
        "layer": lambda: dropped(x, KEYS, layer=2),
        "sample": lambda: dropped(x, KEYS.roll(1)),
        "epoch": lambda: dropped(x, Draws(0, 1, torch.arange(64)).keys("dropout")),
        "seed": lambda: dropped(x, Draws(1, 0, torch.arange(64)).keys("dropout")),
    }
    agreement = (dropped(x, KEYS) == others[change]()).float().mean()

    assert abs(agreement - 0.5) < 5 * 0.5 / x.numel() ** 0.5


def test_neighbouring_features_are_independent():
    """A feature is dropped whether or not those before it were."""
    mask = dropped(torch.ones(64, 4096), KEYS) == 0
    for lag in (1, 2, 7, 32, 1024):
        agreement = (mask[:, lag:] == mask[:, :-lag]).float().mean()
        assert abs(agreement - 0.5) < 0.01


def test_a_mask_does_not_depend_on_the_batch():
    """A sample is dropped bit for bit alike alone, in a batch, and in another order."""
    x = torch.randn(64, 8, 5, 5)
    order = torch.randperm(64)
    y = dropped(x, KEYS)

    assert torch.equal(y[3:4], dropped(x[3:4], KEYS[3:4]))
    assert torch.equal(y[order], dropped(x[order], KEYS[order]))


def test_a_mask_does_not_depend_on_the_layout():
    """channels_last gives the same numbers, and stays channels_last."""
    x = torch.randn(64, 8, 5, 5)
    turned = dropped(x.to(memory_format=torch.channels_last), KEYS)

    assert torch.equal(dropped(x, KEYS), turned)
    assert turned.is_contiguous(memory_format=torch.channels_last)


def test_gradients_pass_where_features_do():
    """The gradient is dropped and scaled as the features are."""
    x = torch.ones(64, 100, requires_grad=True)
    y = dropped(x, KEYS)
    y.sum().backward()

    assert torch.equal(y, x.grad)


def test_bfloat16_has_the_same_mask():
    """The precision of the features does not move the mask."""
    x = torch.ones(64, 100)
    half = dropped(x.bfloat16(), KEYS)

    assert torch.bfloat16 == half.dtype
    assert torch.equal(dropped(x, KEYS) == 0, half == 0)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_identity_in_evaluation(rate):
    """Evaluation needs no keys and changes nothing, and neither does a rate of zero."""
    x = torch.randn(2, 3)

    assert x is Dropout(rate).eval()(x)
    assert x is Dropout(0.0).train()(x)


def test_missing_keys():
    """Training without one key per sample is an error, not a shared mask."""
    dropout = Dropout(0.5)
    with pytest.raises(RuntimeError, match="one key per sample"):
        dropout(torch.ones(2, 3))

    set_dropout_keys(dropout, KEYS[:1])
    with pytest.raises(RuntimeError, match="one key per sample"):
        dropout(torch.ones(2, 3))


def test_layers_are_numbered_by_name():
    """Equal names share their masks across networks; different names do not."""
    few = nn.ModuleDict({"late": Dropout(0.5)})
    many = nn.ModuleDict({"early": Dropout(0.5), "late": Dropout(0.5)})
    for network in (few, many):
        number_dropouts(network)

    assert few["late"].layer == many["late"].layer
    assert many["early"].layer != many["late"].layer


def test_keys_are_no_part_of_the_weights():
    """The keys of a batch are not saved with the network."""
    network = nn.Sequential(Dropout(0.5))
    set_dropout_keys(network, KEYS)

    assert {} == dict(network.state_dict())


def test_scrambling_agrees_with_the_streams():
    """The 32-bit hash is `rng.hash32`."""
    counters = torch.arange(-1000, 1000)

    assert torch.equal(hash32(counters), _scrambled(counters.int()).long() & 0xFFFFFFFF)
