"""Crops that are resized against those of torchvision: pixels, and distribution of windows."""

import pytest
import torch
from scipy import stats
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnn_ablate.data.augment.resized_crop import RandomResizedCrop
from support.image_batches import context, pictures, stream


@pytest.mark.parametrize("channels", [1, 3])
def test_a_resized_crop_is_that_of_torchvision_at_the_window_drawn(channels):
    """Each image is cropped at its own window; pixels outside of it do not enter."""
    images = pictures(30, channels, 17, 23)
    crop = RandomResizedCrop()
    corners, sizes = crop.windows(images, stream(30))

    resized = crop.transform_images(images, stream(30), context(channels))
    for image, (top, left), (height, width), ours in zip(
        images.float(), corners.tolist(), sizes.tolist(), resized, strict=True
    ):
        theirs = functional.resized_crop(image, top, left, height, width, [17, 23])
        torch.testing.assert_close(theirs, ours, atol=0.01, rtol=0)


@pytest.mark.parametrize("shape", [(32, 32), (20, 40)])
def test_windows_are_distributed_as_torchvisions(shape):
    """Corners, heights, widths and areas have torchvision's distributions."""
    n = 1500
    image = torch.zeros(1, 1, *shape)
    crop = RandomResizedCrop(scale=(0.1, 0.9), ratio=(0.5, 1.5))
    transform = v2.RandomResizedCrop(shape, crop.scale, crop.ratio)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = [transform.make_params([image]) for _ in range(n)]
    theirs = torch.tensor([[d[k] for k in ("top", "left", "height", "width")] for d in drawn])
    ours = torch.cat(crop.windows(image.expand(n, -1, -1, -1), stream(n)), dim=1)

    for mine, other in zip(ours.T, theirs.T, strict=True):
        assert stats.ks_2samp(mine.numpy(), other.numpy()).pvalue > 0.005
    areas = [(windows[:, 2] * windows[:, 3]).numpy() for windows in (ours, theirs)]
    assert stats.ks_2samp(*areas).pvalue > 0.005


@pytest.mark.parametrize("shape", [(8, 60), (60, 8)])
def test_where_no_window_fits_the_centre_is_cropped(shape):
    """A whole long picture is of no allowed shape, so its centre of the nearest one is taken."""
    image = torch.zeros(3, 1, *shape)
    corners, sizes = RandomResizedCrop(scale=(1, 1)).windows(image, stream(3))
    transform = v2.RandomResizedCrop(shape, (1, 1))
    expected = transform.make_params([image[:1]])

    assert [[expected["top"], expected["left"]]] * 3 == corners.tolist()
    assert [[expected["height"], expected["width"]]] * 3 == sizes.tolist()
