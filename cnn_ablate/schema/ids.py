"""A trial's id: what is trained, its seed, and the hash that tells it from any other."""

import re

# 48 bits: two of 10,000 trials share a folder name once in five million studies.
_DIGITS = 12


def trial_id(variant: str, seed: int, key: str) -> str:
    """Name a trial, also as a folder: 'residual=false-seed0-1a2b3c4d5e6f'."""
    slug = re.sub(r"[^A-Za-z0-9=+.,_-]+", "_", variant).strip("._-")[:80]
    return f"{slug}-seed{seed}-{key[:_DIGITS]}"


def without_hash(trial: str) -> str:
    """Give what people read of a trial's id: 'residual=false-seed0'."""
    return trial.rpartition("-")[0]


def hash_of(trial: str) -> str:
    """Give the hash that ends a trial's id, the first digits of its key; the rest may differ."""
    return trial.rpartition("-")[2]
