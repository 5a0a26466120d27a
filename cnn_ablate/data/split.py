"""Which images train, validate and test: the same for every trial of the same data settings."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int64, Num
from torch import Tensor

from cnn_ablate.data.dataset import DataSet
from cnn_ablate.data.image_tensors import Images
from cnn_ablate.errors import UserError
from cnn_ablate.rng import Draws

Labels = Int64[Tensor, " n"]
Index = Int64[Tensor, " chosen"]


@dataclass(frozen=True)
class Split:
    """Where the images stand in the full training and test set, in file order."""

    train: Int64[Tensor, " train"]
    val: Int64[Tensor, " val"]
    test: Int64[Tensor, " test"]


def split(images: Images, options: DataSet) -> Split:
    """Choose the images to train, to validate and to test on; raises UserError if none are left."""
    kept = balanced(images.train_labels, options.subset, purpose="subset")
    validates = _validates(images.train_labels[kept], options)
    test = balanced(images.test_labels, options.test_subset, purpose="test_subset")
    return Split(train=kept[~validates], val=kept[validates], test=test)


def balanced(labels: Labels, count: int | None, *, purpose: str) -> Index:
    """Choose `count` images at random, as equally many of each class as there are.

    A smaller choice is part of every larger one.
    """
    if count is None or count >= len(labels):
        return torch.arange(len(labels))
    order, rank, _ = _ranked(labels, purpose)
    return _first(order, rank, count)


def _validates(labels: Labels, options: DataSet) -> Bool[Tensor, " n"]:
    """Mark the images that validate."""
    marks = torch.zeros(len(labels), dtype=torch.bool)
    if options.val_fraction == 0:
        return marks
    count = round(len(labels) * options.val_fraction)
    if count in (0, len(labels)):
        left = "validate" if count == 0 else "train"
        what = f"{options.val_fraction} of {len(labels)} images leaves none to {left} on."
        raise UserError("data.val_fraction", what)
    marks[SPLITS[options.val_split](labels, count)] = True
    return marks


def _stratified(labels: Labels, count: int) -> Index:
    order, rank, sizes = _ranked(labels, "val_split")
    return _first(order, (rank + 0.5) / sizes, count)


def _random(labels: Labels, count: int) -> Index:
    return _shuffled(len(labels), "val_split")[:count]


def _tail(labels: Labels, count: int) -> Index:
    return torch.arange(len(labels) - count, len(labels))


SPLITS: dict[str, Callable[[Labels, int], Index]] = {
    "stratified": _stratified,
    "random": _random,
    "tail": _tail,
}


def _ranked(labels: Labels, purpose: str) -> tuple[Labels, Labels, Labels]:
    """Shuffle the images; give each one's place, its rank in its class, and the class's size."""
    order = _shuffled(len(labels), purpose)
    sizes = torch.bincount(labels)
    by_class = torch.argsort(labels[order], stable=True)
    starts = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
    rank = torch.empty_like(order)
    rank[by_class] = torch.arange(len(labels)) - starts
    return order, rank, sizes[labels[order]]


def _shuffled(n: int, purpose: str) -> Index:
    """Give a random order, the same for every trial: its seed does not enter."""
    return Draws(0, 0, torch.arange(n)).keys(f"data/{purpose}").argsort(stable=True)


def _first(order: Labels, weight: Num[Tensor, " n"], count: int) -> Index:
    """Give those of least weight, in file order."""
    return order[torch.argsort(weight, stable=True)[:count]].sort().values
