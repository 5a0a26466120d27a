"""The data loader of one trial: batches augmented and normalised on the trial's device.

It never waits for the device: also the order of an epoch is drawn there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Int64
from torch import Tensor

from cnn_ablate.data.augment import Context, ImageAugmentation, augment
from cnn_ablate.data.augment.views import View, identity
from cnn_ablate.data.dataset_options import DataSet
from cnn_ablate.data.image_tensors import Images
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.data.sampling import BalancedSampler
from cnn_ablate.data.split import split
from cnn_ablate.rng import Draws

# Images augmented at once if they are not mixed with each other; small batches would cost far
# more: at batch size 4, 108 microseconds per image of CIFAR-10, against 18 in blocks.
BLOCK = 1024
# Bytes of pixels in such a block at most; in float32, a block of large images takes eight times it.
BLOCK_BYTES = 1 << 24
# Bytes augmented at once on a GPU, where each operation costs a launch: an epoch of CIFAR-10.
GPU_BLOCK_BYTES = 1 << 28
# Images classified at once: self-attention on 32 x 32 px takes 4 MB per image.
CHUNK, GPU_CHUNK = 250, 1000


@dataclass(frozen=True)
class Batch:
    """Normalised images, their targets, and their indices in the training or the test set.

    Targets are classes, or class probabilities if an augmentation mixes images. To the index of an
    image that an epoch draws again, the number of training images is added each time. Batches of
    several networks have one dimension more, in front.
    """

    images: Float[Tensor, "*networks n channel height width"]
    targets: Int[Tensor, "*networks n"] | Float[Tensor, "*networks n classes"]
    samples: Int64[Tensor, "*networks n"]


class Block(NamedTuple):
    """Images in 0..255, augmented and not yet normalised, with their targets and indices."""

    pixels: Pixels
    targets: Tensor
    samples: Int64[Tensor, " n"]


@dataclass(frozen=True)
class ImageSet:
    """The training or the test set on the device."""

    images: Tensor
    labels: Tensor

    def at(self, samples: Int64[Tensor, " n"]) -> tuple[Tensor, Tensor]:
        """Return the images and labels of these samples."""
        rows = samples % len(self.images)
        return self.images.index_select(0, rows), self.labels.index_select(0, rows)


# The data set that was last copied to a device, by device: all trials of a process share it.
_copies: dict[str, tuple[Images, ImageSet, ImageSet]] = {}


def _on_device(images: Images, device: torch.device | str) -> tuple[ImageSet, ImageSet]:
    """Return the training and the test set on a device."""
    kept = _copies.get(str(device))
    if kept is None or kept[0] is not images:
        kept = (
            images,
            ImageSet(images.train.to(device), images.train_labels.to(device)),
            ImageSet(images.test.to(device), images.test_labels.to(device)),
        )
        if torch.device(device).type != "cpu":  # there, nothing was copied
            _copies[str(device)] = kept
    return kept[1], kept[2]


class Loader:
    """The training, validation and test images of one trial.

    On the CPU the tensors are those given, so a memory map stays one.
    """

    def __init__(
        self,
        images: Images,
        options: DataSet,
        *,
        seed: int,
        batch_size: int,
        device: torch.device | str = "cpu",
    ) -> None:
        chosen = split(images, options, seed=seed)
        self.options = options
        self.seed = seed
        self.batch_size = batch_size
        self.train, self._test = _on_device(images, device)
        self._train_labels = images.train_labels[chosen.train]
        self._train_index = chosen.train.to(device)
        self._val_index = chosen.val.to(device)
        self._test_index = chosen.test.to(device)
        self.normalization = options.normalize.of(images.train, chosen.train)
        self.normalizer = self.normalization.build(images.facts.shape[0], device=device)
        self._context = Context(len(images.facts.classes), self.normalizer.mean)
        self._sampler = self._balanced(chosen.train) if options.draws_balanced else None
        in_blocks = all(isinstance(step, ImageAugmentation) for step in options.augment)
        on_cpu = torch.device(device).type == "cpu"
        epoch = -(-len(chosen.train) // batch_size)
        most = (BLOCK_BYTES if on_cpu else GPU_BLOCK_BYTES) // images.train[0].numel()
        block = min(BLOCK, most) if on_cpu else most
        in_block = min(max(1, block // batch_size), epoch)
        self.block_size = batch_size * in_block if in_blocks else batch_size
        self.chunk = CHUNK if on_cpu else GPU_CHUNK

    @property
    def train_size(self) -> int:
        """Training images per epoch."""
        return len(self._train_index)

    @property
    def images_per_class(self) -> Int64[Tensor, " classes"]:
        """Training images of each class, on the CPU."""
        return torch.bincount(self._train_labels, minlength=self._context.classes)

    @property
    def has_validation(self) -> bool:
        """Whether images are held out for validation."""
        return len(self._val_index) > 0

    @property
    def steps_per_epoch(self) -> int:
        """Batches per epoch; the last may be smaller."""
        return -(-len(self._train_index) // self.batch_size)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield every training image once, augmented by its index, the seed and the epoch."""
        for pixels, targets, samples in self.blocks(epoch):
            parts = (self.normalizer(pixels), targets, samples)
            for batch in zip(*(torch.split(part, self.batch_size) for part in parts), strict=True):
                yield Batch(*batch)

    def blocks(self, epoch: int) -> Iterator[Block]:
        """Yield the images of an epoch in the same order, `block_size` at a time."""
        for samples in torch.split(self.order(epoch), self.block_size):
            images, targets = self.train.at(samples)
            draws = Draws(self.seed, epoch, samples)
            images, targets = augment(self.options.augment, images, targets, draws, self._context)
            yield Block(images, targets, samples)

    def plain_epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch without augmentation."""
        return self._batches(self.train, self.order(epoch), self.batch_size, identity)

    def val(self, chunk: int = 0) -> Iterator[Batch]:
        """Yield the validation images in file order, not augmented."""
        return self._batches(self.train, self._val_index, chunk or self.chunk, identity)

    def test(self, chunk: int = 0, view: View = identity) -> Iterator[Batch]:
        """Yield the test images in file order, all in one test-time view."""
        return self._batches(self._test, self._test_index, chunk or self.chunk, view)

    def order(self, epoch: int) -> Int64[Tensor, " train"]:
        """Return the samples of an epoch, sorted by a random key each.

        So leaving some images out does not change the order of the others.
        """
        if not self.options.shuffle:
            return self._train_index
        sampler = self._sampler
        samples = sampler.draws(self.seed, epoch) if sampler else self._train_index
        draws = Draws(self.seed, epoch, samples)
        return samples[draws.keys("order").argsort(stable=True)]

    def _balanced(self, chosen: Int64[Tensor, " train"]) -> BalancedSampler:
        return BalancedSampler(
            chosen,
            self._train_labels,
            total=len(self.train.images),
            classes=self._context.classes,
            device=self._train_index.device,
        )

    def _batches(
        self, tensors: ImageSet, index: Int64[Tensor, " chosen"], chunk: int, view: View
    ) -> Iterator[Batch]:
        for samples in torch.split(index, chunk) if len(index) else ():
            images, targets = tensors.at(samples)
            yield Batch(self.normalizer(view(images)), targets, samples)
