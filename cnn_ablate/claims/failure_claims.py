"""Verdicts on claims that a variant fails: how often trials diverged or failed.

Such a claim is about the trials that have no accuracy, so that it is answered by their number.
"""

import numpy as np
import pandas as pd

from cnn_ablate.claims.draft_verdict import NO_SEED, DraftVerdict, NoAnswerError
from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.plan import Weights
from cnn_ablate.schema import Claim, Metric, Word
from cnn_ablate.stats import (
    Decision,
    count_failures,
    failure_bounds,
    failure_interval,
    level,
    level_bounds,
    signed,
)
from cnn_ablate.text import p_value


def failure_evidence(trials: pd.DataFrame, weights: Weights, metric: Metric) -> Evidence:
    """Return how often the trials of one variant failed, or of two on the seeds of both.

    Raises:
        NoAnswerError: an effect is the mean of several pairs, or no trial has ended.
    """
    if len(weights) > 2:
        raise NoAnswerError("failure rates are compared between one variant and one reference")
    ended = trials[trials["variant"].isin(weights)]
    # One row per seed, 100 where the trial failed: the mean is the rate in per cent.
    failed = ended.assign(failed=100.0 * (ended["status"] != "done")).pivot_table(
        index="seed", columns="variant", values="failed"
    )
    table = failed.reindex(columns=list(weights)).dropna()
    if table.empty:
        raise NoAnswerError(NO_SEED)
    own, *others = sorted(weights, key=weights.__getitem__, reverse=True)
    return Evidence(
        metric=metric,
        by_seed=(table * pd.Series(weights)).sum(axis=1),
        sides=tuple(table[name].to_numpy(np.float64) for name in weights),
        failures=count_failures(trials, (own, [*others, own][0]), table.index),
    )


def judge_failures(claim: Claim, evidence: Evidence, decision: Decision | None) -> DraftVerdict:
    """Ask whether a variant fails more or less often than its reference, or than a limit."""
    if claim.compares:
        return _judge_difference(claim, evidence, decision)
    return _judge_limit(claim, evidence)


def _judge_difference(claim: Claim, evidence: Evidence, decision: Decision | None) -> DraftVerdict:
    word: Word = "inconclusive"
    if decision and decision.decided:
        more = evidence.mean > 0
        word = "reproduced" if more == (claim.effect == "higher") else "not reproduced"
    decided = f"adjusted {p_value(decision.p_adjusted)}" if decision else "too few to test"
    f = evidence.failures
    own = _rate(f.failed, f.trials)
    reference = _rate(f.failed_reference, f.trials_reference)
    reason = f"{own} failed, against {reference} of the reference: {decided}"
    return DraftVerdict(word, reason, signed(evidence.mean, evidence.metric))


def _judge_limit(claim: Claim, evidence: Evidence) -> DraftVerdict:
    limit = claim.bounds[0] * evidence.metric.scale
    failures = evidence.failures
    low, high = (100 * end for end in failure_interval(failures.failed, failures.trials))
    above, below = low >= limit, high <= limit
    word: Word = "inconclusive"
    if above or below:
        word = "reproduced" if above == (claim.effect == "higher") else "not reproduced"
    reason = f"{_rate(failures.failed, failures.trials)} failed"
    measured = level(evidence.mean, evidence.metric)
    return DraftVerdict(word, reason, measured, level_bounds((low, high), evidence.metric))


def _rate(failed: int, trials: int) -> str:
    return f"{failed} of {trials} trials ({failure_bounds(failed, trials)})"
