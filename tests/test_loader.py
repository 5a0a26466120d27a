"""The loader: every image once per epoch, in an order that depends on seed and epoch alone."""

import pytest
import torch

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from cnn_ablate.data.loader import Loader

SAMPLE = load(DATASETS["fashion_mnist_sample"]())


def loader(seed=0, batch_size=64, device="cpu", **knobs):
    """A loader of the embedded images with these knobs."""
    options = DATASETS["fashion_mnist_sample"](**knobs)
    return Loader(SAMPLE, options, seed=seed, batch_size=batch_size, device=device)


def whole(batches):
    """All batches as one: images, targets, samples."""
    parts = [(batch.images, batch.targets, batch.samples) for batch in batches]
    return tuple(torch.cat(part) for part in zip(*parts, strict=True))


def order(loader, epoch=0):
    """The indices of the images of an epoch."""
    return whole(loader.epoch(epoch))[2].tolist()


def test_an_epoch_is_every_image_once():
    """The last batch is kept though it is smaller."""
    loaded = loader(batch_size=96)
    batches = list(loaded.epoch(0))

    assert loaded.steps_per_epoch == len(batches) == 42
    assert [96, 64] == [len(batches[0].samples), len(batches[-1].samples)]
    assert list(range(4000)) == sorted(order(loaded))


def test_images_and_labels_belong_together():
    """A batch has the pixels, divided by 255, and the label of each of its indices."""
    batch = next(loader().epoch(3))

    assert torch.float32 == batch.images.dtype
    assert torch.allclose(SAMPLE.train[batch.samples] / 255, batch.images)
    assert torch.equal(SAMPLE.train_labels[batch.samples], batch.targets)


def test_order_follows_from_seed_and_epoch_alone():
    """Each epoch and each seed has its own order, the same whenever it is asked for."""
    first = loader()

    assert order(first, 7) == order(loader(), 7)
    assert order(first, 7) != order(first, 8)
    assert order(first, 7) != order(loader(seed=1), 7)


def test_order_does_not_depend_on_the_batch_size():
    """Trials of other batch sizes see the images in the same order."""
    assert order(loader(batch_size=10)) == order(loader(batch_size=4000))


def test_images_left_out_do_not_move_the_others():
    """With a subset, or fewer for validation, the rest keeps its order."""
    all_images = order(loader())
    some = order(loader(subset=500, val_fraction=0.2))
    kept = set(some)

    assert 400 == len(some)
    assert [place for place in all_images if place in kept] == some


def test_an_order_is_well_mixed():
    """No trace of the file order is left: neighbours are far apart, and epochs unrelated."""
    one, two = (torch.tensor(order(loader(), epoch)).double() for epoch in (0, 1))
    places = torch.arange(4000.0, dtype=torch.float64)

    for pair in ([one, places], [one, two], [one[1:], one[:-1]]):
        assert 0.05 > torch.corrcoef(torch.stack(pair))[0, 1].abs()


def test_unshuffled_images_come_in_file_order():
    """Every epoch is the file, from its beginning."""
    loaded = loader(shuffle=False, val_fraction=0.2, val_split="tail")

    assert list(range(3200)) == order(loaded, 0) == order(loaded, 5)


def test_augmentation_belongs_to_the_image():
    """An image is augmented alike in any batch."""
    knobs = {"augment": ["random_crop", "horizontal_flip"]}
    images, _, places = whole(loader(batch_size=64, **knobs).epoch(2))
    fewer, _, few = whole(loader(batch_size=7, subset=300, **knobs).epoch(2))
    where = {place: n for n, place in enumerate(places.tolist())}

    assert torch.equal(images[[where[place] for place in few.tolist()]], fewer)


def test_augmentation_differs_between_epochs():
    """An image is not cropped and flipped the same way again."""
    loaded = loader(augment=["random_crop"], shuffle=False)
    one, two = (whole(loaded.epoch(epoch))[0] for epoch in (0, 1))

    assert 0.9 < (one != two).flatten(1).any(1).float().mean()


def test_mixing_gives_shares_of_classes():
    """Targets become probabilities that sum to one if images are mixed."""
    batch = next(loader(augment=["mixup"]).epoch(0))

    assert (64, 10) == batch.targets.shape
    assert torch.allclose(torch.ones(64), batch.targets.sum(1))


@pytest.mark.parametrize("part", ["val", "test"])
def test_what_is_measured_on_is_not_augmented(part):
    """Validation and test images come in file order, only normalised."""
    loaded = loader(augment=["random_crop"], normalize="fashion_mnist", val_fraction=0.1)
    images, targets, places = whole(getattr(loaded, part)(300))
    known, labels = {
        "val": (SAMPLE.train, SAMPLE.train_labels),
        "test": (SAMPLE.test, SAMPLE.test_labels),
    }[part]
    expected = (known[places] / 255 - 0.2860) / 0.3530

    assert torch.allclose(expected, images, atol=1e-5)
    assert torch.equal(labels[places], targets)
    assert places.sort().values.tolist() == places.tolist()
    assert {"val": 400, "test": 1000}[part] == len(places)


def test_training_and_validation_share_no_image():
    """Validation images are never trained on."""
    loaded = loader(val_fraction=0.25)
    validates = whole(loaded.val())[2].tolist()

    assert 1000 == len(validates)
    assert set(range(4000)) - set(validates) == set(order(loaded))


def test_without_validation_there_is_nothing_to_validate():
    """No split, no batch."""
    assert [] == list(loader().val())


def test_the_images_are_not_copied():
    """On the CPU all loaders use the same memory map."""
    assert SAMPLE.train.data_ptr() == loader().train.images.data_ptr()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_sees_the_same_batches():
    """Order, pixels and targets do not depend on the device."""
    knobs = {"normalize": "fashion_mnist", "subset": 500, "val_fraction": 0.2}
    here, there = (loader(device=device, **knobs) for device in ("cpu", "cuda"))
    for one, two in zip(here.epoch(1), there.epoch(1), strict=True):
        assert torch.equal(one.samples, two.samples.cpu())
        assert torch.equal(one.targets, two.targets.cpu())
        assert torch.allclose(one.images, two.images.cpu(), atol=1e-6)
