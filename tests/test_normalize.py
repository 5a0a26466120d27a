"""Normalisation of pixels: names, numbers, and the tensors that apply them."""

import pytest
import torch
from pydantic import ValidationError
from torchvision.transforms.v2 import functional

from cnn_ablate.data.normalize import (
    NORMALIZATIONS,
    Normalization,
    Normalize,
    TrainingNormalization,
)
from cnn_ablate.errors import UserError
from cnn_ablate.options import Options, knob


class Data(Options):
    """Options with a normalisation, as a data set has them."""

    normalize: Normalize = knob(NORMALIZATIONS["none"], "How pixels are normalised.")


def images(channels, *, dtype=torch.uint8):
    """Every level once in each channel."""
    return torch.arange(256).view(1, 1, 16, 16).repeat(2, channels, 1, 1).to(dtype)


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_normalising_is_that_of_torchvision(name, layout, dtype):
    """Images in 0..255 become what ToTensor and Normalize make of them, in any layout."""
    known = NORMALIZATIONS[name]
    channels = len(known.mean)
    given = images(channels, dtype=dtype).contiguous(memory_format=layout)
    before = given.clone()

    expected = functional.normalize(images(channels) / 255, list(known.mean), list(known.std))
    torch.testing.assert_close(expected, known.build(channels)(given))
    assert torch.equal(before, given)


def test_one_value_serves_all_channels():
    """A single mean and deviation hold for every channel."""
    half = NORMALIZATIONS["half"].build(3)(images(3))

    torch.testing.assert_close(images(3) / 127.5 - 1, half)


def test_none_only_scales_to_one():
    """Without normalisation pixels are levels over 255."""
    torch.testing.assert_close(images(2) / 255, NORMALIZATIONS["none"].build(2)(images(2)))


def test_the_wrong_number_of_channels_is_the_users_fault():
    """Three means for one channel, two deviations for three, or none are named in one sentence."""
    with pytest.raises(UserError, match="3 values for images of 1 channels"):
        NORMALIZATIONS["cifar10"].build(1)
    with pytest.raises(UserError, match="2 values for images of 3 channels"):
        Normalization(mean=(0.5,), std=(0.5, 0.5)).build(3)
    with pytest.raises(UserError, match="0 values for images of 1 channels"):
        Normalization(mean=(), std=(1.0,)).build(1)


def test_a_field_takes_a_name_or_numbers():
    """The YAML may say a name or lists of numbers, and equal numbers are one setting."""
    by_name = Data.model_validate({"normalize": "fashion_mnist"})
    by_number = Data.model_validate({"normalize": {"mean": [0.286], "std": [0.353]}})
    other = Data.model_validate({"normalize": {"mean": [0.3, 0.2], "std": [1]}})

    assert by_name == by_number
    assert {"normalize": "fashion_mnist"} == by_number.settings()
    assert {"normalize": {"mean": (0.3, 0.2), "std": (1.0,)}} == other.settings()
    assert other == Data.model_validate(other.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("written", "place", "kind"),
    [
        ("cifar", ("normalize",), "unknown_name"),
        ({"mean": [0.5], "std": [0.0]}, ("normalize", "std", 0), "greater_than"),
        ({"mean": [0.5]}, ("normalize", "std"), "missing"),
    ],
)
def test_a_wrong_normalisation_is_refused_at_its_place(written, place, kind):
    """Unknown names, deviations of zero and missing lists are errors where they stand."""
    with pytest.raises(ValidationError) as caught:
        Data.model_validate({"normalize": written})
    (error,) = caught.value.errors()
    assert (place, kind) == (error["loc"], error["type"])


def test_the_schema_of_the_field_names_what_is_known():
    """An editor can offer the known names."""
    names, numbers = Data.model_json_schema()["properties"]["normalize"]["anyOf"]

    assert sorted([*NORMALIZATIONS, "training"]) == names["enum"]
    assert {"mean", "std"} == numbers["properties"].keys()


@pytest.mark.parametrize("channels", [1, 3])
def test_training_images_normalise_themselves(channels):
    """With float64's mean and population deviation of the images that are chosen."""
    generator = torch.Generator().manual_seed(0)
    given = torch.randint(0, 256, (300, channels, 40, 40), dtype=torch.uint8, generator=generator)
    given[:, 0] //= 3
    chosen = torch.arange(5, 280)
    measured = Data.model_validate({"normalize": "training"}).normalize.of(given, chosen)

    part = given[5:280].numpy() / 255
    assert measured.mean == pytest.approx(part.mean((0, 2, 3)), abs=1e-12)
    assert measured.std == pytest.approx(part.std((0, 2, 3)), abs=1e-12)
    normalised = measured.build(channels)(given[5:280])
    assert normalised.mean((0, 2, 3)).abs().max() < 1e-4


def test_a_channel_of_one_value_cannot_be_normalised():
    """Its number is named."""
    given = images(3)
    given[:, 1] = 7
    with pytest.raises(UserError, match="all training images have one value in channel 2"):
        TrainingNormalization().of(given, torch.arange(2))
