"""Invented data sets of a few images in the file formats of the real ones."""

import gzip
import hashlib
import pickle
import struct
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from torchvision import datasets

from cnn_ablate.data import DATASETS, class_names
from cnn_ablate.data.published_datasets import Cifar, Mnist, Svhn
from cnn_ablate.errors import UserError


def pixels(*shape):
    """Return random bytes, the same in every call."""
    return np.random.default_rng(len(shape)).integers(0, 256, shape, np.uint8)


def labels(n, classes=10):
    """Return the labels 0, 1, ... repeatedly."""
    return (np.arange(n) % classes).astype(np.uint8)


def idx(array):
    """Return an array in the IDX format of MNIST."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist(root, name="MNIST", *, train=30, test=20):
    """Write a data set of the MNIST family below a data root; return its folder."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    for part, n in (("train", train), ("t10k", test)):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(pixels(n, 28, 28)))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels(n)))
    return raw


def tiny(monkeypatch):
    """Accept a few images in the place of those that were published."""
    for options in (DATASETS["mnist"], DATASETS["fashion_mnist"], DATASETS["kmnist"]):
        monkeypatch.setattr(options, "checksums", ())
    for options in (Mnist, Cifar, Svhn):
        monkeypatch.setattr(options, "sizes", None)


class Quiet(SimpleHTTPRequestHandler):
    """A file server without a log."""

    def log_message(self, *_):
        """Write no log."""


@contextmanager
def mirror(folder, monkeypatch):
    """A server of MNIST's files in a folder, on this machine, which torchvision asks for them."""
    raw = mnist(folder / "made")
    packed = [pack(path).rename(folder / f"{path.name}.gz") for path in sorted(raw.iterdir())]
    monkeypatch.setattr(datasets.MNIST, "resources", [(path.name, md5(path)) for path in packed])
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()


def pack(path):
    """Compress a file, and return the path of the compressed one."""
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def md5(path):
    """Return the checksum by which torchvision identifies a file."""
    return md5_of(path.read_bytes())


def md5_of(content):
    """Return the checksum of bytes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def pickled(path, content):
    """Write a pickle as in the CIFAR archives; return torchvision's entry for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content))
    return [path.name, md5(path)]


def cifar10(root, monkeypatch, *, each=10):
    """Write CIFAR-10's batches below a data root, with checksums that torchvision accepts."""
    folder = root / "cifar-10-batches-py"
    batch = {"data": pixels(each, 3072), "labels": labels(each).tolist()}
    batches = [pickled(folder / f"data_batch_{n}", batch) for n in range(1, 6)]
    meta = pickled(folder / "batches.meta", {"label_names": [*class_names.CIFAR10]})
    monkeypatch.setattr(datasets.CIFAR10, "train_list", batches)
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [pickled(folder / "test_batch", batch)])
    named = {"filename": meta[0], "md5": meta[1], "key": "label_names"}
    monkeypatch.setattr(datasets.CIFAR10, "meta", named)


def cifar100(root, monkeypatch):
    """Write CIFAR-100's files below a data root, with checksums that torchvision accepts."""
    folder = root / "cifar-100-python"
    batch = {"data": pixels(100, 3072), "fine_labels": list(range(100))}
    meta = pickled(folder / "meta", {"fine_label_names": [*class_names.CIFAR100]})
    monkeypatch.setattr(datasets.CIFAR100, "train_list", [pickled(folder / "train", batch)])
    monkeypatch.setattr(datasets.CIFAR100, "test_list", [pickled(folder / "test", batch)])
    named = {"filename": meta[0], "md5": meta[1], "key": "fine_label_names"}
    monkeypatch.setattr(datasets.CIFAR100, "meta", named)


def svhn(root, monkeypatch, *, n=20):
    """Write SVHN's files into a data root; as there, the digit 0 has the label 10."""
    known = {}
    for part in ("train", "test"):
        path = root / f"{part}_32x32.mat"
        digits = np.arange(n, dtype=np.uint8)[:, None] % 10 + 1
        savemat(path, {"X": pixels(32, 32, 3, n), "y": digits})
        known[part] = ["", path.name, md5(path)]
    monkeypatch.setattr(datasets.SVHN, "split_list", known)


def picture(path: Path, *, mode="RGB", size=(32, 32), seed=0):
    """Write one image file in the format of its extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(path)
    return path


def folder(root, classes, *, train=2, test=1, suffix=".png"):
    """Write different images as `{train,test}/<class>/<number>`."""
    for part, n in (("train", train), ("test", test)):
        for label, name in enumerate(classes):
            for number in range(n):
                seed = 100 * label + number + (part == "test") * 1000
                picture(root / part / name / f"{number:04}{suffix}", seed=seed)
    return root


def refused(action, *arguments, **knobs):
    """Return the message of the UserError that a call raises."""
    with pytest.raises(UserError) as caught:
        action(*arguments, **knobs)
    return str(caught.value)
