"""Items of user-defined data sets: pictures, arrays and tensors become images of uint8."""

import numpy as np
import pytest
import torch
from PIL import Image

from cnn_ablate.data.torch_dataset import to_uint8
from cnn_ablate.errors import UserError


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (4, 3), 51),
        Image.new("1", (4, 3), 0),
        np.full((3, 4), 51, np.uint8),
        np.full((3, 4, 1), 0.2),
        torch.full((1, 3, 4), 0.2),
        torch.full((3, 4), 51),
    ],
)
def test_pictures_arrays_and_tensors_are_images(image):
    """An image of any kind becomes uint8, channels first."""
    found = to_uint8(image)

    assert (1, 3, 4) == found.shape
    assert {51, 0} >= set(found.flatten().tolist())


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_sixteen_bits_are_scaled_to_eight(mode):
    """65,535 is white."""
    assert {128} == set(to_uint8(Image.new(mode, (4, 5), 32_896)).flatten().tolist())


@pytest.mark.parametrize(("mode", "value"), [("I", 65_536), ("I", -1), ("F", 0.5)])
def test_deeper_pictures_are_refused(mode, value):
    """More than 16 bits per channel would be cut off silently."""
    with pytest.raises(UserError, match=f"mode {mode} has more than 16 bits per channel"):
        to_uint8(Image.new(mode, (4, 5), value))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3, 16, 20), (3, 16, 20)),
        ((16, 20, 3), (3, 16, 20)),
        ((5, 16, 20), (5, 16, 20)),
        ((16, 20, 5), (5, 16, 20)),
        ((2, 16, 3), (3, 2, 16)),
        ((1, 28, 28), (1, 28, 28)),
    ],
)
def test_channels_of_arrays_are_recognised(shape, expected):
    """They come last, unless the first side is the shortest and the last too long for them."""
    assert expected == to_uint8(np.zeros(shape, np.uint8)).shape


def test_masks_are_black_and_white():
    """True becomes 255."""
    assert [0, 255] == to_uint8(np.array([[False, True]])).ravel().tolist()


def test_colours_come_first():
    """The last dimension of an array and the first of a tensor are its channels."""
    assert (3, 5, 4) == to_uint8(Image.new("RGBA", (4, 5))).shape
    assert (3, 5, 4) == to_uint8(np.zeros((5, 4, 3), np.uint8)).shape
    assert (3, 5, 4) == to_uint8(torch.zeros(3, 5, 4)).shape
