"""Simulate studies with known truth, and print how often intervals, decisions and words are wrong.

Nothing is trained: accuracies are random numbers, in points. The acceptance tests take the same
functions.
"""

import argparse
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.claims.published_effects import judge_direction
from cnn_ablate.claims.published_values import judge_level
from cnn_ablate.schema import TEST_ACCURACY, Claim
from cnn_ablate.stats import decide
from cnn_ablate.stats.group_sequential import follow
from cnn_ablate.stats.multiple_comparisons import adjusted_p

FloatArray = NDArray[np.float64]
Shape = tuple[int, int, int]
"""Studies, seeds, networks."""
Noise = Callable[[np.random.Generator, Shape], FloatArray]

STUDIES = 2000
SPREAD = 0.6
"""Standard deviation over seeds of the accuracy of a network, in points."""
LOOKS = (3, 5, 8, 12)
SEEDS = (3, 5, 6, 8, 10)
FAMILIES = (5, 10, 20)
UNEQUAL = (3, 5, 6, 8, 10)
"""Numbers of seeds that the contrasts of one family have in turn."""

# Studies that are simulated at once.
_BATCH = 50
_TIE = 1e-9
# Spreads of a baseline relative to its variants: one that hardly varies, and others.
_STEADY, *_STEADIER = (0.05, 0.3, 0.5, 0.7)


def _unequal_spreads(rng: np.random.Generator, shape: Shape) -> FloatArray:
    """Return normal noise with spreads per network from 0.3 to 1.5 points."""
    spreads = np.exp(rng.uniform(np.log(0.3), np.log(1.5), (shape[0], 1, shape[2])))
    return rng.normal(0, 1, shape) * spreads / SPREAD


NOISES: dict[str, Noise] = {
    "normal": lambda rng, shape: rng.normal(0, 1, shape),
    "spreads 0.3 to 1.5": _unequal_spreads,
    "t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape),
    "gamma, skewness 1": lambda rng, shape: rng.gamma(4, 1, shape) / 2 - 2,
}
# Against a reference that hardly varies, differences are as skewed as the networks themselves.
SKEWED: dict[str, Noise] = {
    "skewness 1": lambda rng, shape: rng.gamma(4, 1, shape) / 2 - 2,
    "skewness 2": lambda rng, shape: rng.exponential(1, shape) - 1,
    "skewness 4": lambda rng, shape: rng.gamma(0.25, 1, shape) * 2 - 0.5,
}


def families(
    noise: Noise, rng: np.random.Generator, shape: Shape, reference: float = 1
) -> FloatArray:
    """Return null differences (studies, seeds, contrasts), each study with one baseline.

    Args:
        noise: Of the networks.
        rng: Random numbers.
        shape: Of the differences.
        reference: Spread of the baseline relative to that of a variant.
    """
    studies, seeds, contrasts = shape
    networks = SPREAD * noise(rng, (studies, seeds, contrasts + 1))
    return networks[..., 1:] - networks[..., :1] * reference


def family_error(
    noise: Noise,
    seeds: int | Sequence[int],
    contrasts: int,
    studies: int = STUDIES,
    reference: float = 1,
) -> float:
    """Return the share of null studies in which any contrast is decided.

    Args:
        noise: Of the networks.
        seeds: Of all contrasts, or those that they have in turn.
        contrasts: In the family.
        studies: To simulate.
        reference: Spread of the baseline relative to that of a variant.
    """
    counts = np.resize(np.atleast_1d(seeds), contrasts)
    rng = np.random.default_rng(int(counts.sum()))
    tables = families(noise, rng, (studies, int(counts.max()), contrasts), reference)
    tables[:, np.arange(tables.shape[1])[:, None] >= counts] = np.nan
    return float(decided(tables).any(axis=-1).mean())


def decided(tables: FloatArray) -> NDArray[np.bool_]:
    """Return what the families of many studies decide (studies, contrasts)."""
    batches = np.array_split(tables, math.ceil(len(tables) / _BATCH))
    return np.concatenate([adjusted_p(batch) <= 0.05 + _TIE for batch in batches])


