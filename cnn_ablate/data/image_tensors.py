"""A data set in memory: uint8 tensors, their labels, and what is known of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from cnn_ablate.data.dataset import Form, Source
from cnn_ablate.schema import DataFacts

# In the order in which they enter the fingerprint.
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Images:
    """A data set: images of 0 to 255, labels from 0, both in file order."""

    train: UInt8[Tensor, "n channel height width"]
    train_labels: Int64[Tensor, " n"]
    test: UInt8[Tensor, "m channel height width"]
    test_labels: Int64[Tensor, " m"]
    facts: DataFacts


def images(arrays: Arrays, facts: DataFacts) -> Images:
    """Wrap the arrays, without copying."""
    train, labels, test, test_labels = (torch.from_numpy(np.asarray(arrays[k])) for k in ARRAYS)
    return Images(train, labels, test, test_labels, facts)


def facts(source: Source, arrays: Arrays) -> DataFacts:
    """Describe the data set read from a source."""
    return DataFacts(
        name=source.name,
        fingerprint=fingerprint(source.form, arrays),
        classes=source.form.classes,
        shape=source.form.shape,
        train=len(arrays["train_labels"]),
        test=len(arrays["test_labels"]),
        note=source.note,
    )


def fingerprint(form: Form, arrays: Arrays) -> str:
    """Give the SHA-256 of the shape, the class names, the images and the labels."""
    counts = [len(arrays[name]) for name in ARRAYS]
    digest = hashlib.sha256(json.dumps([form.shape, form.classes, counts]).encode())
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def verified(data: Images) -> bool:
    """Tell whether the images are still those that the fingerprint was taken of."""
    tensors = (data.train, data.train_labels, data.test, data.test_labels)
    arrays = {name: tensor.numpy() for name, tensor in zip(ARRAYS, tensors, strict=True)}
    form = Form(data.facts.shape, data.facts.classes)
    return fingerprint(form, arrays) == data.facts.fingerprint
