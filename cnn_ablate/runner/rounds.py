"""The rounds of a run: all trials at once, or look by look where a study decides on its seeds."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from cnn_ablate.runner.jobs import Round, training_work
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import Trial
from cnn_ablate.stats.adaptive_seeds import LookState, look_state
from cnn_ablate.store import Store, measured


def rounds(prepared: Prepared, trials: Sequence[Trial], results: Path) -> Iterator[Round]:
    """Yield the rounds of a run; each is to be trained before the next is taken.

    Args:
        prepared: The study.
        trials: The most that may be trained: in a study with looks, a round has those of them
            that are needed for its next look.
        results: Results folder.
    """
    planned = [trial.id for trial in prepared.plan.trials]
    if not prepared.study.looks:
        yield Round(trials, planned, len(prepared.study.seeds), work=_work(prepared, trials))
        return
    remaining = {trial.id: trial for trial in trials}
    while True:
        state = current_look(prepared, results, expected=remaining)
        due = _due(state, remaining)
        needed_so_far = [name for name in planned if name in state.due]
        seeds = prepared.study.looks[state.look - 1]
        yield Round(due, needed_so_far, seeds, str(state), _work(prepared, due))
        if not due:
            return
        for trial in due:
            del remaining[trial.id]


def current_look(
    prepared: Prepared, results: Path, expected: Collection[str] | None = None
) -> LookState:
    """Return how far a study with looks has come.

    Args:
        prepared: The study.
        results: Results folder.
        expected: Ids of the trials to train, whose earlier results do not count; no look waits for
            others. By default it waits for all.
    """
    # A new store also has what other runs have published meanwhile.
    store = Store(results)
    metric, rows = prepared.study.metric.name, []
    for trial in prepared.plan.trials:
        if trial.id not in (expected or ()) and (folder := store.open(trial)):
            value = measured(folder, metric)
            rows.append((trial.id, trial.variant, trial.seed, folder.result.status, value))
    table = pd.DataFrame(rows, columns=["trial", "variant", "seed", "status", metric])
    return look_state(prepared.study, prepared.plan, table, prepared.findings or (), expected)


def needed(prepared: Prepared, trials: Sequence[Trial], results: Path) -> Sequence[Trial]:
    """Return the trials to train, or none of them if no look needs any."""
    if not prepared.study.looks:
        return trials
    remaining = {trial.id: trial for trial in trials}
    state = current_look(prepared, results, expected=remaining)
    return trials if _due(state, remaining) else []


def _due(state: LookState, remaining: Mapping[str, Trial]) -> list[Trial]:
    return [trial for name, trial in remaining.items() if name in state.due]


def _work(prepared: Prepared, trials: Sequence[Trial]) -> dict[str, float]:
    return {trial.id: training_work(prepared, trial) for trial in trials}
