"""A data set in memory: uint8 images, labels, and facts with the fingerprint of both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from cnn_ablate.data.dataset_options import DataSpec, FoundData
from cnn_ablate.schema import DataFacts

# In the order in which they enter the fingerprint.
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
Arrays = Mapping[str, np.ndarray]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Images:
    """A data set: images in 0..255 and labels from 0, in file order.

    After the `facts.train` training images, `train` has `facts.val` images for validation only.
    `train_names` and `test_names` are the files of the images, if each has one.
    """

    train: UInt8[Tensor, "n channel height width"]
    train_labels: Int64[Tensor, " n"]
    test: UInt8[Tensor, "m channel height width"]
    test_labels: Int64[Tensor, " m"]
    facts: DataFacts
    train_names: Names = ()
    test_names: Names = ()


def from_arrays(arrays: Arrays, facts: DataFacts, names: tuple[Names, Names] = ((), ())) -> Images:
    """Return a data set whose tensors share memory with the arrays."""
    train, labels, test, test_labels = (torch.from_numpy(np.asarray(arrays[k])) for k in ARRAYS)
    return Images(train, labels, test, test_labels, facts, *names)


def describe(found: FoundData, arrays: Arrays, val: int = 0) -> DataFacts:
    """Return the facts of a data set that was read, among them its fingerprint."""
    return DataFacts(
        name=found.name,
        fingerprint=fingerprint(found.spec, arrays, val),
        classes=found.spec.classes,
        shape=found.spec.shape,
        train=len(arrays["train_labels"]) - val,
        test=len(arrays["test_labels"]),
        val=val,
        note=found.note,
    )


def fingerprint(spec: DataSpec, arrays: Arrays, val: int = 0) -> str:
    """Return the SHA-256 of shape, class names, images and labels."""
    counts = [len(arrays[name]) for name in ARRAYS]
    counts += [val] if val else []
    digest = hashlib.sha256(json.dumps([spec.shape, spec.classes, counts]).encode())
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def matches_fingerprint(data: Images) -> bool:
    """Return whether the images are unchanged since the fingerprint was taken; reads them all."""
    tensors = (data.train, data.train_labels, data.test, data.test_labels)
    arrays = {name: tensor.numpy() for name, tensor in zip(ARRAYS, tensors, strict=True)}
    spec = DataSpec(data.facts.shape, data.facts.classes)
    return fingerprint(spec, arrays, data.facts.val) == data.facts.fingerprint
