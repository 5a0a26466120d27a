"""Counter-based random numbers: a value depends on its name alone, not on earlier draws."""

import hashlib

import torch
from jaxtyping import Float, Int
from torch import Tensor

_MASK = 0xFFFFFFFF


def key(*name: int | str) -> int:
    """Return the 32-bit key of the stream of this name, for instance `key(seed, "init", layer)`."""
    text = "\0".join(str(part) for part in name)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def generator(*name: int | str) -> torch.Generator:
    """Return a new CPU generator, seeded for the stream of this name."""
    return torch.Generator().manual_seed(key(*name))


def hash32(counters: Int[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
    """Hash 32-bit counters, stored in int64, to 32 random bits each.

    Reference: C. Wellons, "Prospecting for hash functions", 2018 (lowbias32).
    """
    x = counters & _MASK
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return x ^ (x >> 16)


def split(keys: Int[Tensor, " n"], count: int) -> Int[Tensor, "n count"]:
    """Return `count` new keys per key."""
    # Odd, and close to 2^32 divided by the golden ratio: multiples of it are well spread.
    columns = torch.arange(1, count + 1, device=keys.device) * 0x9E3779B9
    return hash32(hash32(keys)[:, None] + columns)


def uniform(keys: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return float32 numbers in [0, 1) from 32 random bits each, of which 24 are used."""
    return (keys >> 8).to(torch.float32) * 2.0**-24


class Draws:
    """The random numbers of some samples in one epoch; they do not depend on the batch."""

    def __init__(self, seed: int, epoch: int, samples: Int[Tensor, " n"]) -> None:
        self.seed = seed
        self.epoch = epoch
        self.samples = samples

    def keys(self, purpose: str) -> Int[Tensor, " n"]:
        """Return one key per sample for a purpose (`"augment/random_crop"`, `"dropout"`)."""
        return hash32(hash32(self.samples) ^ key(self.seed, purpose, self.epoch))

    def uniform(self, purpose: str, count: int = 1) -> Float[Tensor, "n count"]:
        """Return `count` numbers in [0, 1) per sample."""
        return uniform(split(self.keys(purpose), count))

    def shared(self, purpose: str, count: int = 1) -> Float[Tensor, " count"]:
        """Return `count` numbers in [0, 1) for all samples together, in any order of them."""
        return uniform(split(hash32(self.keys(purpose).sum())[None], count))[0]
