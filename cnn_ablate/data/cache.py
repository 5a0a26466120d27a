"""The tensor cache: data sets are decoded once to disk, and memory-mapped by all workers."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnn_ablate.data import paths
from cnn_ablate.data.content import content_digest
from cnn_ablate.data.dataset_options import DataSet, FoundData, RawSplit
from cnn_ablate.data.image_tensors import (
    ARRAYS,
    Images,
    Names,
    describe,
    from_arrays,
    matches_fingerprint,
)
from cnn_ablate.errors import UserError
from cnn_ablate.schema import DataFacts
from cnn_ablate.temporary_folder import temporary_folder
from cnn_ablate.text import some
from cnn_ablate.value_errors import not_utf8

# Part of every cache's name: raise it when a change of the decoders changes pixels.
VERSION = 2
_NAMES = "names.json"
# Broken files that one message names.
_NAMED = 20
# Called with the number of images decoded, and their total.
Progress = Callable[[int, int], None]


def load(options: DataSet, root: Path | None = None, progress: Progress | None = None) -> Images:
    """Find a data set and open its tensors, after decoding it if it is not in the cache.

    Raises:
        UserError: the data set is missing or damaged, or cannot be cached.
    """
    found, folder = _find(options, root)
    if not found.files:
        return _read_into_memory(found)
    # Another process may remove a broken cache at the same time, hence more than one attempt.
    for _ in range(3):
        if images := _open(folder):
            return images
        _build(found, folder, progress)
    raise UserError(str(folder), "the tensor cache cannot be read back.", "Remove it.")


def has_changed(options: DataSet, root: Path | None, fingerprint: str) -> bool:
    """Return whether the files of a data set have changed since a fingerprint was taken of them.

    Nothing is decoded: the cache that has the fingerprint is compared with that of the files as
    they are. Where no cache has it, nothing is known of a change.

    Raises:
        UserError: the data set is missing, or cannot be read.
    """
    found, folder = _find(options, root)
    caches = folder.parent.glob(f"{found.name}-*")
    same = {path for path in caches if (facts := _facts(path)) and facts.fingerprint == fingerprint}
    return bool(same) and folder not in same


def _find(options: DataSet, root: Path | None) -> tuple[FoundData, Path]:
    """Find a data set, and return the folder of its cache with it."""
    try:
        found = options.find(root)
        return found, paths.cache_folder() / _cache_name(found)
    except OSError as error:
        raise UserError(str(error.filename), f"cannot be read: {error.strerror}.") from error
    except UnicodeEncodeError as error:
        raise not_utf8(error) from error


def _read_into_memory(found: FoundData) -> Images:
    train, test = found.read()
    arrays = {
        "train_images": np.concatenate([*train.chunks]),
        "train_labels": train.labels,
        "test_images": np.concatenate([*test.chunks]),
        "test_labels": test.labels,
    }
    return from_arrays(arrays, describe(found, arrays))


def _cache_name(found: FoundData) -> str:
    """Return a name that changes with the contents of the files, and with how they are read."""
    how = [VERSION, found.spec.shape, found.spec.classes, found.divided, found.skip_broken]
    how.append(found.note)  # it is part of the facts that are kept
    how += [found.resize] if found.resize != "crop" else []  # caches of earlier versions are crops
    how += ["val"] if found.has_val else []
    content = content_digest(found.files, paths.cache_folder()) if found.files else ""
    digest = hashlib.sha256(json.dumps([*how, content]).encode())
    return f"{found.name}-{digest.hexdigest()[:16]}"


def _open(folder: Path) -> Images | None:
    """Map the tensors of a cache; None if it is missing, incomplete or changed."""
    facts = _facts(folder)
    if not facts:
        return None
    try:
        # Copy on write: torch wants writable arrays, and the file must never be written.
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="c") for name in ARRAYS}
    except (OSError, ValueError, EOFError):
        return None
    is_complete = all(
        arrays[f"{half}_images"].shape == (count, *facts.shape)
        and arrays[f"{half}_labels"].shape == (count,)
        for half, count in (("train", facts.train + facts.val), ("test", facts.test))
    )
    if not is_complete:
        return None
    images = from_arrays(arrays, facts, _read_names(folder))
    return images if matches_fingerprint(images) else None


def _facts(folder: Path) -> DataFacts | None:
    with suppress(OSError, ValueError):
        return DataFacts.model_validate_json((folder / "meta.json").read_bytes())
    return None


def _read_names(folder: Path) -> tuple[Names, Names]:
    """Return the files of the training and the test images; empty if the images are no files."""
    with suppress(OSError, ValueError):
        train, test = json.loads((folder / _NAMES).read_bytes())
        return tuple(train), tuple(test)
    return (), ()


def _build(found: FoundData, folder: Path, progress: Progress | None) -> None:
    """Decode a data set into a temporary folder, then rename it to the cache's."""
    halves = found.read() if progress is None else _with_progress(found.read(), progress)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder.parent) as temporary:
            _write(found, halves, temporary)
            _publish(temporary, folder)
    except OSError as error:
        raise UserError(
            str(folder.parent),
            f"the tensor cache cannot be written: {error.strerror or error}.",
            "Set CNN_ABLATE_CACHE to a folder with free space.",
        ) from error


