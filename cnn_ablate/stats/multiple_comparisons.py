"""Families of contrasts: one decision for each, with the error of the whole family controlled.

A family that is tested together makes a false decision with at most the stated probability, however
many of its contrasts have no effect. Decisions, adjusted p values and simultaneous intervals come
from the same procedure, so that they never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

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
    pairs = np.count_nonzero(~np.isnan(table), axis=0)
    tested = [j for j in range(table.shape[1]) if is_testable(table[:, j])]
    decisions: list[Decision | None] = [None] * table.shape[1]
    parts = (
        ([j for j in tested if pairs[j] >= FLIP_PAIRS], _by_flips),
        ([j for j in tested if pairs[j] < FLIP_PAIRS], _by_holm),
    )
    for chosen, method in parts:
        if not chosen:
            continue
        share = len(chosen) / len(tested)
        for j, decision in zip(chosen, method(table[:, chosen], error * share), strict=True):
            decisions[j] = replace(decision, p_adjusted=min(1.0, decision.p_adjusted / share))
    return decisions


def is_testable(differences: FloatArray) -> bool:
    """Return whether there are three pairs (NaN: none) whose differences are not all equal."""
    present = differences[~np.isnan(differences)]
    return len(present) >= LEAST_PAIRS and bool(np.ptp(present) > 0)


def adjust_p(p: ArrayLike) -> FloatArray:
    """Adjust the p values (n,) of a family of tests, for the chance of any false rejection.

    NaN stands for a test that was not made; it stays NaN and does not count as a member.

    Reference: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics
    6, 1979.
    """
    result = np.array(p, dtype=float)
    tested = np.flatnonzero(~np.isnan(result))
    order = tested[np.argsort(result[tested], kind="stable")]
    # The smallest p is multiplied by n, the next by n - 1, ...; none may end below an earlier one.
    raised = np.maximum.accumulate(result[order] * np.arange(len(order), 0, -1))
    result[order] = np.minimum(raised, 1.0)
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


def _by_flips(table: FloatArray, error: float) -> list[Decision]:
    """Test by step-down max-T; `table` is (seeds, contrasts), NaN where a pair is missing."""
    signs = _sign_patterns(len(table))
    p = _step_down(_flipped_t(table, signs))
    means, errors = _means_and_errors(table)
    # Flips of the raw differences would widen the intervals of all by the large effects of some.
    centred = _flipped_t(table - means, signs).max(axis=1)
    quantile = np.quantile(centred, 1 - error, method="higher")
    return _decisions(p, means, quantile * errors, error, FLIPS)


def _by_holm(table: FloatArray, error: float) -> list[Decision]:
    means, errors = _means_and_errors(table)
    freedom = np.count_nonzero(~np.isnan(table), axis=0) - 1
    raw = 2 * stats.t.sf(np.abs(means / errors), freedom)
    half = stats.t.ppf(1 - error / (2 * len(raw)), freedom) * errors
    return _decisions(adjust_p(raw), means, half, error, HOLM)


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
    """Return adjusted p values from |t| of (patterns, contrasts), the observed pattern first."""
    observed = flipped[0]
    order = np.argsort(-observed, kind="stable")
    # Column i: the largest statistic among the contrasts from rank i on.
    largest = np.maximum.accumulate(flipped[:, order[::-1]], axis=1)[:, ::-1]
    hits = (largest >= observed[order] * (1 - _TIE) - _TIE).mean(axis=0)
    p = np.empty_like(observed)
    p[order] = np.maximum.accumulate(hits)
    return np.asarray(p, dtype=np.float64)


def _flipped_t(table: FloatArray, signs: NDArray[np.int8]) -> FloatArray:
    """Return |t| per (pattern, contrast): each row of the table flipped as a whole, by seed.

    A flip leaves squares as they are, so that one matrix product gives all means.
    """
    pairs = np.count_nonzero(~np.isnan(table), axis=0)
    present = np.nan_to_num(table)
    means = signs @ present / pairs
    squares = (present**2).sum(axis=0) / pairs
    variances = np.maximum((squares - means**2) / (pairs - 1), 1e-12 * squares + 1e-300)
    return np.asarray(np.abs(means) / np.sqrt(variances), dtype=np.float64)


def _sign_patterns(seeds: int) -> NDArray[np.int8]:
    """Return sign patterns (patterns, seeds), the observed one first.

    |t| does not change when all signs do: half of the patterns are enough.
    """
    if seeds <= _EXACT_SEEDS:
        bits = np.arange(2 ** (seeds - 1))[:, None] >> np.arange(seeds)
    else:
        bits = np.random.default_rng(0).integers(0, 2, size=(_PATTERNS, seeds))
        bits[0] = 0
    return (1 - 2 * (bits & 1)).astype(np.int8)


def _means_and_errors(table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means and their standard errors per contrast, over its own pairs."""
    pairs = np.count_nonzero(~np.isnan(table), axis=0)
    return np.nanmean(table, axis=0), np.nanstd(table, axis=0, ddof=1) / np.sqrt(pairs)
