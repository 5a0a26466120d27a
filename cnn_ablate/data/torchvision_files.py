"""The base class of published data sets: torchvision's files are found, read and downloaded.

URLs and checksums are torchvision's too.
"""

import importlib
import pickle
import tarfile
import warnings
import zlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cnn_ablate.data import paths
from cnn_ablate.data.dataset_options import (
    FoundData,
    KnownDataSet,
    OnDownload,
    RawSplit,
    ignore_progress,
)
from cnn_ablate.data.download import RemoteFile, download
from cnn_ablate.errors import UserError

# What torchvision and its readers of pickle, MAT and idx files raise for damaged files.
DAMAGED = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    AssertionError,
    pickle.UnpicklingError,
)
DOWNLOAD_ERRORS = (OSError, EOFError, tarfile.TarError, zlib.error)
CHUNK = 4096


class Published(KnownDataSet):
    """A data set that torchvision reads and downloads.

    `reader` is the name of torchvision's class, `halves` its arguments for the training and the
    test images, and `labels` its attribute with the labels.
    """

    reader: ClassVar[str]
    files: ClassVar[tuple[str, ...]]
    halves: ClassVar[tuple[dict[str, Any], ...]] = ({"train": True}, {"train": False})
    labels: ClassVar[str] = "targets"

    def find_in(self, root: Path) -> FoundData | None:
        """Search torchvision's files in a data root; raises UserError if some are missing."""
        files = tuple(self.file_in(root, file) for file in self.files)
        absent = [file for file in files if not file.is_file()]
        if len(absent) == len(files):
            return None
        if absent:
            hint = self.install_hint(root)
            raise UserError(str(absent[0]), "is missing, but others are there.", hint)
        return FoundData(self.name, self.spec(), files, read=lambda: self._read(root))

    def file_in(self, root: Path, file: str) -> Path:
        """Return the path of a file below a data root."""
        return root / file

    def fetch(
        self,
        root: Path | None = None,
        *,
        mirrors: tuple[str, ...] = (),
        progress: OnDownload = ignore_progress,
    ) -> Path:
        """Download, verify and unpack the files that are missing; raises UserError."""
        root = paths.data_roots(root)[0]
        try:
            for remote, files in self.remotes():
                if not all((root / file).is_file() for file in files):
                    archive = download(remote.at(mirrors), root / "downloads", progress)
                    self.unpack(archive, root, files)
                    archive.unlink(missing_ok=True)
            with suppress(OSError):
                (root / "downloads").rmdir()
        except DOWNLOAD_ERRORS as error:
            what = f"could not be downloaded into {root}: {' '.join(str(error).split())}."
            hint = "Check the network and try again: what was downloaded is kept."
            raise UserError(f"data set {self.name}", what, hint) from error
        return root

    @abstractmethod
    def remotes(self) -> Iterator[tuple[RemoteFile, tuple[str, ...]]]:
        """Yield each file to download, and the files below a data root that it unpacks to."""

    @abstractmethod
    def unpack(self, archive: Path, root: Path, files: tuple[str, ...]) -> None:
        """Unpack a downloaded file to these files below a data root."""

    @property
    def torchvision(self) -> Any:
        """The class of torchvision that reads the data set."""
        # Imported late: it takes seconds, and most runs find the data set in the cache.
        return getattr(importlib.import_module("torchvision.datasets"), self.reader)

    def _read(self, root: Path) -> tuple[RawSplit, RawSplit]:
        try:
            with warnings.catch_warnings():
                # NumPy warns that the pickles of CIFAR were written by an older version of it.
                warnings.simplefilter("ignore")
                return self.read_files(root)
        except DAMAGED as error:
            what = f"the files in {root} are damaged: {error}."
            hint = f"Remove {self.files[0]} and what belongs to it. {self.install_hint(root)}"
            raise UserError(f"data set {self.name}", what, hint) from error

    def read_files(self, root: Path) -> tuple[RawSplit, RawSplit]:
        """Read the training and the test images by torchvision."""
        train, test = (self._convert(self.torchvision(root, **half)) for half in self.halves)
        return train, test

    def _convert(self, dataset: Any) -> RawSplit:
        """Return the images and labels of a data set of torchvision."""
        return self.split(np.asarray(dataset.data), getattr(dataset, self.labels))

    def split(self, pixels: np.ndarray, numbers: Any) -> RawSplit:
        """Return images and labels; raises ValueError if shape, labels or number are others."""
        images, labels = self._channels_first(pixels), np.asarray(numbers, np.int64)
        if images.shape != (len(labels), *self.shape):
            raise ValueError(f"{len(labels)} labels for images of shape {images.shape}")
        if not np.isin(labels, range(len(self.classes))).all():
            raise ValueError(f"a label is not one of {len(self.classes)} classes")
        if self.sizes and len(labels) not in self.sizes:
            published = " and ".join(f"{size:,}" for size in self.sizes)
            raise ValueError(f"{len(labels):,} images, published are {published}")
        return RawSplit(labels, _chunks(images))

    def _channels_first(self, images: np.ndarray) -> np.ndarray:
        """Turn torchvision's (n, h, w), (n, h, w, c) or (n, c, h, w) into the last."""
        if images.ndim == 3:
            return images[:, None]
        return images if images.shape[1] == self.shape[0] else images.transpose(0, 3, 1, 2)


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]
