"""The fixed views of test images whose predictions are averaged."""

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch.nn.functional import pad
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from cnn_ablate.data.augment.views import TTA_VIEWS, TtaViews, views
from support.image_batches import pictures


@pytest.mark.parametrize("name", TTA_VIEWS)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_every_view_is_a_small_fixed_change(name, dtype):
    """A view keeps shape and range, is deterministic, and leaves its input unchanged."""
    images = pictures(4, height=20, dtype=dtype)
    before = images.clone()
    view = TTA_VIEWS[name](images)

    assert images.shape == view.shape
    assert view.min() >= 0
    assert view.max() <= 255
    assert torch.equal(view, TTA_VIEWS[name](images))
    assert torch.equal(before, images)
    assert (name == "identity") == torch.equal(images.float(), view.float())


@pytest.mark.parametrize(
    ("name", "left", "top"),
    [
        ("shift_left", 4, 2),
        ("shift_right", 0, 2),
        ("shift_up", 2, 4),
        ("shift_down", 2, 0),
    ],
)
def test_a_shift_moves_two_pixels_and_repeats_the_border(name, left, top):
    """A shifted image is a crop of the image with a repeated border."""
    images = pictures(2, dtype=torch.float32)
    wide = pad(images, [2] * 4, mode="replicate")

    expected = wide[:, :, top : top + 32, left : left + 32]
    assert torch.equal(expected, TTA_VIEWS[name](images))


@pytest.mark.parametrize(("name", "angle"), [("rotate_left", 5.0), ("rotate_right", -5.0)])
def test_a_rotation_turns_by_five_degrees(name, angle):
    """Away from the border, rotated views are those of torchvision."""
    images = pictures(2, dtype=torch.float32)
    expected = functional.rotate(images, angle, InterpolationMode.BILINEAR)
    inner = slice(4, -4)

    torch.testing.assert_close(
        expected[..., inner, inner],
        TTA_VIEWS[name](images)[..., inner, inner],
        atol=0.05,
        rtol=0,
    )


def test_flipped_twice_is_not_flipped():
    """The flip is its own inverse."""
    images = pictures(2)

    assert torch.equal(images, TTA_VIEWS["flip"](TTA_VIEWS["flip"](images)))


def test_brighter_and_darker_scale_the_levels():
    """Pixel values are multiplied by 1.1 and 0.9 and clipped at white."""
    images = torch.tensor([0, 100, 250], dtype=torch.uint8).view(1, 1, 1, 3)

    torch.testing.assert_close(
        torch.tensor([0.0, 110.0, 255.0]), TTA_VIEWS["brighter"](images).flatten()
    )
    torch.testing.assert_close(
        torch.tensor([0.0, 90.0, 225.0]), TTA_VIEWS["darker"](images).flatten()
    )


def test_views_are_named_in_the_yaml():
    """A list of names is read and looked up in order, and an unknown one is refused."""
    reader = TypeAdapter(TtaViews)

    assert [TTA_VIEWS["flip"], TTA_VIEWS["identity"]] == views(
        reader.validate_python(["flip", "identity"])
    )
    with pytest.raises(ValidationError, match="unknown view"):
        reader.validate_python(["identity", "flop"])
