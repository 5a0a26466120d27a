"""The tested networks: published sizes and shapes, and every entry of every table."""

from itertools import product

from cnn_ablate.models import ACTIVATIONS, ATTENTION, MODELS, NORMS

COLOUR, GREY, SMALL = (3, 32, 32), (1, 28, 28), (3, 16, 16)
TABLES = {"attention": ATTENTION, "norm": NORMS, "activation": ACTIVATIONS}
LADDER3 = {"batch_norm": True, "global_pool": True, "dropout": 0.5}

PUBLISHED = [
    ("cnnnet", {}, COLOUR, 2_134_902),
    ("cnnnet", {"attention": "none"}, COLOUR, 2_134_902 - 300),
    ("cnnnet", {"last_conv": False}, COLOUR, 2_134_902 - 438_672),
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
    # Without its three shortcuts, of 64 x 128, 128 x 256 and 256 x 512 weights and their norms.
    ("resnet", {"residual": False}, COLOUR, 11_173_962 - 172_032 - 1_792),
    ("preact_resnet", {}, COLOUR, 4_969_600),
    ("preact_resnet", {"transformer": "none"}, COLOUR, 4_275_280),
    ("preact_resnet", {"residual": False}, COLOUR, 4_969_600 - 37_800),
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
