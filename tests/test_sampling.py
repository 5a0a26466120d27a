"""Balanced sampling: each class is drawn equally often, and so are its images."""

import pytest
import torch

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from cnn_ablate.data.image_tensors import Images
from cnn_ablate.data.loader import Loader
from cnn_ablate.errors import UserError

SAMPLE = load(DATASETS["fashion_mnist_sample"]())
# 7 classes of 1, 2, 4 ... 64 images: 127, of which 18 per class and one more are drawn.
SIZES = [2**k for k in range(7)]


def uneven() -> Images:
    """Return images of classes of very different sizes, in a random order."""
    labels = torch.arange(7).repeat_interleave(torch.tensor(SIZES))
    labels = labels[torch.randperm(127, generator=torch.Generator().manual_seed(0))]
    facts = SAMPLE.facts.model_copy(update={"classes": tuple("abcdefg"), "train": 127})
    return Images(SAMPLE.train[:127], labels, SAMPLE.test, SAMPLE.test_labels % 7, facts)


def loader(images, seed=0, **knobs):
    """Return a loader in batches of 10, balanced unless it is said otherwise."""
    options = DATASETS["fashion_mnist_sample"](**{"sampling": "balanced", **knobs})
    return Loader(images, options, seed=seed, batch_size=10)


def test_each_class_is_drawn_equally_often():
    """127 draws of 7 classes: 18 each, and one more of one, which changes with the epoch."""
    images = uneven()
    seen = [images.train_labels[loader(images).order(e) % 127].bincount() for e in range(20)]

    assert {tuple(sorted(counts.tolist())) for counts in seen} == {(18,) * 6 + (19,)}
    assert len({tuple(counts.tolist()) for counts in seen}) > 3


def test_images_of_a_class_are_drawn_as_often_as_each_other():
    """Counts within a class differ by at most one, and every draw has a number of its own."""
    images = uneven()
    order = loader(images).order(0)

    drawn = (order % 127).bincount(minlength=127)
    for label in range(7):
        counts = drawn[images.train_labels == label]
        assert counts.max() - counts.min() <= 1
    assert 127 == len(order.unique())


def test_draws_of_one_image_are_augmented_each_by_itself():
    """The class of one image is drawn 18 times, and erased at 18 places; labels follow."""
    images = uneven()
    batches = list(loader(images, augment=("cutout",)).epoch(0))
    pixels, targets = (torch.cat([getattr(b, k) for b in batches]) for k in ("images", "targets"))

    assert [18] * 7 == [*sorted(targets.bincount().tolist())[:6], 18]
    assert 15 < len({image.numpy().tobytes() for image in pixels[targets == 0]})


def test_draws_depend_on_seed_and_epoch_alone():
    """And on a subset: only its images are drawn."""
    images = uneven()
    first = loader(images)

    assert torch.equal(first.order(3), loader(images).order(3))
    assert not torch.equal(first.order(3), first.order(4))
    assert not torch.equal(first.order(3), loader(images, seed=1).order(3))
    chosen = loader(images, subset=50, sampling="uniform").order(0)
    assert {*(loader(images, subset=50).order(0) % 127).tolist()} <= {*chosen.tolist()}


def test_even_classes_are_drawn_as_without_it():
    """Where n / K images of each class are there, every image is drawn once, in the same order."""
    balanced, uniform = (loader(SAMPLE, sampling=s).order(0) for s in ("balanced", "uniform"))
    assert torch.equal(balanced, uniform)


def test_a_class_without_images_is_refused():
    """With its number."""
    images = uneven()
    images.train_labels[images.train_labels == 3] = 4
    with pytest.raises(UserError, match="class number 3, counted from 0, has no training images"):
        loader(images)
