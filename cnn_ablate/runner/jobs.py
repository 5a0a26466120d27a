"""The trials that are outstanding, their rounds and their work, and the job of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from cnn_ablate.custom import allowed_packages
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Job
from cnn_ablate.external import ExpectedMetrics, ExternalJob
from cnn_ablate.plan import select_variants
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.prepare import Prepared, data_facts
from cnn_ablate.schema import ComputeConfig, Trial
from cnn_ablate.train.program_settings import program_text

# What a batch costs beside its multiply-adds, expressed in multiply-adds.
_MACS_PER_BATCH = 5e7


@dataclass(frozen=True)
class Round:
    """Trials that are trained together.

    Attributes:
        trials: Those to train; none in the last round of a study with looks.
        planned: Ids of all trials that the study needs so far, done ones too.
        seeds: Number of seeds of the variants that have most of them.
        look: The state of a study with looks, in words; else empty.
        work: Work per trial to train, by id, in any unit.
        compute: Compute settings per trial to train, by id.
        notes: One sentence per reason why a step is not compiled, or slow on this processor.
    """

    trials: Sequence[Trial]
    planned: Sequence[str]
    seeds: int
    look: str = ""
    work: Mapping[str, float] = field(default_factory=dict)
    compute: Mapping[str, ComputeConfig] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def outstanding(prepared: Prepared, *, only: str = "", fresh: bool = False) -> list[Trial]:
    """Return the trials to train, in order; with looks, the most that may be trained.

    Args:
        prepared: The study, with the trials of it that are done.
        only: Names or patterns of variants.
        fresh: Include the trials that are done already.

    Raises:
        UserError: the data is missing, a pattern matches no variant, or there are only the tables
            of the trials, which are not replaced unless `fresh`.
    """
    if prepared.missing:
        raise prepared.missing
    if prepared.unreplaceable and not fresh:
        raise prepared.unreplaceable
    if prepared.study.trainer and prepared.study.trainer.imports:
        return _not_imported(prepared)
    variants = select_variants(prepared.plan, only)
    skipped = frozenset() if fresh else prepared.done
    trials = prepared.plan.trials
    return in_training_order(
        prepared, (t for t in trials if t.variant in variants and t.id not in skipped)
    )


def _not_imported(prepared: Prepared) -> list[Trial]:
    """Return nothing to train: trials that are trained elsewhere are imported; raises UserError."""
    if not prepared.done:
        what = "the trials of this study are trained elsewhere, and none is imported."
        hint = f"Import them with `cnn-ablate import {prepared.study.source} FILE`."
        raise UserError(prepared.study.source, what, hint)
    return []


def in_training_order(prepared: Prepared, trials: Iterable[Trial]) -> list[Trial]:
    """Return trials in the order of training: the baseline's, for all are compared with it.

    The others follow by work, so that none of the long ones is left for the end.
    """
    first = prepared.plan.variants[0].name
    return sorted(trials, key=lambda t: (t.variant != first, -training_work(prepared, t)))


def training_work(prepared: Prepared, trial: Trial) -> float:
    """Estimate the work of training a trial, in multiply-adds; alike for all of a command."""
    if prepared.inputs:
        return 1.0
    training = trial.settings["training"]
    images = data_facts(prepared, trial).counts(trial.settings["data"]).train
    macs = prepared.macs(trial.variant)
    per_image = macs + _MACS_PER_BATCH / training["batch_size"]
    return float(per_image * images * training["epochs"])


def build_jobs(prepared: Prepared, round_: Round, config: RunConfig) -> list[Job]:
    """Return the jobs of a round, in the order of training: one per trial, or per program."""
    expected = ExpectedMetrics.of(prepared.study)
    external = ExternalJob(prepared.inputs, expected) if prepared.inputs else None
    trials = in_training_order(prepared, round_.trials)
    return [
        Job(
            first,
            round_.compute[first.id],
            config.results,
            config.data,
            folder=prepared.code_folder,
            packages=allowed_packages(),
            timeout=config.retry.trial_timeout,
            checkpoint_every=60 * config.retry.checkpoint_minutes,
            external=external,
            others=tuple(others),
        )
        for first, *others in grouped(trials, round_.compute, config.resources.local_workers())
    ]


def grouped(
    trials: Sequence[Trial], compute: Mapping[str, ComputeConfig], workers: int
) -> Iterator[list[Trial]]:
    """Yield trials that are trained together: of one program, at most as many as it is wide.

    None has more than its share of the trials, so that each worker has a job.
    """
    share = ceil(len(trials) / workers)
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        width = compute[trial.id].width
        program = program_text(trial) if width > 1 else trial.id
        group = groups.setdefault(program, [])
        group.append(trial)
        if len(group) == min(width, share):
            yield groups.pop(program)
    yield from groups.values()