def _with_progress(
    halves: tuple[RawSplit, RawSplit], progress: Progress
) -> tuple[RawSplit, RawSplit]:
    """Return the same images, calling `progress` after each chunk that was used."""
    train, test = halves
    total = len(train.labels) + len(test.labels)

    def report(chunks: Iterable[np.ndarray], done: int) -> Iterator[np.ndarray]:
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            progress(done, total)

    return (
        replace(train, chunks=report(train.chunks, 0)),
        replace(test, chunks=report(test.chunks, len(train.labels))),
    )


def _write(found: FoundData, halves: tuple[RawSplit, RawSplit], folder: Path) -> None:
    for name, half in zip(("train", "test"), halves, strict=True):
        _write_array(folder / f"{name}_images.npy", found.spec.shape, half.chunks)
    broken = _check_broken(found, halves)
    whole = [half.whole for half in halves]
    for name, half in zip(("train", "test"), whole, strict=True):
        np.save(folder / f"{name}_labels.npy", half.labels)
    (folder / _NAMES).write_text(json.dumps([half.names for half in whole]), encoding="utf-8")
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    found = replace(found, note=f"{found.note} {broken}".strip())
    left_out = sum(len(half.broken) for half in halves)
    facts = describe(found, arrays, whole[0].val).model_copy(update={"left_out": left_out})
    (folder / "meta.json").write_text(facts.model_dump_json(), encoding="utf-8")


def _check_broken(found: FoundData, halves: Iterable[RawSplit]) -> str:
    """Return a sentence on the pictures that were left out; raises UserError if none may be."""
    halves = tuple(halves)
    errors = [file.error for half in halves for file in half.broken]
    total = sum(len(half.labels) for half in halves)
    if not errors:
        return ""
    if found.skip_broken and all(len(half.whole.labels) for half in halves):
        names = [half.names[file.place] for half in halves for file in half.broken]
        named = some(names, most=_NAMED)
        were = "was" if len(errors) == 1 else "were"
        return f"{len(errors):,} of {total:,} pictures cannot be read and {were} left out: {named}."
    if len(errors) == 1:
        hint = "Replace or remove it, or set data.broken to skip."
        raise UserError(errors[0].where, errors[0].what, hint)
    files = some((error.where for error in errors), most=_NAMED)
    what = (
        f"{len(errors):,} of {total:,} pictures cannot be read: {files}. The first {errors[0].what}"
    )
    hint = "Replace or remove them, or set data.broken to skip."
    raise UserError(f"data set {found.name}", what, hint)


def _write_array(path: Path, shape: tuple[int, ...], chunks: Iterable[np.ndarray]) -> None:
    """Write images of a shape to a uint8 .npy file chunk by chunk.

    A memory map would be shorter, but a full disk kills the process that writes to one.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": (0, *shape)}
    written = 0
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in chunks:
            written += len(chunk)
            file.write(np.ascontiguousarray(chunk).data)
        # Only now it is known how many images are not broken; NumPy leaves room for the number.
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, header | {"shape": (written, *shape)})
        file.flush()
        os.fsync(file.fileno())


def _publish(temporary: Path, folder: Path) -> None:
    """Rename a cache to its folder, unless another process has published a complete one."""
    if folder.exists() and _open(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
