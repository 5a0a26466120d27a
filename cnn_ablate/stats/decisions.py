"""The decision on each contrast of a study, within its family: by its pairs, or by its failures."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.schema import Record
from cnn_ablate.stats.adaptive_seeds import follow_contrasts
from cnn_ablate.stats.failure_rates import count_failures
from cnn_ablate.stats.families import Family, families, tested_members
from cnn_ablate.stats.family_tests import decide_family
from cnn_ablate.stats.group_sequential import Outcome, Progress
from cnn_ablate.stats.multiple_comparisons import Decision
from cnn_ablate.stats.pairing import FloatArray


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
    record: Record, trials: pd.DataFrame, rows: Sequence[FloatArray]
) -> list[ContrastDecision]:
    """Decide the contrasts of a plan, family by family.

    Args:
        record: The study and its plan.
        trials: Rows of results.csv.
        rows: Per contrast its differences by seed, NaN where a side has no value.
    """
    study, plan = record.study, record.plan
    names = families(study, plan, record.findings)
    if study.looks:
        # A contrast that has its seeds is judged, whatever others lack.
        reached = follow_contrasts(study, plan, trials, record.findings, expected=())
        return [
            _at_look(progress, name, study.looks) if progress else ContrastDecision()
            for progress, name in zip(reached, names, strict=True)
        ]
    failures = [
        count_failures(trials, contrast.sides, study.seeds[:paired_seeds])
        for contrast, paired_seeds in zip(plan.contrasts, plan.paired_seeds, strict=True)
    ]
    decided = [ContrastDecision()] * len(rows)
    for family, members in tested_members(names, rows, failures).items():
        results = decide_family(
            [rows[j] for j in members], [failures[j] for j in members], study.error
        )
        for j, decision in zip(members, results, strict=True):
            decided[j] = ContrastDecision(family if decision else "", decision)
    return decided


def _at_look(progress: Progress, family: Family, looks: Sequence[int]) -> ContrastDecision:
    # Open contrasts wait for their look: what is known was decided at the one before.
    look = progress.look - (progress.outcome == "open")
    return ContrastDecision(
        family=family if progress.decision else "",
        decision=progress.decision,
        look=look or None,
        seeds=looks[look - 1] if look else None,
        outcome=progress.outcome,
    )
