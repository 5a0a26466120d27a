"""Arrays of an .npz file, whose shapes and sizes are checked before any of them is read."""

import io
import zlib
from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

# Per array: the letters of its axes, and the kinds of its numbers as numpy abbreviates them.
Layout = Mapping[str, tuple[str, str]]
# A RuntimeError says that a file is encrypted, or packed in a way that is not known.
_INVALID = (ValueError, KeyError, EOFError, OSError, BadZipFile, zlib.error, RuntimeError)


def read_arrays(
    payload: bytes, layout: Layout, most: Mapping[str, int] | None = None
) -> dict[str, NDArray[Any]]:
    """Read the arrays of an .npz file.

    Args:
        payload: The file.
        layout: The arrays. Axes of one letter have the same length in all of them.
        most: The greatest length of some axes, by letter.

    Raises:
        ValueError: the file is damaged, or an array has another shape, type or size.
    """
    lengths: dict[str, int] = {}
    try:
        with ZipFile(io.BytesIO(payload)) as archive:
            for name, (axes, kinds) in layout.items():
                shape = _checked_shape(archive, name, kinds)
                if len(shape) != len(axes) or any(
                    lengths.setdefault(axis, n) != n or n > (most or {}).get(axis, n)
                    for axis, n in zip(axes, shape, strict=True)
                ):
                    raise ValueError(f"'{name}' has the shape {shape}")
        with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in layout}
    except _INVALID as error:
        raise ValueError(str(error)) from error


def _checked_shape(archive: ZipFile, name: str, kinds: str) -> tuple[int, ...]:
    """Return the shape of an array from its header, once its size is known to fit the shape."""
    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = header(file)
        size = file.tell() + dtype.itemsize * int(np.prod(shape, dtype=object))
    if dtype.kind not in kinds:
        raise ValueError(f"'{name}' has the type {dtype}")
    if entry.file_size != size:
        raise ValueError(f"'{name}' is {entry.file_size} bytes long, not {size}")
    return tuple(shape)
