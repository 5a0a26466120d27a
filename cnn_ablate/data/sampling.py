"""Balanced sampling: in each epoch every class is drawn equally often."""

from math import ceil

import torch
from jaxtyping import Int64
from torch import Tensor

from cnn_ablate.errors import UserError
from cnn_ablate.rng import Draws


class BalancedSampler:
    """Draws as many images per epoch as there are, n / K of each of K classes.

    The images of a class are drawn in random order, and again when all were drawn: so how often two
    of them are drawn differs by at most one, unlike with torch's WeightedRandomSampler. Which
    classes get one more, where n / K is no integer, is random too.

    Reference: Buda et al. 2018, "A systematic study of the class imbalance problem in convolutional
    neural networks", section 2.2 (random oversampling).
    """

    def __init__(
        self,
        index: Int64[Tensor, " n"],
        labels: Int64[Tensor, " n"],
        *,
        total: int,
        classes: int,
        device: torch.device | str = "cpu",
    ) -> None:
        """Prepare to draw from the images at `index`, of `total`, on a device.

        Raises:
            UserError: a class has no images.
        """
        sizes = torch.bincount(labels, minlength=classes)
        if empty := (sizes == 0).nonzero().flatten().tolist():
            what = f"class number {empty[0]}, counted from 0, has no training images to draw."
            raise UserError("data.sampling", what, "Train on more images, or set it to uniform.")
        self._drawn = len(index)
        # Each image as often as it can be drawn at most; one row per copy.
        copies = (ceil(len(index) / classes) / sizes).ceil().to(torch.int64)[labels]
        copy = torch.cat([torch.arange(int(n)) for n in copies])
        label = labels.repeat_interleave(copies)
        self._draws = (index.repeat_interleave(copies) + total * copy).to(device)
        self._group = (label * (int(copies.max()) + 1) + copy).to(device)
        counts = torch.bincount(label, minlength=classes)
        starts = (counts.cumsum(0) - counts).repeat_interleave(counts)
        self._class = torch.arange(classes).repeat_interleave(counts).to(device)
        self._place = (torch.arange(len(label)) - starts).to(device)
        self._classes = torch.arange(classes, device=device)

    def draws(self, seed: int, epoch: int) -> Int64[Tensor, " n"]:
        """Return what an epoch draws, in no order: image + total x how often it was drawn before.

        So every draw has random numbers of its own. Nothing waits for a GPU.
        """
        keys = Draws(seed, epoch, self._draws).keys("sampling")
        shuffled = keys.argsort(stable=True)
        by_class = shuffled[self._group[shuffled].argsort(stable=True)]
        lucky = Draws(seed, epoch, self._classes).keys("sampling/classes").argsort().argsort()
        quota, left = divmod(self._drawn, len(self._classes))
        quotas = quota + (lucky < left).to(torch.int64)
        excess = (self._place >= quotas[self._class]).to(torch.int8)
        return self._draws[by_class[excess.argsort(stable=True)[: self._drawn]]]
