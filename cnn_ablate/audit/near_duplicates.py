"""Find test images that look like copies of training images, for instance re-compressed ones.

A perceptual hash finds candidates: the signs of the low frequencies of the grey image against
their median (pHash; Zauner 2010, "Implementation and benchmarking of perceptual image hash
functions"). Their pixels then decide. Reference for such copies in published data sets: Barz and
Denzler 2020, arXiv:1902.00423.
"""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt64
from scipy.fft import dct
from torch import Tensor
from torch.nn import functional

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.used_images import (
    ChosenImages,
    Pixels,
    UsedImages,
    distinct_findings,
)
from cnn_ablate.schema import Finding
from cnn_ablate.text import percent, some

Hashes = UInt64[np.ndarray, " n"]
Pairs = tuple[Int64[np.ndarray, " pairs"], Int64[np.ndarray, " pairs"]]
"""Places of test images, and of the training image that each looks like."""

# Side of the grey image, and of its low frequencies.
_SIDE, _FREQUENCIES = 32, 8
# Four bands of 16 bits: hashes that differ in at most three bits agree in one of them.
_BANDS, _MOST_BITS = 4, 3
# Root mean square of the difference, as a fraction of the standard deviation of the pixels. JPEG
# of quality 75 stays below it in 95 % of the images of Fashion-MNIST, whose most similar products
# differ by more.
_MOST_DIFFERENCE = 0.15
# Test images compared at once, and candidates kept of each.
_BLOCK, _CANDIDATES = 256, 16


def near_duplicates(subject: Subject) -> Iterator[Finding]:
    """Find test images that differ little from a training image, and are not equal to one."""
    return distinct_findings(subject.used_images, _suspects)


def _suspects(used: UsedImages) -> Iterator[Finding]:
    test = used.test_images
    known = set(used.seen_digests)
    tests, trains = similar_pairs(test, used.seen_images)
    pairs = [
        (used.test_names[i], used.seen_names[j])
        for i, j in zip(tests.tolist(), trains.tolist(), strict=True)
        if used.test_digests[i] not in known
    ]
    if pairs:
        yield Finding(
            kind="near-duplicates",
            severity="note",
            where=used.name,
            message=(
                f"{len(pairs):,} of {len(test):,} test images of {used.name} "
                f"({percent(len(pairs) / len(test))}) may be copies of training images, compressed "
                f"or scaled anew: {some(f'{name} looks like {twin}' for name, twin in pairs)}. "
                "Look at them: this is a suspicion."
            ),
            data={"suspected": len(pairs), "test": len(test), "pairs": pairs},
        )


def similar_pairs(test: ChosenImages, seen: ChosenImages) -> Pairs:
    """Return which test images look like a training image, each with the most similar one."""
    hashes, others = perceptual_hashes(test), perceptual_hashes(seen)
    orders = [np.argsort(_bands(others)[:, band], kind="stable") for band in range(_BANDS)]
    found: list[tuple[int, int]] = []
    # All blank images look alike.
    textured = ~test.blank
    for start in range(0, len(test), _BLOCK):
        block = np.flatnonzero(textured[start : start + _BLOCK]) + start
        i, j = _candidates(hashes, others, orders, block)
        difference = _relative_differences(test, seen, (i, j))
        for place in np.lexsort((difference, i)):
            if difference[place] <= _MOST_DIFFERENCE and (not found or found[-1][0] != i[place]):
                found.append((int(i[place]), int(j[place])))
    pairs = np.array(found, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def perceptual_hashes(images: ChosenImages) -> Hashes:
    """Return 64 bits per image: which of its low frequencies are above their median."""
    basis = torch.from_numpy(dct(np.eye(_SIDE, dtype=np.float32), axis=0, norm="ortho"))
    basis = basis[:_FREQUENCIES]
    hashes = []
    for part in images.chunks():
        grey = part.float().mean(1, keepdim=True)
        small = functional.interpolate(grey, (_SIDE, _SIDE), mode="area")[:, 0]
        frequencies = (basis @ small @ basis.T).flatten(1)
        # The first is the mean of the image, which says nothing of its content.
        median = frequencies[:, 1:].median(1, keepdim=True).values
        bits = (frequencies > median).numpy()
        bits[:, 0] = False
        hashes.append(np.packbits(bits, axis=1).view(np.uint64)[:, 0])
    return np.concatenate(hashes)


def _candidates(
    hashes: Hashes, others: Hashes, orders: list[np.ndarray], block: Int64[np.ndarray, " block"]
) -> Pairs:
    """Return the pairs of few different bits, a few of the nearest per test image."""
    parts = [_near_in_band(hashes, others, orders, block, band) for band in range(_BANDS)]
    i, j, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((j, distance, i))
    i, j = i[order], j[order]
    rank = np.arange(len(i)) - np.searchsorted(i, i)
    return i[rank < _CANDIDATES], j[rank < _CANDIDATES]


def _near_in_band(
    hashes: Hashes,
    others: Hashes,
    orders: list[np.ndarray],
    block: Int64[np.ndarray, " block"],
    band: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of few different bits that agree in a band and in none before, and those."""
    order = orders[band]
    sought, ordered = _bands(hashes[block])[:, band], _bands(others)[order, band]
    first = np.searchsorted(ordered, sought, "left")
    counts = np.searchsorted(ordered, sought, "right") - first
    offsets = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    i, j = np.repeat(block, counts), order[np.repeat(first, counts) + offsets]
    different = hashes[i] ^ others[j]
    distance = np.bitwise_count(different)
    is_new = (distance <= _MOST_BITS) & (_bands(different)[:, :band] != 0).all(1)
    return i[is_new], j[is_new], distance[is_new]


def _bands(hashes: Hashes) -> np.ndarray:
    return hashes.view(np.uint16).reshape(-1, _BANDS)


def _relative_differences(
    test: ChosenImages, seen: ChosenImages, pairs: Pairs
) -> Float[np.ndarray, " n"]:
    """Return how much the images of each pair differ, some pairs at a time."""
    starts = range(0, max(1, len(pairs[0])), test.at_once)
    parts = ([places[start : start + test.at_once] for places in pairs] for start in starts)
    return np.concatenate([_relative_difference(test[i], seen[j]) for i, j in parts])


def _relative_difference(images: Pixels, others: Pixels) -> Float[np.ndarray, " n"]:
    """Return the root mean square of the difference, relative to the smaller deviation."""
    a, b = images.flatten(1).float(), others.flatten(1).float()
    spread = torch.minimum(*(_rms(x - x.mean(1, keepdim=True)) for x in (a, b))).clamp(min=1)
    return (_rms(a - b) / spread).numpy()


def _rms(values: Float[Tensor, "n pixel"]) -> Float[Tensor, " n"]:
    return values.square().mean(1).sqrt()
