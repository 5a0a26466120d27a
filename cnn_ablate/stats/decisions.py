"""The decision on each contrast of a study, within its family: by its pairs, or by its failures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cnn_ablate.schema import Record
from cnn_ablate.stats.failure_rates import Failures
from cnn_ablate.stats.families import Family, families
from cnn_ablate.stats.group_sequential import Outcome, follow
from cnn_ablate.stats.multiple_comparisons import Decision, adjust_p, decide, is_testable
from cnn_ablate.stats.pairing import FloatArray, is_identical

FISHER = "Holm, Fisher's exact test of failures"


@dataclass(frozen=True)
class ContrastDecision:
    """What the family of a contrast decides of it; without a decision it is not tested.

    In a study with looks, `look` (from 1) is the one at which this was decided, `seeds` how many
    leading seeds it rests on, and `outcome` why the contrast gets no more of them.
    """

    family: Family = ""
    decision: Decision | None = None
    look: int | None = None
    seeds: int | None = None
    outcome: Outcome | None = None


def decide_contrasts(
    record: Record,
    trials: pd.DataFrame,
    rows: Sequence[FloatArray],
    failures: Sequence[Failures],
) -> list[ContrastDecision]:
    """Decide the contrasts of a plan, family by family.

    Where trials of a contrast failed, the mean of the others is not tested: survivors say nothing
    of those that failed. Fisher's test decides then whether one side fails more often; in a study
    with looks such a contrast is not tested, and gets no more seeds.

    Args:
        record: The study and its plan.
        trials: Rows of results.csv.
        rows: Per contrast its differences by seed, NaN where a side has no value.
        failures: Per contrast, how many of its trials failed.
    """
    names = families(record.study, record.plan, record.findings)
    decided = [ContrastDecision()] * len(rows)
    for family in dict.fromkeys(name for name in names if name):
        members = [
            j for j, name in enumerate(names) if name == family and not is_identical(rows[j])
        ]
        if _has_looks(record, members):
            members = [j for j in members if not failures[j]]
            results = _by_looks(record, [rows[j] for j in members], _ended(record, trials, members))
        else:
            own = [rows[j] for j in members], [failures[j] for j in members]
            results = [ContrastDecision(decision=d) for d in _at_once(*own, record.study.error)]
        for j, result in zip(members, results, strict=True):
            decided[j] = replace(result, family=family if result.decision else "")
    return decided


def _has_looks(record: Record, members: Sequence[int]) -> bool:
    """Return whether all members of a family are planned with the seeds of the last look."""
    looks, paired = record.study.looks, record.plan.paired_seeds
    return bool(looks) and all(paired[j] >= looks[-1] for j in members)


def _ended(record: Record, trials: pd.DataFrame, members: Sequence[int]) -> list[int]:
    """Return per member of how many leading seeds both sides have ended, done or failed."""
    known = set(zip(trials["variant"], trials["seed"], strict=True))
    counts = []
    for contrast in (record.plan.contrasts[j] for j in members):
        sides = (contrast.variant, contrast.reference)
        both = [all((side, seed) in known for side in sides) for seed in record.study.seeds]
        counts.append(both.index(False) if False in both else len(both))
    return counts


def _by_looks(record: Record, rows: list[FloatArray], ended: list[int]) -> list[ContrastDecision]:
    looks, error = record.study.looks, record.study.error
    results = []
    margin = record.study.metric.margin
    none = [False] * len(rows)  # a contrast that has its seeds is judged, whatever others lack
    for progress in follow(rows, ended, looks, error=error, margin=margin, awaited=none):
        # Open contrasts wait for their look: what is known was decided at the one before.
        look = progress.look - (progress.outcome == "open")
        seeds = looks[look - 1] if look else None
        results.append(
            ContrastDecision("", progress.decision, look or None, seeds, progress.outcome)
        )
    return results


def _at_once(
    rows: list[FloatArray], failures: list[Failures], error: float
) -> list[Decision | None]:
    """Decide by means, and by rates where trials failed; each part has its share of the error.

    Failures too few for any p under the error are no test, and not counted as one (Tarone 1990).
    """
    tests = {
        _by_means: [j for j, row in enumerate(rows) if is_testable(row) and not failures[j]],
        _by_rates: [
            j for j, failed in enumerate(failures) if failed and failed.smallest_p <= error
        ],
    }
    count = sum(map(len, tests.values()))
    results: list[Decision | None] = [None] * len(rows)
    for test, members in tests.items():
        share = len(members) / count if members else 1.0
        own = test([rows[j] for j in members], [failures[j] for j in members], error * share)
        for j, decision in zip(members, own, strict=True):
            p = min(1.0, decision.p_adjusted / share)
            results[j] = replace(decision, p_adjusted=p)
    return results


def _by_means(rows: list[FloatArray], _: list[Failures], error: float) -> list[Decision]:
    return [decision for decision in decide(rows, error) if decision]


def _by_rates(_: list[FloatArray], failures: list[Failures], error: float) -> list[Decision]:
    adjusted = adjust_p([failed.p for failed in failures])
    return [Decision(float(p), np.nan, np.nan, bool(p <= error), FISHER) for p in adjusted]
