"""Arrays are read only if their shape, type and size are those that are expected."""

import io
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from numpy.lib import format as npy

from cnn_ablate.store.arrays import read_arrays

LAYOUT = {"label": ("n", "iu"), "odds": ("nk", "f")}
MOST = {"n": 10, "k": 5}


def packed(**arrays: np.ndarray) -> bytes:
    """Return arrays as an .npz file."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def with_header(shape: tuple[int, ...], data: bytes, dtype: str = "<f4") -> bytes:
    """Return an .npz file whose array `odds` has a header that its data may not fit."""
    file, array = io.BytesIO(), io.BytesIO()
    npy.write_array_header_1_0(array, {"descr": dtype, "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("odds.npy", array.getvalue() + data)
        label = io.BytesIO()
        np.save(label, np.zeros(4, np.int8))
        archive.writestr("label.npy", label.getvalue())
    return file.getvalue()


GOOD = {"label": np.arange(4), "odds": np.zeros((4, 3), np.float16)}
BAD: dict[str, Callable[[], bytes]] = {
    "no zip": lambda: b"no zip",
    "nothing": lambda: b"",
    "cut": lambda: packed(**GOOD)[:-30],
    "missing": lambda: packed(label=GOOD["label"]),
    "too many axes": lambda: packed(label=GOOD["label"], odds=np.zeros((4, 3, 1), np.float16)),
    "a number": lambda: packed(label=np.array(3), odds=GOOD["odds"]),
    "unequal": lambda: packed(label=np.arange(3), odds=GOOD["odds"]),
    "too long": lambda: packed(label=np.arange(11), odds=np.zeros((11, 3))),
    "too wide": lambda: packed(label=np.arange(4), odds=np.zeros((4, 6))),
    "texts": lambda: packed(label=np.array(list("abcd")), odds=GOOD["odds"]),
    "objects": lambda: packed(label=np.array([{}, {}, {}, {}]), odds=GOOD["odds"]),
    "complex": lambda: packed(label=GOOD["label"], odds=np.zeros((4, 3), complex)),
    "a terabyte of nothing": lambda: with_header((10**6, 10**6), b""),
    "more than said": lambda: with_header((4, 3), bytes(49)),
    "less than said": lambda: with_header((4, 3), bytes(47)),
    "negative": lambda: with_header((-4, 3), bytes(48)),
    "no numbers": lambda: with_header((4, 3), bytes(48), "|O"),
}


def test_arrays_are_read_as_they_were_written() -> None:
    """Their letters have one length each."""
    found = read_arrays(packed(**GOOD), LAYOUT, MOST)
    assert GOOD.keys() == found.keys()
    assert all(np.array_equal(GOOD[name], found[name]) for name in GOOD)


@pytest.mark.parametrize("kind", BAD)
def test_other_arrays_are_refused(kind: str) -> None:
    """Whatever is wrong, nothing is allocated for it."""
    with pytest.raises(ValueError, match=r"\w"):
        read_arrays(BAD[kind](), LAYOUT, MOST)


def test_no_flipped_byte_ends_in_another_error() -> None:
    """Of 2,000 damaged files each is read as it was written, or refused."""
    good, random = packed(**GOOD), np.random.default_rng(3)
    refused = 0
    for _ in range(2000):
        damaged = bytearray(good)
        damaged[random.integers(len(good))] ^= 1 << random.integers(8)
        try:
            found = read_arrays(bytes(damaged), LAYOUT, MOST)
        except ValueError:
            refused += 1
        else:
            assert (4,) == found["label"].shape
    assert 1000 < refused
