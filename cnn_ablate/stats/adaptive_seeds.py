"""The looks at a study so far: which contrasts are still open, and which trials they need."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.schema import Finding, Plan, Study
from cnn_ablate.stats.failure_rates import count_failures
from cnn_ablate.stats.families import families, tested_members
from cnn_ablate.stats.group_sequential import Progress, follow
from cnn_ablate.stats.pairing import seed_differences


@dataclass(frozen=True)
class LookState:
    """How far a study with looks has come.

    Attributes:
        look: The look that is next, or the last one that was needed; from 1.
        looks: How many there are at most.
        progress: Per contrast of the plan; None if it is in no family, or has nothing to test.
        due: Ids of the trials that all looks up to `look` need.
    """

    look: int
    looks: int
    progress: tuple[Progress | None, ...]
    due: frozenset[str]

    @property
    def is_over(self) -> bool:
        """Whether no contrast is open."""
        return all(p.outcome != "open" for p in self.progress if p)

    def __str__(self) -> str:
        """Return it in words: `look 2 of 4: 3 of 7 contrasts open`."""
        outcomes = Counter[str](p.outcome for p in self.progress if p)
        total = sum(outcomes.values())
        if not self.is_over:
            state = f"{outcomes['open']} of {total} contrasts open"
        else:
            ended = ("decided", "negligible", "futile", "undecided")
            state = ", ".join(f"{outcomes[name]} {name}" for name in ended if outcomes[name])
        return f"look {self.look} of {self.looks}: {state or 'no contrast to test'}"


def look_state(
    study: Study,
    plan: Plan,
    trials: pd.DataFrame,
    findings: Sequence[Finding] = (),
    expected: Collection[str] | None = None,
) -> LookState:
    """Return how far a study with looks has come, by replaying them.

    All variants get the seeds of the first look; those of an open contrast the seeds of its next.

    Args:
        study: Has `looks`.
        plan: With the trials of the last look.
        trials: Rows of results.csv; those that failed have ended, too.
        findings: Of the audit: contrasts that it found inert are in no family.
        expected: Ids of the trials that are still to be trained; no look waits for a contrast that
            lacks others. By default it waits for all.
    """
    progress = follow_contrasts(study, plan, trials, findings, expected)
    seeds = dict.fromkeys((variant.name for variant in plan.variants), study.looks[0])
    for contrast, reached in zip(plan.contrasts, progress, strict=True):
        for side in contrast.sides:
            seeds[side] = max(seeds[side], study.looks[reached.look - 1] if reached else 0)
    due = {trial.id for trial in plan.trials if trial.seed in study.seeds[: seeds[trial.variant]]}
    look = max((reached.look for reached in progress if reached), default=1)
    return LookState(look, len(study.looks), progress, frozenset(due))


def follow_contrasts(
    study: Study,
    plan: Plan,
    trials: pd.DataFrame,
    findings: Sequence[Finding] = (),
    expected: Collection[str] | None = None,
) -> tuple[Progress | None, ...]:
    """Replay the looks at each family of contrasts; arguments as for `look_state`.

    Contrasts that are inert or bit-identical are in no family.
    """
    ended = _ended(study, plan, trials)
    rows = seed_differences(trials, plan.contrasts, study.seeds, study.metric)
    failures = [
        [count_failures(trials, contrast.sides, study.seeds[:n]) for n in study.looks]
        for contrast in plan.contrasts
    ]
    awaited = _awaited(plan, trials, expected)
    names = families(study, plan, findings)
    progress: list[Progress | None] = [None] * len(rows)
    for members in tested_members(names, rows, [by_look[-1] for by_look in failures]).values():
        followed = follow(
            [rows[j] for j in members],
            [ended[j] for j in members],
            study.looks,
            error=study.error,
            margin=study.metric.margin,
            failures=[failures[j] for j in members],
            awaited=[awaited[j] for j in members],
        )
        for j, reached in zip(members, followed, strict=True):
            progress[j] = reached
    return tuple(progress)


def _ended(study: Study, plan: Plan, trials: pd.DataFrame) -> list[int]:
    """Return per contrast of how many leading seeds both sides have ended, done or failed."""
    pairs = set(zip(trials["variant"], trials["seed"], strict=True))
    leading: Mapping[str, int] = {
        variant.name: next(
            (i for i, seed in enumerate(study.seeds) if (variant.name, seed) not in pairs),
            len(study.seeds),
        )
        for variant in plan.variants
    }
    return [min(leading[c.variant], leading[c.reference]) for c in plan.contrasts]


def _awaited(plan: Plan, trials: pd.DataFrame, expected: Collection[str] | None) -> list[bool]:
    """Return per contrast whether all its trials have ended or are expected."""
    known = None if expected is None else {*expected, *trials["trial"]}
    lacking = {t.variant for t in plan.trials if known is not None and t.id not in known}
    return [lacking.isdisjoint(contrast.sides) for contrast in plan.contrasts]
