"""Synthetic batches of images for the tests of augmentations."""

import torch

from cnn_ablate.data.augment import Context
from cnn_ablate.data.augment.operation import Stream
from cnn_ablate.rng import Draws

MEAN = (125.3, 122.9, 113.9)


def pictures(n, channels=3, height=32, width=32, *, dtype=torch.uint8):
    """Return random blobs (n, channels, height, width), smooth enough for interpolation."""
    generator = torch.Generator().manual_seed(n)
    coarse = torch.rand(n, channels, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    return (smooth * 255).clamp(0, 255).round().to(dtype)


def context(channels=3, classes=10):
    """Return a context with a normalisation mean and ten classes."""
    return Context(classes, torch.tensor(MEAN[:channels]).view(-1, 1, 1))


def draws(n, *, seed=0, epoch=0, first=0):
    """Return the draws of n samples in file order."""
    return Draws(seed, epoch, torch.arange(first, first + n))


def stream(n, name="test"):
    """Return a stream of these draws."""
    return Stream(draws(n), name)
