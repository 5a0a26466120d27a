"""RandAugment and TrivialAugment do to images what torchvision's do."""

from collections import Counter

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode

from cnn_ablate.data.augment.auto_augment import RandAugment, TrivialAugment
from cnn_ablate.data.augment.image_operations import OPERATIONS
from cnn_ablate.data.augment.operation import Stream
from support.image_batches import context, draws, pictures

# Torchvision's, which draws an operation, and applies it with a magnitude.
THEIRS = {"rand_augment": v2.RandAugment(), "trivial_augment": v2.TrivialAugmentWide()}
OURS = {"rand_augment": RandAugment, "trivial_augment": TrivialAugment}


def apply_theirs(theirs, images, name, magnitude):
    """Apply an operation of torchvision, as its augmentations do."""
    return theirs._apply_image_or_video_transform(
        images, name, magnitude, interpolation=InterpolationMode.NEAREST, fill=theirs._fill
    )


def magnitudes(theirs, name, *, height=24, width=32):
    """Return the 31 magnitudes of an operation of torchvision; zeros if it has none."""
    table, _ = theirs._AUGMENTATION_SPACE[name]
    found = table(31, height, width)
    return torch.zeros(31) if found is None else found.to(torch.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_is_torchvisions(name, channels):
    """Shifts and masks to the last bit, colours to one level in 255, which torchvision cuts off."""
    theirs = THEIRS["trivial_augment"]
    images = pictures(4, channels, 24, 32)
    exact = name not in {"Color", "Contrast", "Sharpness"}
    for number in (0, 9, 30):
        strength = float(magnitudes(theirs, name)[number])
        expected = apply_theirs(theirs, images, name, strength).to(torch.float32)
        seen = OPERATIONS[name](
            images.to(torch.float32), torch.full((4,), strength), torch.zeros(1, 1, 1)
        )
        assert (expected - seen).abs().max() <= (0 if exact else 1)


@pytest.mark.parametrize("kind", OURS)
def test_operations_and_magnitudes_are_torchvisions(kind):
    """The same 14 operations, signed where theirs are, with strengths to float32."""
    theirs, strengths = THEIRS[kind], OURS[kind].strengths
    shape, levels, ones = torch.Size((31, 3, 24, 32)), torch.arange(31) / 30, torch.ones(31)

    assert {*theirs._AUGMENTATION_SPACE} == {*OPERATIONS} == {*strengths}
    for name, (_, signed) in theirs._AUGMENTATION_SPACE.items():
        plus, minus = (strengths[name](levels, sign * ones, shape) for sign in (1, -1))
        torch.testing.assert_close(magnitudes(theirs, name), plus)
        assert torch.equal(plus, -minus if signed else minus) or not signed


def test_drawn_magnitudes_and_operations_are_equally_likely():
    """Of 40,000 images, each of 14 operations and 31 magnitudes gets its share within 5 sd."""
    seen = []

    class Recorded(TrivialAugment):
        def apply_drawn(self, images, numbers, fill):  # noqa: ARG002
            seen.append(numbers)
            return images

    n = 40_000
    Recorded().transform_images(
        torch.zeros(n, 1, 1, 1), Stream(draws(n), "augment/trivial_augment/0"), context(1)
    )
    operation, level, sign = seen[0].unbind(1)
    counts = ((operation * 14).long(), (level * 30).round().long(), (sign * 2).long())
    for drawn, kinds in zip(counts, (14, 31, 2), strict=True):
        assert (drawn.bincount() / n - 1 / kinds).abs().max() < 5 * (1 / kinds / n) ** 0.5
        assert kinds == len(Counter(drawn.tolist()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", OURS)
def test_augmented_images_are_distributed_as_torchvisions(kind):
    """The first two moments of each pixel over many draws for one image, within 5 sd."""
    image, n = pictures(1, 3, 12, 12), 3000
    torch.manual_seed(0)
    theirs = torch.cat([THEIRS[kind](image) for _ in range(n)])
    ours = OURS[kind]().transform_images(
        image.expand(n, -1, -1, -1), Stream(draws(n), "test"), context(3)
    )
    assert torch.uint8 == ours.dtype
    for power in (1, 2):
        expected, seen = (images.to(torch.float64) ** power for images in (theirs, ours))
        error = (2 / n) ** 0.5 * expected.std(0)
        assert ((expected.mean(0) - seen.mean(0)).abs() / error).max() < 5