def verdict_error(noise: Noise, seeds: int, contrasts: int, studies: int = STUDIES) -> float:
    """Return the share of null studies in which any claimed direction gets a definite verdict."""
    rng, wrong = np.random.default_rng(seeds), 0
    claim = Claim(id="a", variant="b", reference="a", effect="higher")
    for table in families(noise, rng, (studies, seeds, contrasts)):
        rows = list(table.T)
        found = (
            judge_direction(claim, Evidence(TEST_ACCURACY, pd.Series(row)), decision).verdict
            for row, decision in zip(rows, decide(rows), strict=True)
        )
        wrong += any(word in {"reproduced", "not reproduced"} for word in found)
    return wrong / studies


def simultaneous_coverage(
    noise: Noise, seeds: int, contrasts: int, studies: int = STUDIES
) -> float:
    """Return the share of studies whose intervals all hold; half of the effects are 5 points."""
    rng, held = np.random.default_rng(seeds), 0
    truth = np.where(np.arange(contrasts) % 2, 5.0, 0.0)
    for table in families(noise, rng, (studies, seeds, contrasts)) + truth:
        decisions = zip(decide(list(table.T)), truth, strict=True)
        held += all(d.low <= true <= d.high for d, true in decisions if d)
    return held / studies


def power(seeds: int, contrasts: int, studies: int = STUDIES) -> float:
    """Return how often one effect of a point is decided among contrasts without any."""
    rng = np.random.default_rng(seeds)
    tables = families(NOISES["normal"], rng, (studies, seeds, contrasts)) + np.eye(contrasts)[0]
    return float(decided(tables)[:, 0].mean())


def contradicted(effect: float, sd: float, seeds: int, studies: int = STUDIES) -> float:
    """Return how often a true gain is called `not reproduced`; `sd` is that of the differences."""
    rng = np.random.default_rng(seeds)
    claim = Claim(id="a", variant="b", reference="a", effect="higher")
    words = (
        judge_direction(claim, Evidence(TEST_ACCURACY, pd.Series(row)), decide([row])[0]).verdict
        for row in rng.normal(effect, sd, size=(studies, seeds))
    )
    return sum(word == "not reproduced" for word in words) / studies


def replications(studies: int = STUDIES) -> float:
    """Return how often one more run of a network is inside the interval that a claim prints."""
    rng, inside = np.random.default_rng(0), 0
    for study in range(studies):
        seeds = (3, 5, 8, 20)[study % 4]
        *values, published = rng.normal(86.0, rng.uniform(0.2, 1.0), seeds + 1)
        claim = Claim(id="a", variant="baseline", value=round(published / 100, 4), decimals=4)
        evidence = Evidence(TEST_ACCURACY, pd.Series(values), sides=(np.array(values),))
        found = judge_level(claim, evidence)
        low, high = map(float, re.findall(r"[\d.]+", found.interval))
        inside += low <= round(published, 2) <= high
    return inside / studies


@dataclass(frozen=True)
class Adaptive:
    """What looks at a family do, and what a fixed number of seeds of the same power takes.

    Attributes:
        null_error: Share of studies without effects that decide any.
        mixed_error: Share that decides a null contrast where half of the effects are a point.
        power: Share of those effects that are decided.
        seeds: Mean number of seeds per contrast.
        trials: Mean number of trials.
        fixed_trials: Of the fixed design of equal power, interpolated between seeds.
    """

    null_error: float
    mixed_error: float
    power: float
    seeds: float
    trials: float
    fixed_trials: float


