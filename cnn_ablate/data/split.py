"""The choice of training, validation and test images: equal for all trials of one split."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int64, Num
from torch import Tensor

from cnn_ablate.data.dataset_options import DataSet
from cnn_ablate.data.image_tensors import Images
from cnn_ablate.errors import UserError
from cnn_ablate.rng import Draws

Labels = Int64[Tensor, " n"]
Index = Int64[Tensor, " chosen"]


@dataclass(frozen=True)
class Split:
    """Indices into the training set (`train`, `val`) and the test set, in file order."""

    train: Int64[Tensor, " train"]
    val: Int64[Tensor, " val"]
    test: Int64[Tensor, " test"]


def split(images: Images, options: DataSet, *, seed: int = 0) -> Split:
    """Choose the images to train, validate and test on; raises UserError if none are left.

    The seed of a trial matters only with folds or `split_seeds`, never for the test images.
    """
    folds = options.folds
    drawn = seed // folds if options.split_seeds else 0
    available = len(images.train) - images.facts.val
    labels = images.train_labels[:available]
    kept = balanced_subset(labels, options.subset, purpose="subset", seed=drawn)
    is_val = _validation_mask(images.train_labels[kept], options, drawn, fold=seed % folds)
    test = balanced_subset(images.test_labels, options.test_subset, purpose="test_subset")
    val = kept[is_val] if options.val_fraction else torch.arange(available, len(images.train))
    return Split(train=kept[~is_val], val=val, test=test)


def balanced_subset(labels: Labels, count: int | None, *, purpose: str, seed: int = 0) -> Index:
    """Choose `count` images at random, balanced over the classes as far as they reach.

    A smaller subset is contained in every larger one.
    """
    if count is None or count >= len(labels):
        return torch.arange(len(labels))
    order, rank, _ = _rank_in_class(labels, purpose, seed)
    return _lowest(order, rank, count)


def _validation_mask(
    labels: Labels, options: DataSet, seed: int, *, fold: int
) -> Bool[Tensor, " n"]:
    """Return a mask of the images that are held out for validation; raises UserError."""
    n, folds = len(labels), options.folds
    mask = torch.zeros(n, dtype=torch.bool)
    if options.val_fraction == 0:
        return mask
    count = round(n * options.val_fraction)
    if count in (0, n) or n < folds:
        purpose = "train" if count == n else "validate"
        what = f"{options.val_fraction} of {n} images leaves none to {purpose} on."
        raise UserError("data.val_fraction", what)
    order = ORDERS[options.val_split](labels, seed)
    mask[order[n * fold // folds : n * (fold + 1) // folds] if folds > 1 else order[:count]] = True
    return mask


def _stratified(labels: Labels, seed: int) -> Index:
    order, rank, sizes = _rank_in_class(labels, "val_split", seed)
    return order[torch.argsort((rank + 0.5) / sizes, stable=True)]


def _random(labels: Labels, seed: int) -> Index:
    return _permutation(len(labels), "val_split", seed)


def _tail(labels: Labels, seed: int) -> Index:  # noqa: ARG001 - nothing is drawn
    return torch.arange(len(labels)).flip(0)


ORDERS: dict[str, Callable[[Labels, int], Index]] = {
    "stratified": _stratified,
    "random": _random,
    "tail": _tail,
    "folds": _stratified,
}
"""The order in which images are taken for validation, by `val_split`."""


def _rank_in_class(labels: Labels, purpose: str, seed: int) -> tuple[Labels, Labels, Labels]:
    """Shuffle the images; return the order, each one's rank in its class, and the class sizes."""
    order = _permutation(len(labels), purpose, seed)
    sizes = torch.bincount(labels)
    by_class = torch.argsort(labels[order], stable=True)
    starts = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
    rank = torch.empty_like(order)
    rank[by_class] = torch.arange(len(labels)) - starts
    return order, rank, sizes[labels[order]]


def _permutation(n: int, purpose: str, seed: int) -> Index:
    """Return a random order."""
    return Draws(seed, 0, torch.arange(n)).keys(f"data/{purpose}").argsort(stable=True)


def _lowest(order: Labels, weight: Num[Tensor, " n"], count: int) -> Index:
    """Return the images of lowest weight, in file order."""
    return order[torch.argsort(weight, stable=True)[:count]].sort().values
