"""Families of contrasts: one decision for each, with the error of the whole family controlled.

A family that is tested together makes a false decision with at most the stated probability, however
many of its contrasts have no effect. Decisions, adjusted p values and simultaneous intervals come
from the same procedure, so that they never disagree.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy
from numpy.typing import ArrayLike

from cnn_ablate.stats.pairing import FloatArray

# With fewer pairs no pattern of signs is rare enough: 2 of 2^5 patterns are 0.0625.
FLIP_PAIRS = 6
# A contrast with fewer pairs has no test: its spread would rest on one degree of freedom.
LEAST_PAIRS = 3
# Up to so many seeds all sign patterns are tried, beyond them as many random ones.
_EXACT_SEEDS = 14
_PATTERNS = 2 ** (_EXACT_SEEDS - 1)
# Statistics that are equal on paper may differ in their last bits.
_TIE = 1e-9

FLIPS = "max-T, joint sign flips"
HOLM = "Holm, paired t"


@dataclass(frozen=True)
class Decision:
    """What a family decides of one of its contrasts; differences are in points.

    `clipped` says that the end of the interval nearest zero was set to zero, because the step-down
    test decides the contrast although the simultaneous interval alone would not, or the reverse.
    """

    p_adjusted: float
    low: float
    high: float
    decided: bool
    method: str
    clipped: bool = False


def decide(differences: Sequence[FloatArray], error: float = 0.05) -> list[Decision | None]:
    """Decide which contrasts of a family differ from zero.

    Contrasts with six pairs or more are tested together by step-down max-T over joint sign flips:
    exact where differences are symmetric about zero, whatever their dependence and their spread.
    Those with three to five pairs are tested by Holm on paired t tests, which rests on normal
    differences. Where a family has both, each part gets a share of the error by its size.

    Args:
        differences: Per contrast, one difference per seed of the study (seeds in one order for all
            contrasts), NaN where a side has no value.
        error: Probability of any false decision in the family.

    Returns:
        One decision per contrast; None where there is nothing to test: fewer than three pairs, or
        differences that are all equal.

    References:
        Westfall and Young, Resampling-Based Multiple Testing, 1993, section 2.8 (max-T).
        Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 1979.
    """
    table = np.column_stack(differences) if len(differences) else np.empty((0, 0))
    tested = [j for j in range(table.shape[1]) if is_testable(table[:, j])]
    decisions: list[Decision | None] = [None] * table.shape[1]
    table = table[:, tested]
    p = adjusted_p(table)
    for part in _parts(table):
        own = table[:, part.contrasts]
        means, errors = _means_and_errors(own)
        half = part.quantile(own, error * part.share) * errors
        made = _decisions(p[part.contrasts], means, half, error, part.method)
        for i, decision in zip(part.contrasts, made, strict=True):
            decisions[tested[i]] = decision
    return decisions


def adjusted_p(tables: FloatArray) -> FloatArray:
    """Return the adjusted p (..., contrasts) of the families of many studies at once.

    Args:
        tables: Differences (..., seeds, contrasts), each contrast testable; the same pairs are
            missing (NaN) in all studies.
    """
    p = np.empty((*tables.shape[:-2], tables.shape[-1]))
    for part in _parts(tables[(0,) * (tables.ndim - 2)]):
        own = part.p(tables[..., part.contrasts])
        p[..., part.contrasts] = np.minimum(own / part.share, 1.0)
    return p


def is_testable(differences: FloatArray) -> bool:
    """Return whether there are three pairs (NaN: none) whose differences are not all equal."""
    present = differences[~np.isnan(differences)]
    return len(present) >= LEAST_PAIRS and bool(np.ptp(present) > 0)


def adjust_p(p: ArrayLike) -> FloatArray:
    """Adjust the p values (..., n) of families of tests, for the chance of any false rejection.

    NaN stands for a test that was not made; it stays NaN and does not count as a member.

    Reference: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics
    6, 1979.
    """
    raw = np.asarray(p, dtype=float)
    order = np.argsort(raw, axis=-1, kind="stable")
    tests = np.count_nonzero(~np.isnan(raw), axis=-1)[..., None]
    # The smallest p is multiplied by n, the next by n - 1, ...; none may end below an earlier one.
    # NaN is sorted to the end, and spreads to none before it.
    multiplied = np.take_along_axis(raw, order, axis=-1) * (tests - np.arange(raw.shape[-1]))
    result = np.empty_like(raw)
    raised = np.minimum(np.maximum.accumulate(multiplied, axis=-1), 1.0)
    np.put_along_axis(result, order, raised, axis=-1)
    return result


def smallest_adjusted_p(pairs: Sequence[int]) -> list[float | None]:
    """Return per contrast the smallest adjusted p that its number of pairs allows.

    Paired t tests have no smallest p: 0 stands for them. None: too few pairs for any test.
    """
    tested = [n for n in pairs if n >= LEAST_PAIRS]
    flipped = sum(n >= FLIP_PAIRS for n in tested)
    smallest: list[float | None] = []
    for n in pairs:
        if n < LEAST_PAIRS:
            smallest.append(None)
        elif n < FLIP_PAIRS:
            smallest.append(0.0)
        else:
            patterns = 2 ** (n - 1) if n <= _EXACT_SEEDS else _PATTERNS
            smallest.append(min(1.0, len(tested) / flipped / patterns))
    return smallest


@dataclass(frozen=True)
class _Part:
    """The contrasts of a family that are tested in one way.

    Attributes:
        contrasts: Their columns.
        share: Of the error of the family.
        method: Its name.
        p: From tables (..., seeds, contrasts) to their adjusted p (..., contrasts).
        quantile: From a table and an error to the half-widths of its simultaneous intervals, in
            standard errors.
    """

    contrasts: list[int]
    share: float
    method: str
    p: Callable[[FloatArray], FloatArray]
    quantile: Callable[[FloatArray, float], FloatArray]


def _parts(table: FloatArray) -> Iterator[_Part]:
    """Yield the parts of a family with differences (seeds, contrasts)."""
    flipped = np.count_nonzero(~np.isnan(table), axis=0) >= FLIP_PAIRS
    methods = ((flipped, FLIPS, _flip_p, _flip_quantile), (~flipped, HOLM, _holm_p, _holm_quantile))
    for chosen, method, p, quantile in methods:
        if chosen.any():
            columns = [int(j) for j in np.flatnonzero(chosen)]
            yield _Part(columns, float(chosen.mean()), method, p, quantile)


def _flip_p(tables: FloatArray) -> FloatArray:
    return _step_down(_flipped_t(tables))


def _flip_quantile(table: FloatArray, error: float) -> FloatArray:
    # Flips of the raw differences would widen the intervals of all by the large effects of some.
    centred = _flipped_t(table - np.nanmean(table, axis=0)).max(axis=1)
    return np.asarray(np.quantile(centred, 1 - error, method="higher"), dtype=np.float64)


def _holm_p(tables: FloatArray) -> FloatArray:
    means, errors = _means_and_errors(tables)
    freedom = np.count_nonzero(~np.isnan(tables), axis=-2) - 1
    return adjust_p(2 * scipy.stats.t.sf(np.abs(means / errors), freedom))


def _holm_quantile(table: FloatArray, error: float) -> FloatArray:
    freedom = np.count_nonzero(~np.isnan(table), axis=0) - 1
    return np.asarray(scipy.stats.t.ppf(1 - error / (2 * len(freedom)), freedom), dtype=np.float64)


def _decisions(
    p: FloatArray, means: FloatArray, half: FloatArray, error: float, method: str
) -> list[Decision]:
    """Build decisions whose intervals exclude zero just where the test decides."""
    decisions = []
    for adjusted, mean, width in zip(p, means, half, strict=True):
        decided = bool(adjusted <= error + _TIE)
        low, high = float(mean - width), float(mean + width)
        clipped = decided != (low > 0 or high < 0)
        if clipped:
            low, high = (0.0, high) if mean > 0 else (low, 0.0)
        decisions.append(Decision(float(adjusted), low, high, decided, method, clipped))
    return decisions


def _step_down(flipped: FloatArray) -> FloatArray:
    """Return adjusted p from |t| of (..., patterns, contrasts), the observed pattern first."""
    observed = flipped[..., 0, :]
    order = np.argsort(-observed, axis=-1, kind="stable")
    ranked = np.take_along_axis(flipped, order[..., None, :], axis=-1)
    # Column i: the largest statistic among the contrasts from rank i on.
    largest = np.maximum.accumulate(ranked[..., ::-1], axis=-1)[..., ::-1]
    hits = (largest >= ranked[..., :1, :] * (1 - _TIE) - _TIE).mean(axis=-2)
    p = np.empty_like(observed)
    np.put_along_axis(p, order, np.maximum.accumulate(hits, axis=-1), axis=-1)
    return p


def _flipped_t(tables: FloatArray) -> FloatArray:
    """Return |t| (..., patterns, contrasts): the rows of each table flipped as a whole, by seed.

    A flip leaves squares as they are, so that one matrix product gives all means.
    """
    pairs = np.count_nonzero(~np.isnan(tables), axis=-2)[..., None, :]
    present = np.nan_to_num(tables)
    means = _sign_patterns(tables.shape[-2]) @ present / pairs
    squares = (present**2).sum(axis=-2)[..., None, :] / pairs
    variances = np.maximum((squares - means**2) / (pairs - 1), 1e-12 * squares + 1e-300)
    return np.asarray(np.abs(means) / np.sqrt(variances), dtype=np.float64)


@cache
def _sign_patterns(seeds: int) -> FloatArray:
    """Return sign patterns (patterns, seeds), the observed one first.

    |t| does not change when all signs do: half of the patterns are enough.
    """
    if seeds <= _EXACT_SEEDS:
        bits = np.arange(2 ** (seeds - 1))[:, None] >> np.arange(seeds)
    else:
        bits = np.random.default_rng(0).integers(0, 2, size=(_PATTERNS, seeds))
        bits[0] = 0
    return (1 - 2 * (bits & 1)).astype(np.float64)


def _means_and_errors(tables: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means and their standard errors (..., contrasts), over their own pairs."""
    pairs = np.count_nonzero(~np.isnan(tables), axis=-2)
    means, errors = np.nanmean(tables, axis=-2), np.nanstd(tables, axis=-2, ddof=1) / np.sqrt(pairs)
    return np.asarray(means, dtype=np.float64), np.asarray(errors, dtype=np.float64)