def adaptive(contrasts: int, studies: int = STUDIES) -> Adaptive:
    """Simulate a family with looks; the paired differences have a spread of 0.6 points."""
    rng, last = np.random.default_rng(contrasts), LOOKS[-1]
    real = max(1, contrasts // 2)
    effects = np.where(np.arange(contrasts) < real, 1.0, 0.0)
    sums = np.zeros(5)
    for table in families(NOISES["normal"], rng, (studies, last, contrasts)) / np.sqrt(2):
        null = follow(list(table.T), [last] * contrasts, LOOKS, margin=1.0)
        mixed = follow(list((table + effects).T), [last] * contrasts, LOOKS, margin=1.0)
        hits = [progress.outcome == "decided" for progress in mixed]
        seeds = [LOOKS[progress.look - 1] for progress in mixed]
        sums += (
            any(progress.outcome == "decided" for progress in null),
            any(hits[real:]),
            np.mean(hits[:real]),
            np.mean(seeds),
            sum(seeds) + max(seeds),
        )
    means = sums / studies
    return Adaptive(*means, _fixed_trials(float(means[2]), effects, studies // 2))


def _fixed_trials(wanted: float, effects: FloatArray, studies: int) -> float:
    """Return the trials of a fixed design of the wanted power, interpolated between seeds."""
    rng, counts, found = np.random.default_rng(1), range(5, 15), []
    for seeds in counts:
        shape = studies, seeds, len(effects)
        tables = families(NOISES["normal"], rng, shape) / np.sqrt(2) + effects
        found.append(decided(tables)[:, effects > 0].mean())
    return float(np.interp(wanted, found, counts)) * (len(effects) + 1)


def _errors(studies: int) -> Iterator[str]:
    yield "Null studies in which a contrast is decided, in %:"
    yield ""
    yield f"| noise of the networks | contrasts | {_row(f'{n} seeds' for n in SEEDS)} | 3 to 10 |"
    yield f"|---|---:|{'---:|' * (len(SEEDS) + 1)}"
    for name, noise in NOISES.items():
        for contrasts in FAMILIES:
            cells = [family_error(noise, seeds, contrasts, studies) for seeds in (*SEEDS, UNEQUAL)]
            yield f"| {name} | {contrasts} | {_row(map(_percent, cells))} |"
    for name, noise in SKEWED.items():
        cells = [family_error(noise, n, 10, studies, _STEADY) for n in (*SEEDS, UNEQUAL)]
        yield f"| differences of {name} | 10 | {_row(map(_percent, cells))} |"
    name, noise = next(iter(SKEWED.items()))
    for spread in _STEADIER:
        cells = [family_error(noise, n, 10, studies, spread) for n in (*SEEDS, UNEQUAL)]
        yield f"| {name}, reference {spread} as wide | 10 | {_row(map(_percent, cells))} |"


def _others(studies: int) -> Iterator[str]:
    yield ""
    yield "| what | setting | % |"
    yield "|---|---|---:|"
    for name, noise in NOISES.items():
        share = verdict_error(noise, 8, 10, studies)
        yield f"| null studies with a definite verdict | {name}, 10 claims, 8 seeds | {share:.1%} |"
    for seeds, contrasts in ((4, 5), (8, 10)):
        held = simultaneous_coverage(NOISES["normal"], seeds, contrasts, studies)
        yield (
            f"| all intervals of a family hold, half of the effects 5 points | {contrasts} "
            f"contrasts, {seeds} seeds | {held:.1%} |"
        )
    found = power(8, 10, studies)
    yield f"| one effect of a point is decided | 10 contrasts, 8 seeds | {found:.1%} |"
    worst = max(
        contradicted(effect, sd, seeds, studies)
        for effect in (0.3, 0.5)
        for sd in (0.25, 0.6)
        for seeds in (3, 5, 8, 20)
    )
    yield (
        "| a true gain is called `not reproduced` | 0.3 and 0.5 points, spread 0.25 and 0.6, 3 to "
        f"20 seeds: the worst | {worst:.1%} |"
    )
    held = replications(studies)
    yield f"| one more run is inside the printed interval | 3 to 20 seeds | {held:.1%} |"


def _looks(studies: int) -> Iterator[str]:
    yield ""
    yield (
        f"| looks at {_row(map(str, LOOKS), ', ')} seeds | false decisions, no effect | half of "
        "the effects a point | power | mean seeds | trials | fixed design |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for contrasts in (1, 5, 10):
        a = adaptive(contrasts, studies)
        yield (
            f"| family of {contrasts} | {a.null_error:.1%} | {a.mixed_error:.1%} | {a.power:.1%} "
            f"| {a.seeds:.1f} | {a.trials:.1f} | {a.fixed_trials:.1f} |"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _row(cells: Iterator[str], separator: str = " | ") -> str:
    return separator.join(cells)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES, help="per cell of a table")
    wanted = parser.parse_args().studies
    for part in (_errors, _others, _looks):
        for line in part(wanted):
            print(line, flush=True)
