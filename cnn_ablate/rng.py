"""Counter-based random numbers: a value depends on its name alone, never on who asked before."""

import hashlib

import torch
from jaxtyping import Float, Int
from torch import Tensor

_MASK = 0xFFFFFFFF


def key(*name: int | str) -> int:
    """Give the 32-bit key of the stream of this name, for instance `key(seed, "order", epoch)`."""
    text = "\0".join(str(part) for part in name)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def generator(*name: int | str) -> torch.Generator:
    """Give a fresh CPU generator for the stream of this name."""
    return torch.Generator().manual_seed(key(*name))


def hashed(counters: Int[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
    """Scramble 32-bit counters, held in int64, into 32 random bits each.

    Reference: C. Wellons, "Prospecting for hash functions", 2018 (lowbias32).
    """
    x = counters & _MASK
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return x ^ (x >> 16)


def split(keys: Int[Tensor, " n"], count: int) -> Int[Tensor, "n count"]:
    """Derive `count` further keys from each key."""
    columns = torch.arange(1, count + 1, device=keys.device) * 0x9E3779B9
    return hashed(hashed(keys)[:, None] + columns)


def uniform(keys: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Turn 32 random bits into float32 numbers in [0, 1), 24 bits each."""
    return (keys >> 8).to(torch.float32) * 2.0**-24


class Draws:
    """The random numbers of some samples in one epoch: the same whatever batch they are in."""

    def __init__(self, seed: int, epoch: int, samples: Int[Tensor, " n"]) -> None:
        self.seed = seed
        self.epoch = epoch
        self.samples = samples

    def keys(self, purpose: str) -> Int[Tensor, " n"]:
        """Give one key a sample, for the purpose (`"augment/random_crop"`, `"dropout"`)."""
        return hashed(hashed(self.samples) ^ key(self.seed, purpose, self.epoch))

    def uniform(self, purpose: str, count: int = 1) -> Float[Tensor, "n count"]:
        """Give `count` numbers in [0, 1) a sample, for the purpose."""
        return uniform(split(self.keys(purpose), count))

    def shared(self, purpose: str, count: int = 1) -> Float[Tensor, " count"]:
        """Give `count` numbers in [0, 1) to the samples together, whatever their order."""
        return uniform(split(hashed(self.keys(purpose).sum())[None], count))[0]
