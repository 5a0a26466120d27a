"""Files in the IDX format of MNIST, packed or not: their checksum and their array."""

import gzip
import hashlib
import math
from collections.abc import Collection
from pathlib import Path

import numpy as np

# Two zeros, and the type of the values: unsigned bytes.
_MAGIC = b"\0\0\x08"


def read(path: Path, known: Collection[str]) -> np.ndarray:
    """Read the array of a file, which is unpacked if its name ends in .gz.

    Args:
        path: The file.
        known: Checksums, MD5, of the published file as it is packed or unpacked; may be empty.

    Raises:
        ValueError: it is not the published file, or no whole IDX file.
        OSError: it cannot be read or unpacked.
    """
    stored = path.read_bytes()
    content = gzip.decompress(stored) if path.suffix == ".gz" else stored
    if known and not {_md5(stored), _md5(content)} & {*known}:
        raise ValueError(f"{path.name} is not the published file: its MD5 differs")
    if len(content) < 4 or not content.startswith(_MAGIC):
        raise ValueError(f"{path.name} is no IDX file")
    start = 4 + 4 * content[3]
    shape = tuple(np.frombuffer(content[4 : min(start, len(content))], ">u4").tolist())
    if len(content) != start + math.prod(shape):
        raise ValueError(f"{path.name} has {len(content):,} bytes, not those of {shape}")
    # A copy, as bytes cannot be written to.
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
