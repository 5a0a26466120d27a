"""The training steps that a study has ahead, in terms of its baseline."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnn_ablate.executors import usable_cores
from cnn_ablate.runner.compilation import Source, sources
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.prepare import Prepared, data_facts, training_steps
from cnn_ablate.schema import DataFacts, Trial
from cnn_ablate.train.program_settings import program_text

# Rough seconds of one worker per multiply-add, forward and backward, and per batch: enough to see
# that timing would take longer than it could save.
_PER_MAC, _PER_BATCH = 2e-10, 1e-3


@dataclass(frozen=True)
class BaselineWork:
    """The baseline of a study, with the work of the whole study in its terms.

    Attributes:
        trial: A trial of the baseline.
        facts: Of its data set.
        steps: Training steps of one worker, as if every variant were the baseline.
        code_folder: Where user-defined code is searched.
        programs: One trial per program that the study needs if its steps are compiled; the
            baseline's first.
        workers: How many processes of this machine are timed at once, and compile; 1 on a GPU.
        alike: The most trials that share a program on one worker.
    """

    trial: Trial
    facts: DataFacts
    steps: float
    code_folder: Path | None = None
    programs: Sequence[Source] = ()
    workers: int = 1
    alike: int = 1


def baseline_work(prepared: Prepared, config: RunConfig) -> BaselineWork:
    """Return the work that a study has ahead; seeds that later looks may add are not counted."""
    trials = _certain(prepared)
    workers = min(config.resources.local_workers(), len(trials))
    baseline = trials[0]
    seconds = sum(training_steps(prepared, t) * guessed_step(prepared, t) for t in trials)
    return BaselineWork(
        baseline,
        data_facts(prepared, baseline),
        steps=seconds / guessed_step(prepared, baseline) / workers,
        code_folder=prepared.code_folder,
        programs=sources(prepared, trials, config),
        # Of a cluster's workers, no more than there are cores here.
        workers=min(workers, usable_cores()) if config.device == "cpu" else 1,
        alike=math.ceil(max(Counter(map(program_text, trials)).values()) / workers),
    )


def _certain(prepared: Prepared) -> Sequence[Trial]:
    """Return the trials that are needed whatever their results: with looks, those of the first."""
    study, trials = prepared.study, prepared.plan.trials
    first = study.seeds[: study.looks[0]] if study.looks else study.seeds
    return [trial for trial in trials if trial.seed in first]


def guessed_step(prepared: Prepared, trial: Trial) -> float:
    """Guess the seconds per training step from its multiply-adds."""
    macs = prepared.macs(trial.variant) * trial.settings["training"]["batch_size"]
    return float(macs * _PER_MAC + _PER_BATCH)
