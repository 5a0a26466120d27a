"""Trial ids: the variant, the seed, and a hash that is unique to the trial."""

import re
from functools import lru_cache

# 48 bits: two of 10,000 trials share a folder name once in five million studies.
_DIGITS = 12


def trial_id(variant: str, seed: int, key: str) -> str:
    """Return the id of a trial, also its folder's name: 'residual=false-seed0-1a2b3c4d5e6f'."""
    return f"{_slug(variant)}-seed{seed}-{key[:_DIGITS]}"


@lru_cache(maxsize=1)  # the seeds of a variant follow each other
def _slug(variant: str) -> str:
    return re.sub(r"[^A-Za-z0-9=+.,_-]+", "_", variant).strip("._-")[:80]


def without_hash(trial: str) -> str:
    """Return the readable part of a trial's id: 'residual=false-seed0'."""
    return trial.rpartition("-")[0]


def hash_of(trial: str) -> str:
    """Return the hash that ends a trial's id: the first digits of its key.

    Studies may name the same trial differently; the hash is the same.
    """
    return trial.rpartition("-")[2]
