"""Crops, flips and erased boxes against the transforms of torchvision, image by image."""

import pytest
import torch
from scipy import stats
from torch.nn.functional import pad
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnn_ablate.data.augment import augment
from cnn_ablate.data.augment.crop import RandomCrop
from cnn_ablate.data.augment.erasing import Cutout, RandomErasing
from cnn_ablate.data.augment.flip import HorizontalFlip
from cnn_ablate.data.augment.operation import to_integers
from support.image_batches import context, draws, pictures, stream

LAYOUTS = [torch.contiguous_format, torch.channels_last]
DTYPES = [torch.uint8, torch.float32]


@pytest.mark.parametrize("mode", ["zero", "reflect"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_crop_is_that_of_torchvision_at_the_offset_drawn(mode, layout, dtype, channels):
    """Each padded image is cropped at its own offset, bit by bit."""
    images = pictures(20, channels, 17, 23, dtype=dtype).contiguous(memory_format=layout)
    crops = RandomCrop(padding=3, mode=mode).transform_images(images, stream(20), context(channels))
    offsets = to_integers(stream(20).uniform(2), 7).tolist()

    padding_mode = "constant" if mode == "zero" else mode
    assert dtype == crops.dtype
    for image, crop, (top, left) in zip(images, crops, offsets, strict=True):
        padded = functional.pad(image, 3, padding_mode=padding_mode)
        assert torch.equal(functional.crop(padded, top, left, 17, 23), crop)


def test_crops_reach_every_offset_alike():
    """All 9 x 9 offsets of a padding of 4 occur equally often."""
    image = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    image[0, 0, 16, 16] = 1
    crops = RandomCrop().transform_images(image.expand(8100, -1, -1, -1), stream(8100), context(1))
    places = crops.flatten(1).to(torch.float32).argmax(1)
    places, counts = places.unique(return_counts=True)

    expected = {32 * row + column for row in range(12, 21) for column in range(12, 21)}
    assert expected == set(places.tolist())
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_flip_mirrors_the_images_drawn(layout, dtype, p):
    """An image is flipped as by torchvision if its number is below p, else unchanged."""
    images = pictures(40, dtype=dtype).contiguous(memory_format=layout)
    flips = HorizontalFlip(p=p).transform_images(images, stream(40), context())
    drawn = stream(40).uniform(1)[:, 0] < p

    assert dtype == flips.dtype
    for image, flip, mirrored in zip(images, flips, drawn, strict=True):
        assert torch.equal(functional.horizontal_flip(image) if mirrored else image, flip)


def test_flips_come_with_their_probability():
    """The fraction of flipped images agrees with p."""
    images = torch.tensor([0, 1], dtype=torch.uint8).view(1, 1, 1, 2).expand(4000, -1, -1, -1)
    flipped = (
        HorizontalFlip(p=0.3).transform_images(images, stream(4000), context(1))[:, 0, 0, 0].sum()
    )

    assert stats.binomtest(int(flipped), 4000, 0.3).pvalue > 0.01


def test_an_augmentation_named_twice_draws_twice():
    """The second flip of a list has its own random numbers, else both together change nothing."""
    images = torch.tensor([0, 1], dtype=torch.uint8).view(1, 1, 1, 2).expand(4000, -1, -1, -1)
    flips = [HorizontalFlip(), HorizontalFlip()]
    labels = torch.zeros(4000, dtype=torch.int64)
    flipped, _ = augment(flips, images, labels, draws(4000), context(1))

    assert stats.binomtest(int(flipped[:, 0, 0, 0].sum()), 4000, 0.5).pvalue > 0.01


def test_a_step_more_leaves_the_draws_of_the_others_alone():
    """With or without a crop before it, the same images are flipped."""
    images = torch.tensor([0, 1], dtype=torch.uint8).view(1, 1, 1, 2).repeat(50, 1, 1, 1)
    labels = torch.zeros(50, dtype=torch.int64)
    steps = [Cutout(size=1, fill="zero", count=1), HorizontalFlip()]
    both, _ = augment(steps, images * 0 + 9, labels, draws(50), context(1))
    alone, _ = augment(steps[1:], images, labels, draws(50), context(1))
    mirrored = alone[:, 0, 0, 0] == 1
    cut, _ = augment(steps[:1], images * 0 + 9, labels, draws(50), context(1))

    assert torch.equal(torch.where(mirrored[:, None, None, None], cut.flip(3), cut), both)


def boxes_of(images):
    """Return (top, left, height, width) of the black box of each white image that has one."""
    black = images[:, 0] == 0
    found = []
    for mask in black[black.any((1, 2))]:
        rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        found.append((rows[0], columns[0], len(rows), len(columns)))
    return torch.tensor(found, dtype=torch.float64)


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"p": 0.1, "scale": (0.02, 0.1)},
        {"p": 0.9, "scale": (0.3, 0.9), "ratio": (0.2, 5.0)},
    ],
)
def test_erased_boxes_are_distributed_as_torchvisions(knobs):
    """Frequency, position, size and area of the boxes agree, also if many do not fit."""
    n = 4000
    white = torch.full((1, 1, 28, 32), 255, dtype=torch.uint8)
    ours = RandomErasing(fill="zero", **knobs)
    transform = v2.RandomErasing(ours.p, ours.scale, ours.ratio, value=0)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        theirs = boxes_of(torch.cat([transform(white) for _ in range(n)]))
    boxes = boxes_of(ours.transform_images(white.repeat(n, 1, 1, 1), stream(n), context(1)))

    table = [[len(boxes), n - len(boxes)], [len(theirs), n - len(theirs)]]
    assert stats.fisher_exact(table).pvalue > 0.01
    for measure in (*torch.eye(4, dtype=torch.float64), None):
        mine, other = (
            b[:, 2] * b[:, 3] if measure is None else b @ measure for b in (boxes, theirs)
        )
        assert stats.ks_2samp(mine.numpy(), other.numpy()).pvalue > 0.005
    assert boxes[:, 2].max() < 28
    assert boxes[:, 3].max() < 32


