"""The networks: published sizes, shapes layer by layer, and what every table entry must do."""

import json
from itertools import product

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from cnn_ablate.errors import UserError
from cnn_ablate.models import (
    ACTIVATIONS,
    ATTENTION,
    MODELS,
    NORMS,
    Dropout,
    dead_parameters,
    find_dead,
    set_dropout_keys,
)
from cnn_ablate.streams import Draws

COLOUR, GREY, SMALL = (3, 32, 32), (1, 28, 28), (3, 16, 16)
TABLES = {"attention": ATTENTION, "norm": NORMS, "activation": ACTIVATIONS}
LADDER3 = {"batch_norm": True, "global_pool": True, "dropout": 0.5}

PUBLISHED = [
    ("cnnnet", {}, COLOUR, 2_134_902),
    ("cnnnet", {"attention": "none"}, COLOUR, 2_134_902 - 300),
    ("lenet", {}, COLOUR, 62_006),
    ("fashion_cnn", {"hidden": []}, GREY, 31_530),
    ("fashion_cnn", {}, GREY, 402_986),
    ("fashion_cnn", {"convs": 2, "hidden": [256, 128]}, GREY, 334_154),
    ("convnet", {}, COLOUR, 2_348_030),
    ("convnet", LADDER3, COLOUR, 413_566),
    ("convnet", LADDER3 | {"attention": "self_attention"}, COLOUR, 521_646),
    ("resnet", {}, COLOUR, 11_173_962),
    ("resnet", {"blocks": [1, 1, 1, 1]}, COLOUR, 4_903_242),
    ("resnet", {"blocks": [1, 1, 1, 1], "separable": True}, COLOUR, 722_186),
    ("preact_resnet", {}, COLOUR, 4_969_600),
    ("preact_resnet", {"transformer": "none"}, COLOUR, 4_275_280),
    ("preact_resnet", {"transformer": "used"}, COLOUR, 4_969_600),
    ("preact_resnet", {"attention": "cbam"}, COLOUR, 5_001_792),
    ("preact_resnet", {"attention": "se"}, COLOUR, 5_003_680),
    ("preact_resnet", {"attention": "cbam", "attention_ignored": True}, COLOUR, 4_969_600),
]

CNNNET_SHAPES = {
    "attention": (3, 32, 32),
    "block1.first.conv": (16, 32, 32),
    "block1.shortcut.conv": (36, 32, 32),
    "block1": (36, 32, 32),
    "block2.first.conv": (72, 16, 16),
    "block2": (156, 16, 16),
    "conv5": (312, 4, 4),
    "head.fc1": (156,),
    "head.output": (10,),
}
CONVNET_SHAPES = {
    "stages.stage1": (64, 32, 32),
    "stages.pool1": (64, 16, 16),
    "stages.stage2": (128, 16, 16),
    "stages.pool2": (128, 8, 8),
    "stages.stage3": (256, 8, 8),
    "head.fc1": (120,),
    "head.fc2": (84,),
    "head.output": (10,),
}
SHAPES = [
    ("cnnnet", {}, COLOUR, CNNNET_SHAPES),
    (
        "lenet",
        {},
        COLOUR,
        {
            "conv1": (6, 28, 28),
            "conv2": (16, 10, 10),
            "head.fc1": (120,),
            "head.fc2": (84,),
            "head.output": (10,),
        },
    ),
    ("lenet", {"kernel": 3}, COLOUR, {"conv1": (6, 30, 30), "conv2": (16, 13, 13)}),
    ("fashion_cnn", {}, GREY, {"conv1": (16, 28, 28), "head.fc1": (128,)}),
    (
        "fashion_cnn",
        {"convs": 2, "hidden": [256, 128]},
        GREY,
        {
            "conv1": (16, 28, 28),
            "conv2": (32, 12, 12),
            "head.fc1": (256,),
            "head.fc2": (128,),
            "head.output": (10,),
        },
    ),
    ("convnet", {}, COLOUR, CONVNET_SHAPES | {"dropout": (16384,)}),
    ("convnet", LADDER3, COLOUR, CONVNET_SHAPES | {"dropout": (256,)}),
    (
        "resnet",
        {},
        COLOUR,
        {
            "stem": (64, 32, 32),
            "stages.stage1_block2": (64, 32, 32),
            "stages.stage2_block1.shortcut": (128, 16, 16),
            "stages.stage2_block2": (128, 16, 16),
            "stages.stage3_block2": (256, 8, 8),
            "stages.stage4_block2": (512, 4, 4),
            "dropout": (512,),
        },
    ),
    (
        "resnet",
        {"blocks": [1, 1, 1, 1], "separable": True},
        COLOUR,
        {
            "stages.stage2_block1.first.conv.depthwise": (64, 16, 16),
            "stages.stage2_block1.first.conv.pointwise": (128, 16, 16),
            "stages.stage4_block1": (512, 4, 4),
        },
    ),
    (
        "preact_resnet",
        {"transformer": "used"},
        COLOUR,
        {
            "stem": (30, 32, 32),
            "stages.stage1_block2": (30, 32, 32),
            "stages.stage2_block2": (60, 16, 16),
            "stages.stage3_block5": (120, 8, 8),
            "stages.stage4_block1.shortcut": (240, 4, 4),
            "stages.stage4_block3": (240, 4, 4),
            "transformer": (240, 4, 4),
            "transformer.qkv": (16, 720),
            "dropout": (240,),
        },
    ),
]

# Every entry of every table, in every family that has a knob for it; narrow, to be quick.
WALK = [
    (name, {knob: level} | ({"width": 8} if "width" in options.model_fields else {}), SMALL)
    for (name, options), (knob, table) in product(MODELS.items(), TABLES.items())
    if knob in options.model_fields
    for level in table
]
DEFAULTS = [(name, {}, shape) for name, shape in product(MODELS, (COLOUR, GREY, SMALL))]


def built(name, knobs, shape, classes=10):
    """Build a network from its knobs under a fixed seed."""
    torch.manual_seed(0)
    return MODELS[name].model_validate(knobs).build(shape, classes)


def images(count, shape):
    """Give images that are the same on every call."""
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
    """A training step gives a finite gradient to all that is not known to be dead."""
    network = built(name, knobs, shape, classes=7).train()
    set_dropout_keys(network, Draws(0, 0, torch.arange(4)).keys("dropout"))
    logits = network(images(4, shape))
    nn.functional.cross_entropy(logits, torch.arange(4)).backward()
    dead = {"transformer"} if name == "preact_resnet" else set()
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]

    assert (4, 7) == logits.shape
    assert dead == dead_parameters(network).keys()
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
    """Odd sizes, oblong images and any number of channels and classes are taken."""
    network = built(name, {}, shape, classes=3).eval()

    assert (2, 3) == network(images(2, shape)).shape


@pytest.mark.parametrize("name", MODELS)
def test_too_small_images(name):
    """Images under 16 px are refused in one sentence."""
    expected = "model: the networks take images from 16 x 16 px up, got 15 x 32."

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
    assert {} == find_dead(MODELS["preact_resnet"](transformer="used"), SMALL, 10)


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
