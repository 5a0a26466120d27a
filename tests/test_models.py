"""The networks: published sizes, shapes layer by layer, and what every table entry must do."""

import json

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from cnn_ablate.errors import UserError
from cnn_ablate.models import (
    MODELS,
    Dropout,
    count_dead_parameters,
    find_dead_parameters,
    set_dropout_keys,
)
from cnn_ablate.rng import Draws
from support.network_cases import COLOUR, DEFAULTS, PUBLISHED, SHAPES, SMALL, WALK


def built(name, knobs, shape, classes=10):
    """Build a network from its knobs under a fixed seed."""
    torch.manual_seed(0)
    return MODELS[name].model_validate(knobs).build(shape, classes)


def images(count, shape):
    """Return images that are the same on every call."""
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("name", "knobs", "shape", "expected"), PUBLISHED)
def test_published_parameters(name, knobs, shape, expected):
    """Each network of the papers has the published number of parameters."""
    with torch.device("meta"):
        network = built(name, knobs, shape)

    assert expected == sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize(("name", "knobs", "shape", "expected"), SHAPES)
def test_layer_shapes(name, knobs, shape, expected):
    """Each layer gives maps of the published shape."""
    network = built(name, knobs, shape).eval()
    actual = {}

    def keep(layer):
        return lambda _module, _args, left: actual.update({layer: tuple(left.shape[1:])})

    for layer in expected:
        network.get_submodule(layer).register_forward_hook(keep(layer))
    network(images(1, shape))

    assert expected == actual


@pytest.mark.parametrize(("name", "knobs", "shape"), DEFAULTS + WALK)
def test_every_network_learns(name, knobs, shape):
    """A training step gives a finite gradient to all parameters that are not known to be dead."""
    network = built(name, knobs, shape, classes=7).train()
    set_dropout_keys(network, Draws(0, 0, torch.arange(4)).keys("dropout"))
    logits = network(images(4, shape))
    nn.functional.cross_entropy(logits, torch.arange(4)).backward()
    dead = {"transformer"} if name == "preact_resnet" else set()
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]

    assert (4, 7) == logits.shape
    assert dead == count_dead_parameters(network).keys()
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize(("name", "knobs", "shape"), DEFAULTS + WALK)
def test_evaluation_of_one_image(name, knobs, shape):
    """An image gets the same logits alone, in a batch, and in channels_last."""
    network = built(name, knobs, shape).eval()
    batch = images(3, shape)
    with torch.no_grad():
        expected = network(batch)
        alone = network(batch[1:2])
        turned = network(batch.to(memory_format=torch.channels_last))

    torch.testing.assert_close(alone, expected[1:2], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(turned, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "knobs", "shape"), DEFAULTS + WALK)
def test_knobs_make_a_round_trip(name, knobs, shape):
    """Settings written as JSON and read again give equal options."""
    options = MODELS[name].model_validate(knobs)

    for settings in (options.settings(), json.loads(json.dumps(options.settings()))):
        assert options.settings() == MODELS[name].model_validate(settings).settings()


@pytest.mark.parametrize("name", MODELS)
def test_every_knob_is_documented(name):
    """Each knob and each family has a line for the schema."""
    schema = MODELS[name].model_json_schema()

    assert schema["description"]
    assert all(knob["description"] for knob in schema["properties"].values())


@pytest.mark.parametrize("name", MODELS)
def test_dropout_is_counter_based(name):
    """No family draws its dropout from torch's global generator."""
    network = built(name, {"transformer": "used"} if name == "preact_resnet" else {}, COLOUR)

    assert not [m for m in network.modules() if isinstance(m, nn.modules.dropout._DropoutNd)]
    assert not [m for m in network.modules() if isinstance(m, nn.MultiheadAttention)]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", [(2, 16, 16), (4, 17, 23), (3, 40, 16), (1, 19, 19)])
def test_any_channels_and_sizes(name, shape):
    """Odd sizes, rectangular images and any number of channels and classes are accepted."""
    network = built(name, {}, shape, classes=3).eval()

    assert (2, 3) == network(images(2, shape)).shape


