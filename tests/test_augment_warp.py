"""Rotations and affine transformations against torchvision's: values and distributions."""

import pytest
import torch
from scipy import stats
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms import functional as classic

from cnn_ablate.data.augment.warp import Affine, Rotation, Warp, apply_warp
from support.image_batches import context, pictures, stream

MODES = {"bilinear": InterpolationMode.BILINEAR, "nearest": InterpolationMode.NEAREST}


def warp(angle=0.0, right=0.0, down=0.0, scale=1.0, shear=0.0):
    """The same transformation for one image."""
    return Warp(*(torch.tensor([value]) for value in (angle, right, down, scale, shear)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "knobs",
    [
        {"angle": 0.0},
        {"angle": 13.0},
        {"angle": -80.0},
        {"right": 3.0, "down": -2.0},
        {"scale": 0.8},
        {"shear": 20.0},
        {"angle": -31.0, "right": -4.0, "down": 1.0, "scale": 1.2, "shear": -11.0},
    ],
)
def test_a_known_map_gives_what_torchvision_gives(mode, knobs):
    """Angle, shift, scale and shear, alone and together, agree on an image that is not square."""
    image = pictures(1, height=20, width=31, dtype=torch.float32)
    all_knobs = {"angle": 0.0, "right": 0.0, "down": 0.0, "scale": 1.0, "shear": 0.0, **knobs}
    expected = classic.affine(
        image,
        all_knobs["angle"],
        [int(all_knobs["right"]), int(all_knobs["down"])],
        all_knobs["scale"],
        [all_knobs["shear"], 0.0],
        interpolation=MODES[mode],
    )
    fill = torch.zeros(3, 1, 1)
    ours = apply_warp(image, warp(**knobs), fill=fill, interpolation=mode)

    difference = (expected - ours).abs()
    # Where torchvision and we round a place between two pixels apart, `nearest` picks either.
    assert (difference > 0.05).float().mean() < (0.0001 if mode == "bilinear" else 0.01)


def test_a_rotation_turns_as_torchvision_turns():
    """Clockwise here is a negative angle there."""
    image = pictures(1, dtype=torch.float32)
    expected = classic.rotate(image, -20.0, interpolation=InterpolationMode.BILINEAR)

    torch.testing.assert_close(
        expected, apply_warp(image, warp(20.0), fill=torch.zeros(3, 1, 1)), atol=0.05, rtol=0
    )


@pytest.mark.parametrize("entry", [Rotation(degrees=180), Affine(degrees=90, translate=0.5)])
def test_the_mean_comes_in_from_outside(entry):
    """With `fill: mean` an image of nothing but the mean stays so; with zero it gets black."""
    images = context().mean.expand(30, 3, 16, 16)
    filled = entry.model_copy(update={"fill": "mean"}).transform_images(
        images, stream(30), context()
    )

    torch.testing.assert_close(images, filled)
    assert (entry.transform_images(images, stream(30), context()).amin((1, 2, 3)) == 0).any()


def test_affine_numbers_are_distributed_as_torchvisions():
    """Angles, shifts in whole pixels, scales and shears have torchvision's distributions."""
    n = 1500
    affine = Affine(degrees=12, translate=0.2, scale=(0.7, 1.5), shear=8)
    transform = v2.RandomAffine(12, (0.2, 0.2), (0.7, 1.5), 8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = [transform.make_params([torch.zeros(1, 20, 32)]) for _ in range(n)]
    ours = affine._random_warp(stream(n), 20, 32)

    theirs = {
        "angle": [numbers["angle"] for numbers in drawn],
        "right": [numbers["translate"][0] for numbers in drawn],
        "down": [numbers["translate"][1] for numbers in drawn],
        "scale": [numbers["scale"] for numbers in drawn],
        "shear": [numbers["shear"][0] for numbers in drawn],
    }
    for name, values in theirs.items():
        assert stats.ks_2samp(getattr(ours, name).numpy(), values).pvalue > 0.01
    assert torch.equal(ours.right.round(), ours.right)
    assert (6, 4) == (ours.right.abs().max(), ours.down.abs().max())


def test_a_rotation_is_an_affine_map_that_only_turns():
    """Both draw the same angles from the same stream."""
    images = pictures(12)
    still = Affine(degrees=30, translate=0, scale=(1, 1), interpolation="nearest")
    rotation = Rotation(degrees=30, interpolation="nearest")

    expected = still.transform_images(images, stream(12), context())
    assert torch.equal(expected, rotation.transform_images(images, stream(12), context()))
    assert torch.float32 == expected.dtype


def test_nothing_to_turn_changes_nothing():
    """A rotation of at most 0 degrees changes nothing."""
    images = pictures(5)

    torch.testing.assert_close(
        images.float(),
        Rotation(degrees=0).transform_images(images, stream(5), context()),
        atol=0.01,
        rtol=0,
    )
