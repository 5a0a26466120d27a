"""The images of one trial on its device, in batches that are augmented and normalised there.

Never waits for the device: the order of an epoch, too, is drawn there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Int64
from torch import Tensor

from cnn_ablate.data.augment import Context, ImageAugmentation, augment
from cnn_ablate.data.augment.views import View, identical
from cnn_ablate.data.dataset import DataSet
from cnn_ablate.data.image_tensors import Images
from cnn_ablate.data.split import split
from cnn_ablate.rng import Draws

# Images that are augmented at once where they do not mix, as small batches would cost far more:
# at batch size 4, 108 microseconds for an image of CIFAR-10, and 18 in blocks.
BLOCK = 1024
# Images that are classified at once: self-attention on 32 x 32 px takes 4 MB for each.
CHUNK = 250


@dataclass(frozen=True)
class Batch:
    """Normalised images, what they show, and where they stand in their part of the data set.

    Targets are classes, or shares of classes where an augmentation mixes images.
    """

    images: Float[Tensor, "n channel height width"]
    targets: Int[Tensor, " n"] | Float[Tensor, "n classes"]
    samples: Int64[Tensor, " n"]


@dataclass(frozen=True)
class _Tensors:
    """One part of a data set, on the device."""

    images: Tensor
    labels: Tensor

    def at(self, samples: Int64[Tensor, " n"]) -> tuple[Tensor, Tensor]:
        """Take some images and their labels out."""
        return self.images.index_select(0, samples), self.labels.index_select(0, samples)


class Loader:
    """The training, validation and test images of one trial.

    On the processor the tensors are those given, so a memory map stays one.
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
        chosen = split(images, options)
        self.options = options
        self.seed = seed
        self.batch_size = batch_size
        self._train = _Tensors(images.train.to(device), images.train_labels.to(device))
        self._test = _Tensors(images.test.to(device), images.test_labels.to(device))
        self._trains = chosen.train.to(device)
        self._validates = chosen.val.to(device)
        self._tests = chosen.test.to(device)
        self._normalizer = options.normalize.build(images.facts.shape[0], device=device)
        alone = all(isinstance(step, ImageAugmentation) for step in options.augment)
        self._block = batch_size * max(1, BLOCK // batch_size) if alone else batch_size
        self._context = Context(len(images.facts.classes), self._normalizer.mean)

    @property
    def count(self) -> int:
        """Training images in an epoch."""
        return len(self._trains)

    @property
    def validates(self) -> bool:
        """Whether images are split off for validation."""
        return len(self._validates) > 0

    @property
    def steps(self) -> int:
        """Batches in an epoch, the last of which may be smaller."""
        return -(-len(self._trains) // self.batch_size)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Give every training image once, augmented as its place, the seed and the epoch say."""
        for samples in torch.split(self._order(epoch), self._block):
            images, targets = self._train.at(samples)
            draws = Draws(self.seed, epoch, samples)
            images, targets = augment(self.options.augment, images, targets, draws, self._context)
            block = (self._normalizer(images), targets, samples)
            for batch in zip(*(torch.split(part, self.batch_size) for part in block), strict=True):
                yield Batch(*batch)

    def val(self, chunk: int = CHUNK) -> Iterator[Batch]:
        """Give the validation images in file order, as they are."""
        return self._plain(self._train, self._validates, chunk, identical)

    def test(self, chunk: int = CHUNK, view: View = identical) -> Iterator[Batch]:
        """Give the test images in file order, in one view of them all."""
        return self._plain(self._test, self._tests, chunk, view)

    def _order(self, epoch: int) -> Int64[Tensor, " train"]:
        """Sort by a random number of each image's own: images left out do not move the others."""
        if not self.options.shuffle:
            return self._trains
        draws = Draws(self.seed, epoch, self._trains)
        return self._trains[draws.keys("order").argsort(stable=True)]

    def _plain(
        self, part: _Tensors, index: Int64[Tensor, " chosen"], chunk: int, view: View
    ) -> Iterator[Batch]:
        for samples in torch.split(index, chunk) if len(index) else ():
            images, targets = part.at(samples)
            yield Batch(self._normalizer(view(images)), targets, samples)
