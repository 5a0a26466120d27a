"""The published data sets, each with its shape, its classes and torchvision's files."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from cnn_ablate.data import class_names, folder
from cnn_ablate.data.archives import gunzip, untar
from cnn_ablate.data.dataset import Source
from cnn_ablate.data.download import Remote
from cnn_ablate.data.published import Published
from cnn_ablate.errors import UserError


class Mnist(Published):
    """Handwritten digits, 60,000 and 10,000 grey images of 28 x 28.

    Reference: LeCun et al. 1998.
    """

    name: ClassVar[str] = "mnist"
    layout: ClassVar[str] = "MNIST/raw/*-ubyte"
    shape: ClassVar[tuple[int, int, int]] = (1, 28, 28)
    sizes: ClassVar[tuple[int, int] | None] = (60_000, 10_000)
    classes: ClassVar[tuple[str, ...]] = class_names.DIGITS
    reader: ClassVar[str] = "MNIST"
    files: ClassVar[tuple[str, ...]] = (
        "MNIST/raw/train-images-idx3-ubyte",
        "MNIST/raw/train-labels-idx1-ubyte",
        "MNIST/raw/t10k-images-idx3-ubyte",
        "MNIST/raw/t10k-labels-idx1-ubyte",
    )

    def remotes(self) -> Iterator[tuple[Remote, tuple[str, ...]]]:
        """Give torchvision's four files, each of which holds one of ours."""
        known = self.torchvision
        ours = {Path(file).name: file for file in self.files}
        for name, md5 in known.resources:
            urls = tuple(f"{mirror}{name}" for mirror in known.mirrors)
            yield Remote(name, urls, md5), (ours[Path(name).stem],)

    def unpack(self, archive: Path, place: Path, files: tuple[str, ...]) -> None:
        """Decompress the one file."""
        gunzip(archive, place / files[0])


class FashionMnist(Mnist):
    """Clothes, 60,000 and 10,000 grey images of 28 x 28.

    Reference: Xiao et al. 2017, arXiv:1708.07747.
    """

    name: ClassVar[str] = "fashion_mnist"
    layout: ClassVar[str] = "FashionMNIST/raw/*-ubyte"
    classes: ClassVar[tuple[str, ...]] = class_names.FASHION
    reader: ClassVar[str] = "FashionMNIST"
    files: ClassVar[tuple[str, ...]] = tuple(
        file.replace("MNIST", "FashionMNIST") for file in Mnist.files
    )


class KMnist(Mnist):
    """Old Japanese letters, 60,000 and 10,000 grey images of 28 x 28.

    Reference: Clanuwat et al. 2018, arXiv:1812.01718.
    """

    name: ClassVar[str] = "kmnist"
    layout: ClassVar[str] = "KMNIST/raw/*-ubyte"
    classes: ClassVar[tuple[str, ...]] = class_names.KUZUSHIJI
    reader: ClassVar[str] = "KMNIST"
    files: ClassVar[tuple[str, ...]] = tuple(
        file.replace("MNIST", "KMNIST") for file in Mnist.files
    )


class Cifar(Published):
    """One of the two data sets that come as an archive of pickles."""

    shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    sizes: ClassVar[tuple[int, int] | None] = (50_000, 10_000)

    def remotes(self) -> Iterator[tuple[Remote, tuple[str, ...]]]:
        """Give torchvision's archive."""
        known = self.torchvision
        yield Remote(known.filename, (known.url,), known.tgz_md5), self.files

    def unpack(self, archive: Path, place: Path, files: tuple[str, ...]) -> None:
        """Take the pickles out."""
        untar(archive, place, files)


class Cifar10(Cifar):
    """Small photographs, 50,000 and 10,000 colour images of 32 x 32.

    Where torchvision's files are not there, pictures in `cifar10/{train,test}/<class>/` are taken.

    Reference: Krizhevsky 2009.
    """

    name: ClassVar[str] = "cifar10"
    layout: ClassVar[str] = "cifar-10-batches-py/ or cifar10/{train,test}/<class>/*.{jpg,jpeg,png}"
    classes: ClassVar[tuple[str, ...]] = class_names.CIFAR10
    reader: ClassVar[str] = "CIFAR10"
    files: ClassVar[tuple[str, ...]] = (
        *(f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)),
        "cifar-10-batches-py/test_batch",
        "cifar-10-batches-py/batches.meta",
    )

    def find_in(self, place: Path) -> Source | None:
        """Look for torchvision's files, then for pictures."""
        return super().find_in(place) or self._pictures(place / "cifar10")

    def _pictures(self, place: Path) -> Source | None:
        source = folder.find(self.name, place, self.shape)
        if source and source.form != self.form():
            expected = ", ".join(self.classes)
            raise UserError(str(place), f"expected the classes {expected}.")
        return source and replace(source, note=_note(source.files))


def _note(files: tuple[Path, ...]) -> str:
    lossy = any(file.suffix.lower() in {".jpg", ".jpeg"} for file in files)
    return "JPEG copies: accuracies can sit a little under those of the originals" if lossy else ""


class Cifar100(Cifar):
    """Small photographs of a hundred classes, 50,000 and 10,000 colour images of 32 x 32.

    Reference: Krizhevsky 2009.
    """

    name: ClassVar[str] = "cifar100"
    layout: ClassVar[str] = "cifar-100-python/"
    classes: ClassVar[tuple[str, ...]] = class_names.CIFAR100
    reader: ClassVar[str] = "CIFAR100"
    files: ClassVar[tuple[str, ...]] = (
        "cifar-100-python/train",
        "cifar-100-python/test",
        "cifar-100-python/meta",
    )


class Svhn(Published):
    """House numbers, 73,257 and 26,032 colour images of 32 x 32.

    Reference: Netzer et al. 2011.
    """

    name: ClassVar[str] = "svhn"
    layout: ClassVar[str] = "train_32x32.mat and test_32x32.mat"
    shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    sizes: ClassVar[tuple[int, int] | None] = (73_257, 26_032)
    classes: ClassVar[tuple[str, ...]] = class_names.DIGITS
    reader: ClassVar[str] = "SVHN"
    files: ClassVar[tuple[str, ...]] = ("train_32x32.mat", "test_32x32.mat")
    parts: ClassVar[tuple[dict[str, Any], ...]] = ({"split": "train"}, {"split": "test"})
    labels: ClassVar[str] = "labels"

    def remotes(self) -> Iterator[tuple[Remote, tuple[str, ...]]]:
        """Give torchvision's two files."""
        for part in self.parts:
            url, name, md5 = self.torchvision.split_list[part["split"]]
            yield Remote(name, (url,), md5), (name,)

    def unpack(self, archive: Path, place: Path, files: tuple[str, ...]) -> None:
        """Move the file to its place: it is no archive."""
        archive.replace(place / files[0])
