"""Colour jitter against torchvision's, factor by factor and in distribution."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnn_ablate.data.augment.jitter import (
    ColorJitter,
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
)
from support.image_batches import context, pictures, stream

PAIRS = [
    (adjust_brightness, functional.adjust_brightness),
    (adjust_contrast, functional.adjust_contrast),
    (adjust_saturation, functional.adjust_saturation),
]


def factors(*values):
    """Factors in a shape that broadcasts with images."""
    return torch.tensor(values).view(-1, 1, 1, 1)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.floats(0, 2), st.sampled_from(PAIRS), st.sampled_from([1, 3]))
def test_a_known_factor_gives_what_torchvision_gives(factor, pair, channels):
    """Brightness, contrast and saturation agree with torchvision's, which clips uint8 values."""
    ours, theirs = pair
    images = pictures(4, channels)
    changed = ours(images.float(), factors(factor).expand(4, -1, -1, -1))

    for whole, unit, tolerance in ((images, 1, 2.01), (images / 255, 255, 0.1)):
        expected = torch.stack([theirs(image, factor) for image in whole]) * float(unit)
        torch.testing.assert_close(expected, changed, atol=tolerance, rtol=0)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.floats(-0.5, 0.5))
def test_a_known_turn_of_the_hue_gives_what_torchvision_gives(turn):
    """Hues agree with torchvision's, also those of grey, black and pure colours."""
    images = pictures(4, dtype=torch.float32)
    images[0, :, :2] = 0
    images[1, :, :2] = 255
    images[2, :, :2] = torch.tensor([255.0, 0, 0]).view(3, 1, 1)
    expected = functional.adjust_hue(images / 255, turn) * 255

    torch.testing.assert_close(
        expected, adjust_hue(images, factors(turn).expand(4, -1, -1, -1)), atol=0.01, rtol=0
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_jitter_is_distributed_as_torchvisions(channels):
    """Mean, spread and colour have the same distribution, in any order of operations."""
    n = 1200
    knobs = {"brightness": 0.3, "contrast": 0.4, "saturation": 0.5, "hue": 0.1}
    image = pictures(1, channels).float() / 255
    transform = v2.ColorJitter(**knobs)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = torch.cat([transform(image) for _ in range(n)]) * 255
    batch = (image * 255).to(torch.uint8).expand(n, -1, -1, -1)
    ours = ColorJitter(**knobs).transform_images(batch, stream(n), context(channels))

    assert torch.float32 == ours.dtype
    for measure in (
        lambda x: x.mean((1, 2, 3)),
        lambda x: x.std((1, 2, 3)),
        lambda x: x[:, 0].mean((1, 2)) / x.mean((1, 2, 3)),
        lambda x: x[:, 0, 3, 3],
    ):
        assert stats.ks_2samp(measure(ours).numpy(), measure(theirs).numpy()).pvalue > 0.01


def test_factors_keep_to_their_range():
    """A brightness of 0.3 multiplies by 0.7 to 1.3 evenly, and never by less than 0."""
    images = torch.full((3000, 1, 1, 1), 100, dtype=torch.uint8)
    still = {"contrast": 0.0, "saturation": 0.0}
    small = ColorJitter(brightness=0.3, **still).transform_images(images, stream(3000), context(1))
    large = ColorJitter(brightness=2.0, **still).transform_images(images, stream(3000), context(1))

    levels = small.flatten().numpy() / 100
    assert stats.kstest(levels, stats.uniform(0.7, 0.6).cdf).pvalue > 0.01
    assert levels.min() >= 0.7 - 1e-6
    assert large.min() >= 0
    assert large.min() < 1


def test_images_that_are_not_drawn_keep_every_bit():
    """Only a fraction p of the images is changed."""
    images = pictures(2000, height=8, width=8)
    jitter = ColorJitter(brightness=0.5, hue=0.2, p=0.4)
    changed = jitter.transform_images(images, stream(2000), context())
    same = (changed == images).flatten(1).all(1)

    drawn = stream(2000).uniform(5)[:, 0] < 0.4
    assert torch.equal(~drawn, same)
    assert stats.binomtest(int(drawn.sum()), 2000, 0.4).pvalue > 0.01


def test_without_knobs_nothing_changes():
    """Jitter with all its knobs at 0 is the identity."""
    images = pictures(8)
    still = ColorJitter(brightness=0, contrast=0, saturation=0)

    assert torch.equal(images.float(), still.transform_images(images, stream(8), context()))
