"""How published data sets are found, read and downloaded: torchvision's own files.

Their addresses and checksums are torchvision's too.
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
from cnn_ablate.data.dataset import Arriving, KnownDataSet, Part, Source, unseen
from cnn_ablate.data.download import Remote, download
from cnn_ablate.errors import UserError

# What torchvision and the pickles, MAT and idx files below it raise for damaged files.
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
UNREACHED = (OSError, EOFError, tarfile.TarError, zlib.error)
CHUNK = 4096


class Published(KnownDataSet):
    """A data set that torchvision reads and downloads."""

    reader: ClassVar[str]
    files: ClassVar[tuple[str, ...]]
    parts: ClassVar[tuple[dict[str, Any], ...]] = ({"train": True}, {"train": False})
    labels: ClassVar[str] = "targets"

    def find_in(self, place: Path) -> Source | None:
        """Look for torchvision's files in one data root; raises UserError if some are missing."""
        files = tuple(place / file for file in self.files)
        absent = [file for file in files if not file.is_file()]
        if len(absent) == len(files):
            return None
        if absent:
            raise UserError(str(absent[0]), "is missing, but others are there.", self.advice(place))
        return Source(self.name, self.form(), files, read=lambda: self._read(place))

    def fetch(
        self,
        root: Path | None = None,
        *,
        mirrors: tuple[str, ...] = (),
        progress: Arriving = unseen,
    ) -> Path:
        """Download what is missing, check it, and unpack it; raises UserError."""
        place = paths.roots(root)[0]
        try:
            for remote, files in self.remotes():
                if not all((place / file).is_file() for file in files):
                    archive = download(remote.at(mirrors), place / "downloads", progress)
                    self.unpack(archive, place, files)
                    archive.unlink(missing_ok=True)
            with suppress(OSError):
                (place / "downloads").rmdir()
        except UNREACHED as error:
            what = f"could not be downloaded into {place}: {' '.join(str(error).split())}."
            hint = "Check the network, then again: what has arrived is kept."
            raise UserError(f"data set {self.name}", what, hint) from error
        return place

    @abstractmethod
    def remotes(self) -> Iterator[tuple[Remote, tuple[str, ...]]]:
        """Give each file to download, with the files that are made of it, below a data root."""

    @abstractmethod
    def unpack(self, archive: Path, place: Path, files: tuple[str, ...]) -> None:
        """Make these files below a data root of a downloaded one."""

    @property
    def torchvision(self) -> Any:
        """The class of torchvision that reads it."""
        # Here and not above: the import takes seconds, and most runs find their cache.
        return getattr(importlib.import_module("torchvision.datasets"), self.reader)

    def _read(self, place: Path) -> tuple[Part, Part]:
        try:
            with warnings.catch_warnings():
                # The pickles of CIFAR were written by an older NumPy, which the newer mentions.
                warnings.simplefilter("ignore")
                train, test = (self._part(self.torchvision(place, **part)) for part in self.parts)
        except DAMAGED as error:
            what = f"the files in {place} are damaged: {error}."
            hint = f"Remove {self.files[0]} and what belongs to it. {self.advice(place)}"
            raise UserError(f"data set {self.name}", what, hint) from error
        return train, test

    def _part(self, dataset: Any) -> Part:
        images = self._channels_first(np.asarray(dataset.data))
        labels = np.asarray(getattr(dataset, self.labels), np.int64)
        if images.shape != (len(labels), *self.shape):
            raise ValueError(f"{len(labels)} labels for images of shape {images.shape}")
        if not np.isin(labels, range(len(self.classes))).all():
            raise ValueError(f"a label is not one of {len(self.classes)} classes")
        return Part(labels, _chunks(images))

    def _channels_first(self, images: np.ndarray) -> np.ndarray:
        """Turn torchvision's (n, h, w), (n, h, w, c) or (n, c, h, w) into the last."""
        if images.ndim == 3:
            return images[:, None]
        return images if images.shape[1] == self.shape[0] else images.transpose(0, 3, 1, 2)


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]