@pytest.mark.parametrize("entry", [RandomErasing(p=1.0), Cutout(size=6, count=2)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mean_that_fills_a_box_is_zero_once_normalised(entry, dtype):
    """A box has the mean of its channel, for uint8 images rounded to a level."""
    images = torch.full((30, 3, 32, 32), 255).to(dtype)
    erased = entry.transform_images(images, stream(30), context())
    mean = context().mean.round() if dtype == torch.uint8 else context().mean

    assert dtype == erased.dtype
    inside = erased != 255
    assert torch.equal(inside[:, 0], inside[:, 2])
    assert torch.equal(mean.to(dtype).expand_as(erased)[inside], erased[inside])


@pytest.mark.parametrize("size", [1, 5, 16])
def test_cutout_squares_are_centred_anywhere_and_cut_off_at_the_border(size):
    """Each square is centred on a pixel drawn from all."""
    images = torch.full((200, 1, 20, 32), 255, dtype=torch.uint8)
    option = Cutout(size=size, count=2, fill="zero")
    black = option.transform_images(images, stream(200), context(1))[:, 0] == 0
    numbers = stream(200).uniform(4).view(200, 2, 2) * torch.tensor([20, 32])

    for mask, centres in zip(black, numbers.int().tolist(), strict=True):
        expected = torch.zeros(20, 32, dtype=torch.bool)
        for row, column in centres:
            top, left = row - size // 2, column - size // 2
            expected[max(top, 0) : top + size, max(left, 0) : left + size] = True
        assert torch.equal(expected, mask)


def test_padding_is_black_and_reflection_repeats_no_border():
    """The two kinds of padding are those of torch."""
    image = torch.arange(1, 10, dtype=torch.uint8).view(1, 1, 3, 3)
    for mode, torch_mode in (("zero", "constant"), ("reflect", "reflect")):
        crops = RandomCrop(padding=1, mode=mode).transform_images(
            image.repeat(200, 1, 1, 1), stream(200), context(1)
        )
        windows = pad(image, [1] * 4, mode=torch_mode).unfold(2, 3, 1).unfold(3, 3, 1)
        assert torch.equal(windows.reshape(9, 9).unique(dim=0), crops.view(200, 9).unique(dim=0))