@pytest.mark.parametrize("name", MODELS)
def test_too_small_images(name):
    """Images under 16 px are refused in one sentence."""
    expected = "model: the networks need images of at least 16 x 16 px, got 15 x 32."

    with pytest.raises(UserError) as caught:
        built(name, {}, (3, 15, 32))

    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("cnnnet", {"attention": "CBAM"}),
        ("cnnnet", {"fc_layers": 5}),
        ("lenet", {"kernel": 4}),
        ("fashion_cnn", {"hidden": ["128"]}),
        ("convnet", {"widths": []}),
        ("convnet", {"dropout": 1.0}),
        ("resnet", {"blocks": [2, 0]}),
        ("resnet", {"blocks": 2}),
        ("preact_resnet", {"transformer": True}),
        ("preact_resnet", {"width": 31, "blocks": [1]}),
    ],
)
def test_wrong_knobs(name, knobs):
    """Unknown names, wrong types and heads that do not fit are refused."""
    with pytest.raises(ValidationError):
        MODELS[name].model_validate(knobs)


def test_sequences_are_frozen():
    """A YAML list becomes a tuple, so that options can be hashed and compared."""
    options = MODELS["resnet"].model_validate({"blocks": [1, 1]})

    assert (1, 1) == options.settings()["blocks"]
    assert hash(options) == hash(MODELS["resnet"].model_validate({"blocks": (1, 1)}))


def test_settings_leave_out_what_cannot_matter():
    """Knobs of a part that is off are no part of the settings."""
    off = MODELS["cnnnet"].model_validate({"attention": "none", "batch_norm": False})

    assert not {"reduction", "spatial_kernel", "norm"} & off.settings().keys()
    assert {"reduction", "spatial_kernel", "norm"} <= MODELS["cnnnet"]().settings().keys()


def test_relu_logits():
    """CNNNet's ReLU on the logits changes them and nothing else."""
    plain = built("cnnnet", {"relu_logits": False}, COLOUR).eval()
    capped = built("cnnnet", {}, COLOUR).eval()
    batch = images(2, COLOUR)

    assert plain(batch).min() < 0
    assert torch.equal(plain(batch).relu(), capped(batch))


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_fc_layers(layers):
    """CNNNet's head has as many dense layers as asked for, 156 wide between."""
    head = built("cnnnet", {"fc_layers": layers}, COLOUR).head
    widths = [4992] + [156] * (layers - 1) + [10]

    dense = [layer for layer in head if isinstance(layer, nn.Linear)]
    assert widths == [layer.in_features for layer in dense] + [dense[-1].out_features]


def test_transformer_built_is_never_called():
    """The network as released gives the same logits as one without the Transformer block."""
    dead = built("preact_resnet", {}, SMALL).eval()
    none = built("preact_resnet", {"transformer": "none"}, SMALL).eval()
    used = built("preact_resnet", {"transformer": "used"}, SMALL).eval()
    for other in (none, used):
        other.load_state_dict(dead.state_dict(), strict=other is used)
    batch = images(2, SMALL)

    assert torch.equal(dead(batch), none(batch))
    assert not torch.allclose(dead(batch), used(batch))
    assert {} == find_dead_parameters(MODELS["preact_resnet"](transformer="used"), SMALL, 10)


def test_preact_shortcut_starts_after_the_activation():
    """With its residual silenced, a block gives its first activation, not its input."""
    block = built("preact_resnet", {}, SMALL).eval().stages.stage1_block2
    nn.init.zeros_(block.conv2.weight)
    x = torch.randn(2, 30, 8, 8)

    assert torch.equal(block.first(x), block(x))


def test_stages_share_names_across_depths():
    """A shallower ResNet has a subset of the deeper one's layers."""
    deep = built("resnet", {"width": 8}, SMALL)
    shallow = built("resnet", {"width": 8, "blocks": [1, 1, 1, 1]}, SMALL)

    assert set(dict(shallow.named_parameters())) < set(dict(deep.named_parameters()))


@pytest.mark.parametrize("name", ["convnet", "resnet", "preact_resnet"])
def test_dropout_rates_reach_the_network(name):
    """A dropout rate of the options is that of the network's dropout layer."""
    knob = "head_dropout" if name == "preact_resnet" else "dropout"
    network = built(name, {knob: 0.25}, SMALL)

    assert isinstance(network.dropout, Dropout)
    assert 0.25 == network.dropout.rate
