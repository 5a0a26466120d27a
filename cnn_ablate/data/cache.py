"""Data sets decoded once into tensors on disk, which all workers then share by memory maps."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnn_ablate.data import paths
from cnn_ablate.data.dataset import DataSet, Part, Source
from cnn_ablate.data.image_tensors import ARRAYS, Images, facts, images
from cnn_ablate.errors import UserError
from cnn_ablate.locks import Locks
from cnn_ablate.schema import DataFacts

# Part of every cache's name: raise it when a change of the decoders changes pixels.
VERSION = 1
# Called with (images decoded, images in all).
Progress = Callable[[int, int], None]


def load(options: DataSet, root: Path | None = None, progress: Progress | None = None) -> Images:
    """Find a data set and open its tensors, decoding them if that was never done here.

    Raises UserError if the data set is not there, is damaged, or cannot be cached.
    """
    source, place = _found(options, root)
    if not source.files:
        return _in_memory(source)
    # Another process may remove a broken cache at the same time: then look again.
    for _ in range(3):
        if found := _open(place):
            return found
        _build(source, place, progress)
    raise UserError(str(place), "the tensor cache cannot be read back.", "Remove it.")


def _found(options: DataSet, root: Path | None) -> tuple[Source, Path]:
    try:
        source = options.find(root)
        return source, paths.tensors() / _name(source)
    except OSError as error:
        raise UserError(str(error.filename), f"cannot be read: {error.strerror}.") from error
    except UnicodeEncodeError as error:
        name = ascii(error.object.partition("\0")[0])
        raise UserError(name, "is not a name in UTF-8.", "Rename it.") from error


def _in_memory(source: Source) -> Images:
    train, test = source.read()
    arrays = {
        "train_images": np.concatenate([*train.chunks]),
        "train_labels": train.labels,
        "test_images": np.concatenate([*test.chunks]),
        "test_labels": test.labels,
    }
    return images(arrays, facts(source, arrays))


def _name(source: Source) -> str:
    """Name the cache after all that determines its contents, without reading the files."""
    digest = hashlib.sha256(f"{(VERSION, source.form)!r}{source.divided}".encode())
    for file in source.files:
        state = file.stat()
        digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return f"{source.name}-{digest.hexdigest()[:16]}"


def _open(place: Path) -> Images | None:
    """Map the tensors of a cache; None if it is not there or not whole."""
    try:
        known = DataFacts.model_validate_json((place / "meta.json").read_bytes())
        # Copy on write: writable, as torch wants it, and yet never written to the file.
        arrays = {name: np.load(place / f"{name}.npy", mmap_mode="c") for name in ARRAYS}
    except (OSError, ValueError, EOFError):
        return None
    whole = all(
        arrays[f"{part}_images"].shape == (count, *known.shape)
        and arrays[f"{part}_labels"].shape == (count,)
        for part, count in (("train", known.train), ("test", known.test))
    )
    return images(arrays, known) if whole else None


def _build(source: Source, place: Path, progress: Progress | None) -> None:
    """Decode a data set beside its cache's place, then move it there in one step."""
    parts = source.read() if progress is None else _watched(source.read(), progress)
    try:
        with _building(place.parent) as built:
            _write(source, parts, built)
            _publish(built, place)
    except OSError as error:
        raise UserError(
            str(place.parent),
            f"the tensor cache cannot be written: {error.strerror or error}.",
            "Set CNN_ABLATE_CACHE to a folder with room.",
        ) from error


@contextmanager
def _building(folder: Path) -> Iterator[Path]:
    """Give a folder to build in, removed in the end; what killed processes left goes now."""
    with Locks(folder) as locks:
        mine = folder / f".building-{uuid.uuid4().hex}"
        locks.take(mine.name)
        # Listed before the locks are looked at: who builds has locked first.
        found = [left for left in folder.glob(".building-*") if left.is_dir()]
        for left in {left.name for left in found} - {*locks.others(".building-")}:
            shutil.rmtree(folder / left, ignore_errors=True)
        mine.mkdir()
        try:
            yield mine
        finally:
            shutil.rmtree(mine, ignore_errors=True)


def _watched(parts: tuple[Part, Part], progress: Progress) -> tuple[Part, Part]:
    """Tell `progress` of each chunk that is taken."""
    train, test = parts
    total = len(train.labels) + len(test.labels)

    def watch(chunks: Iterable[np.ndarray], done: int) -> Iterator[np.ndarray]:
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            progress(done, total)

    return (
        replace(train, chunks=watch(train.chunks, 0)),
        replace(test, chunks=watch(test.chunks, len(train.labels))),
    )


def _write(source: Source, parts: tuple[Part, Part], folder: Path) -> None:
    for name, part in zip(("train", "test"), parts, strict=True):
        shape = (len(part.labels), *source.form.shape)
        _write_array(folder / f"{name}_images.npy", shape, part.chunks)
        np.save(folder / f"{name}_labels.npy", part.labels)
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    (folder / "meta.json").write_text(facts(source, arrays).model_dump_json(), encoding="utf-8")


def _write_array(path: Path, shape: tuple[int, ...], chunks: Iterable[np.ndarray]) -> None:
    """Write an .npy of bytes chunk by chunk.

    A memory map would be shorter, but a full disk kills the process that writes to one.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in chunks:
            file.write(np.ascontiguousarray(chunk).data)
        file.flush()
        os.fsync(file.fileno())


def _publish(built: Path, place: Path) -> None:
    """Move a cache to its place, unless another process has put a whole one there."""
    if place.exists() and _open(place) is None:
        shutil.rmtree(place, ignore_errors=True)
    try:
        built.rename(place)
    except OSError:
        if not place.is_dir():
            raise
