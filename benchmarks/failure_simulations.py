"""Simulate families in which trials fail, and print how often they decide what is not there.

Nothing is trained: accuracies and failures are random numbers.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_ablate.stats.failure_rates import Failures
from cnn_ablate.stats.group_sequential import Progress, follow

STUDIES = 2000
LOOKS = (3, 5, 8, 12)


@dataclass(frozen=True)
class Failing:
    """What families decide of which trials fail at random.

    Attributes:
        null_error: Share of studies that decide any contrast, where all networks fail equally.
        mixed_error: Share that decides a contrast of equal rates beside others that fail more.
        power: Share of those others that are decided.
        seeds: Mean number of seeds of those others.
    """

    null_error: float
    mixed_error: float
    power: float
    seeds: float


def failing(
    contrasts: int,
    rate: float,
    looks: Sequence[int] = LOOKS,
    more: float = 0.9,
    studies: int = STUDIES,
) -> Failing:
    """Simulate families without effects on accuracy, in which networks fail at a rate.

    Args:
        contrasts: In the family; for `mixed_error` and `power` every second of them fails more.
        rate: Probability that a trial fails.
        looks: Numbers of seeds; a single one is a fixed design.
        more: Probability that a trial of the others fails.
        studies: To simulate.
    """
    rng, sums = np.random.default_rng(contrasts), np.zeros(4)
    real = np.arange(contrasts) % 2 == 0
    mixed_rates = np.concatenate([[rate], np.where(real, more, rate)])
    for networks in rng.normal(size=(studies, looks[-1], contrasts + 1)):
        chance = rng.random(networks.shape)
        null = _outcomes(networks, chance < rate, looks)
        mixed = _outcomes(networks, chance < mixed_rates, looks)
        hits = np.array([progress.outcome == "decided" for progress in mixed])
        seeds = np.array([looks[progress.look - 1] for progress in mixed])
        sums += (
            any(progress.outcome == "decided" for progress in null),
            any(hits[~real]),
            hits[real].mean(),
            seeds[real].mean(),
        )
    return Failing(*sums / studies)


def _outcomes(
    networks: NDArray[np.float64], failed: NDArray[np.bool_], looks: Sequence[int]
) -> list[Progress]:
    """Follow the looks at a study (seeds, networks), the first of which is the reference."""
    values = np.where(failed, np.nan, networks)
    counts = {n: failed[:n].sum(axis=0).tolist() for n in looks}
    failures = [
        [Failures(counts[n][j], n, counts[n][0], n) for n in looks]
        for j in range(1, networks.shape[1])
    ]
    ended = [looks[-1]] * len(failures)
    rows = list((values[:, 1:] - values[:, :1]).T)
    return follow(rows, ended, looks, margin=1.0, failures=failures)


def table(studies: int) -> Iterator[str]:
    """Write one row per design."""
    yield (
        "| trials that fail | seeds | contrasts | false decisions, equal rates | half of the "
        "variants fail in 90 % | found | mean seeds |"
    )
    yield "|---:|---|---:|---:|---:|---:|---:|"
    for rate in (0.1, 0.3):
        for looks in ((8,), LOOKS):
            for contrasts in (2, 5, 10):
                f = failing(contrasts, rate, looks, studies=studies)
                yield (
                    f"| {rate:.0%} | {', '.join(map(str, looks))} | {contrasts} "
                    f"| {f.null_error:.1%} | {f.mixed_error:.1%} | {f.power:.1%} | {f.seeds:.1f} |"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES, help="per row of the table")
    for line in table(parser.parse_args().studies):
        print(line, flush=True)
