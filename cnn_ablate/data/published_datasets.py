"""The published data sets: shape, classes and files of each, as torchvision reads them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from cnn_ablate.data import class_names, folder, idx
from cnn_ablate.data.archives import gunzip, untar
from cnn_ablate.data.dataset_options import FoundData, RawSplit
from cnn_ablate.data.download import RemoteFile
from cnn_ablate.data.image_files import Decoding
from cnn_ablate.data.torchvision_files import Published
from cnn_ablate.errors import UserError


class Mnist(Published):
    """Handwritten digits, 60,000 and 10,000 grey images of 28 x 28.

    Reference: LeCun et al. 1998.
    """

    name: ClassVar[str] = "mnist"
    file_layout: ClassVar[str] = "MNIST/raw/*-ubyte"
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

    # MD5 of the unpacked files, in their order; those of the packed ones are torchvision's.
    checksums: ClassVar[tuple[str, ...]] = (
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    )

    def file_in(self, root: Path, file: str) -> Path:
        """Return the file, or else its packed form beside it."""
        packed = root / f"{file}.gz"
        return packed if packed.is_file() and not (root / file).is_file() else root / file

    def read_files(self, root: Path) -> tuple[RawSplit, RawSplit]:
        """Read images and labels of the four files, each the published one."""
        unpacked = dict(zip(self.files, self.checksums, strict=False))
        arrays = []
        for file in self.files:
            path = self.file_in(root, file)
            # Packed anew, a file has another checksum and the same contents.
            packed = dict(self.torchvision.resources) if path.suffix == ".gz" else {}
            known = filter(None, (packed.get(path.name), unpacked.get(file)))
            arrays.append(idx.read(path, [*known]))
        train, train_labels, test, test_labels = arrays
        return self.split(train, train_labels), self.split(test, test_labels)

    def remotes(self) -> Iterator[tuple[RemoteFile, tuple[str, ...]]]:
        """Yield torchvision's four downloads, each with the file that it unpacks to."""
        torchvision = self.torchvision
        unpacked = {Path(file).name: file for file in self.files}
        for name, md5 in torchvision.resources:
            urls = tuple(f"{mirror}{name}" for mirror in torchvision.mirrors)
            yield RemoteFile(name, urls, md5), (unpacked[Path(name).stem],)

    def unpack(self, archive: Path, root: Path, files: tuple[str, ...]) -> None:
        """Decompress the file."""
        gunzip(archive, root / files[0])


class FashionMnist(Mnist):
    """Clothing, 60,000 and 10,000 grey images of 28 x 28.

    Reference: Xiao et al. 2017, arXiv:1708.07747.
    """

    name: ClassVar[str] = "fashion_mnist"
    file_layout: ClassVar[str] = "FashionMNIST/raw/*-ubyte"
    classes: ClassVar[tuple[str, ...]] = class_names.FASHION
    reader: ClassVar[str] = "FashionMNIST"
    files: ClassVar[tuple[str, ...]] = tuple(
        file.replace("MNIST", "FashionMNIST") for file in Mnist.files
    )
    checksums: ClassVar[tuple[str, ...]] = (
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    )


class KMnist(Mnist):
    """Cursive Japanese characters, 60,000 and 10,000 grey images of 28 x 28.

    Reference: Clanuwat et al. 2018, arXiv:1812.01718.
    """

    name: ClassVar[str] = "kmnist"
    file_layout: ClassVar[str] = "KMNIST/raw/*-ubyte"
    classes: ClassVar[tuple[str, ...]] = class_names.KUZUSHIJI
    reader: ClassVar[str] = "KMNIST"
    files: ClassVar[tuple[str, ...]] = tuple(
        file.replace("MNIST", "KMNIST") for file in Mnist.files
    )
    # Its publishers state those of the packed files only.
    checksums: ClassVar[tuple[str, ...]] = ()


class Cifar(Published):
    """CIFAR-10 or CIFAR-100, published as an archive of pickles."""

    shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    sizes: ClassVar[tuple[int, int] | None] = (50_000, 10_000)

    def remotes(self) -> Iterator[tuple[RemoteFile, tuple[str, ...]]]:
        """Yield torchvision's archive."""
        torchvision = self.torchvision
        remote = RemoteFile(torchvision.filename, (torchvision.url,), torchvision.tgz_md5)
        yield remote, self.files

    def unpack(self, archive: Path, root: Path, files: tuple[str, ...]) -> None:
        """Extract the pickles."""
        untar(archive, root, files)


class Cifar10(Cifar):
    """Small photographs, 50,000 and 10,000 colour images of 32 x 32.

    Without torchvision's files, image files in `cifar10/{train,test}/<class>/` are read.

    Reference: Krizhevsky 2009.
    """

    name: ClassVar[str] = "cifar10"
    file_layout: ClassVar[str] = (
        "cifar-10-batches-py/ or cifar10/{train,test}/<class>/*.{jpg,jpeg,png}"
    )
    classes: ClassVar[tuple[str, ...]] = class_names.CIFAR10
    reader: ClassVar[str] = "CIFAR10"
    files: ClassVar[tuple[str, ...]] = (
        *(f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)),
        "cifar-10-batches-py/test_batch",
        "cifar-10-batches-py/batches.meta",
    )

    def find_in(self, root: Path) -> FoundData | None:
        """Search torchvision's files, then image files."""
        return super().find_in(root) or self._find_image_files(root / "cifar10")

    def _find_image_files(self, path: Path) -> FoundData | None:
        found = folder.find_divided(self.name, path, Decoding(self.shape))
        if found and found.spec != self.spec():
            expected = ", ".join(self.classes)
            raise UserError(str(path), f"expected the classes {expected}.")
        return found and replace(found, note=_note(found.files))


def _note(files: tuple[Path, ...]) -> str:
    is_lossy = any(file.suffix.lower() in {".jpg", ".jpeg"} for file in files)
    note = "JPEG copies: accuracies can sit a little under those of the originals"
    return note if is_lossy else ""


class Cifar100(Cifar):
    """Small photographs of a hundred classes, 50,000 and 10,000 colour images of 32 x 32.

    Reference: Krizhevsky 2009.
    """

    name: ClassVar[str] = "cifar100"
    file_layout: ClassVar[str] = "cifar-100-python/"
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
    file_layout: ClassVar[str] = "train_32x32.mat and test_32x32.mat"
    shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    sizes: ClassVar[tuple[int, int] | None] = (73_257, 26_032)
    classes: ClassVar[tuple[str, ...]] = class_names.DIGITS
    reader: ClassVar[str] = "SVHN"
    files: ClassVar[tuple[str, ...]] = ("train_32x32.mat", "test_32x32.mat")
    halves: ClassVar[tuple[dict[str, Any], ...]] = ({"split": "train"}, {"split": "test"})
    labels: ClassVar[str] = "labels"

    def remotes(self) -> Iterator[tuple[RemoteFile, tuple[str, ...]]]:
        """Yield torchvision's two files."""
        for half in self.halves:
            url, name, md5 = self.torchvision.split_list[half["split"]]
            yield RemoteFile(name, (url,), md5), (name,)

    def unpack(self, archive: Path, root: Path, files: tuple[str, ...]) -> None:
        """Move the file to its folder: it is no archive."""
        archive.replace(root / files[0])
