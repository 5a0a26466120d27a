"""Autotuning: candidate compute settings are timed on the baseline, once for a whole study.

Compute settings change bits and never what is studied. Once chosen on a machine, they are kept
with the study, and every variant takes them.
"""

import math
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from cnn_ablate import fork_server
from cnn_ablate.custom import user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.runner.compilation import Source, compile_step, count_missing, sources
from cnn_ablate.runner.config import COMPUTE, RunConfig
from cnn_ablate.runner.prepare import Prepared, data_facts
from cnn_ablate.runner.run_record import gpu, processor
from cnn_ablate.schema import COMMAND, ComputeConfig, DataFacts, Trial
from cnn_ablate.store import Store, read_compute, write_compute
from cnn_ablate.train import seconds_per_step, time_steps
from cnn_ablate.train.program_settings import program_text

# Rough seconds of one worker per multiply-add, forward and backward, and per batch: enough to see
# that timing would take longer than it could save.
_PER_MAC, _PER_BATCH = 2e-10, 1e-3
# Seconds to set up a candidate, and for which it runs after its first step.
_SETUP, _TIMED = 0.3, 0.4
# Steps that take longer than this many seconds are dominated by their kernels.
_SHORT_STEP = 0.01
# The share of the work ahead that timing may take, for short and for long steps: large networks
# are often fastest as they are, and a few of their steps take many seconds.
_SHARE, _SHARE_OF_LONG = 0.1, 0.03
# Rough seconds to compile a program, and the most that one saves of each eager step: the time
# between its kernels, as a share of the step and in seconds.
_COMPILING, _SAVED, _MOST_SAVED = 20.0, 0.6, 1e-3
# How many networks a graph may train at once.
WIDTHS = (1, 8, 32, 64, 128)
# The values of --compute that leave something to be timed, and what is added to the name of the
# machine for which their settings are kept.
_TUNED = {"auto": "", "graph": ", graph"}
# A candidate must be faster by this share, since timings are noisy.
_MARGIN = 0.05


@dataclass(frozen=True)
class Workload:
    """The baseline of a study, with the work of the whole study in its terms.

    Attributes:
        trial: A trial of the baseline.
        facts: Of its data set.
        steps: Training steps of one worker, as if every variant were the baseline.
        code_folder: Where user-defined code is searched.
        programs: One trial per program that the study needs if its steps are compiled; the
            baseline's first.
        workers: How many processes compile at once.
        alike: The most trials that share a program on one worker.
    """

    trial: Trial
    facts: DataFacts
    steps: float
    code_folder: Path | None = None
    programs: Sequence[Source] = ()
    workers: int = 1
    alike: int = 1


def choose_compute(prepared: Prepared, config: RunConfig) -> ComputeConfig:
    """Return the compute settings of all trials of a study.

    A command computes as it does, on the device and with the threads of the run. Otherwise they are
    those that the user names; for `auto` those kept in its compute.json for this machine,
    or else the fastest candidate if the study is long enough to time some.
    """
    if prepared.inputs:
        threads = max(1, int(config.resources.cpus_per_trial))
        return ComputeConfig(device=config.device, threads=threads, backend=COMMAND)
    start = COMPUTE.get(config.compute, ComputeConfig())
    start = start.model_copy(update={"device": config.device})
    if config.compute not in _TUNED:
        return start
    store, study = Store(config.results), prepared.study.folder
    machine = _machine(config.device) + _TUNED[config.compute]
    kept = read_compute(store, study)
    if machine not in kept:
        tuned = {machine: _tuned(prepared, config, start)}
        # Another run may have tuned meanwhile; both are to train with the same settings.
        kept = tuned | read_compute(store, study)
        write_compute(store, study, kept)
    return kept[machine]


def is_worthwhile(step: float, steps: float, candidates: int) -> bool:
    """Return whether timing candidates takes a small share of the work ahead.

    Args:
        step: Seconds per training step.
        steps: Training steps of one worker.
        candidates: How many are to be timed.
    """
    share = _SHARE if step < _SHORT_STEP else _SHARE_OF_LONG
    per_candidate = _SETUP + step + max(_TIMED, 2 * step)
    return candidates * per_candidate < share * step * steps


def autotune(workload: Workload, start: ComputeConfig) -> ComputeConfig:
    """Return the fastest candidate, or `start` if the work is too short to time any."""
    best, least = start, _seconds(workload, start)
    candidates = _candidates(start, least)
    if math.isinf(least) or not is_worthwhile(least, workload.steps, 1 + len(candidates)):
        return start
    timed = [(least, start)]
    for candidate in candidates:
        timed.append((_seconds(workload, candidate), candidate))
        if timed[-1][0] < least * (1 - _MARGIN):
            least, best = timed[-1]
    return _compiled(workload, timed, least) or best


def widest(workload: Workload, start: ComputeConfig) -> ComputeConfig:
    """Return the width at which a graph takes the least time per network of the study.

    Raises:
        UserError: no step can be captured, or those that are captured differ from eager ones.
    """
    # As wide as there are trials to fill it, or the next above.
    enough = next((width for width in WIDTHS if width >= workload.alike), WIDTHS[-1])
    candidates = [_of_width(start, width) for width in WIDTHS if width <= enough]
    seconds = {
        compute: _seconds(workload, compute) / min(compute.width, workload.alike)
        for compute in candidates
    }
    best = min(candidates, key=seconds.__getitem__)
    if math.isinf(seconds[best]):
        what = "no training step of the baseline could be captured and equalled eager ones."
        raise UserError("--compute graph", what, "Use --compute eager.")
    return best


def _of_width(compute: ComputeConfig, width: int) -> ComputeConfig:
    """Return settings of a width; networks side by side are grouped convolutions, contiguous."""
    layout = compute.layout if width == 1 else "contiguous"
    return compute.model_copy(update={"width": width, "layout": layout})


def _compiled(
    workload: Workload, timed: Sequence[tuple[float, ComputeConfig]], step: float
) -> ComputeConfig | None:
    """Return settings that compile all steps, if that takes less time than it saves.

    Args:
        workload: The study in terms of its baseline.
        timed: Settings that compile nothing, with their seconds per step.
        step: The seconds per step with the fastest of them.
    """
    if timed[0][1].device != "cpu" or not workload.programs:
        return None
    baseline, *others = workload.programs
    most = min(_SAVED * step, _MOST_SAVED) * workload.steps
    with suppress(Exception):
        compute, is_cached = _to_compile(workload, timed)
        missing = count_missing(others, compute) if is_cached else len(others)
        if _compiling(missing + (not is_cached), workload, _COMPILING) > most:
            return None
        first = compile_step(baseline, compute)
        seconds = time_steps(baseline.trainer(compute), at_least=_TIMED)
        saved = (step - seconds) * workload.steps
        cost = _compiling(missing, workload, _COMPILING if is_cached else first.seconds)
        return compute if seconds < step * (1 - _MARGIN) and cost < saved else None
    return None


def _to_compile(
    workload: Workload, timed: Sequence[tuple[float, ComputeConfig]]
) -> tuple[ComputeConfig, bool]:
    """Return the settings that take least time if compiled, and whether the cache has them.

    Those that are eagerly faster are taken to be so as programs, too; but the cache may have
    others.
    """
    compilation = _compiling(len(workload.programs), workload, _COMPILING)
    candidates = []
    for step, eager in timed:
        compute = eager.model_copy(update={"backend": "aot"})
        is_cached = count_missing(workload.programs[:1], compute) == 0
        seconds = step * workload.steps + (0 if is_cached else compilation)
        candidates.append((seconds, compute, is_cached))
    _, compute, is_cached = min(candidates, key=lambda candidate: candidate[0])
    return compute, is_cached


def _compiling(programs: int, workload: Workload, seconds: float) -> float:
    """Return the seconds to compile so many programs, each in so many seconds."""
    return math.ceil(programs / workload.workers) * seconds


def _candidates(start: ComputeConfig, step: float) -> list[ComputeConfig]:
    """Return other settings for the same operations: memory layout and convolution library."""
    contiguous = start.model_copy(update={"layout": "contiguous"})
    without_onednn = contiguous.model_copy(update={"onednn": False})
    has_overhead = start.device == "cpu" and step < _SHORT_STEP
    return [contiguous, without_onednn] if has_overhead else [contiguous]


def _seconds(workload: Workload, compute: ComputeConfig) -> float:
    """Return the seconds per step; infinity if it cannot be computed with these settings."""
    with suppress(Exception), user_code_folder(workload.code_folder):
        return seconds_per_step(workload.trial, workload.facts, compute, at_least=_TIMED)
    return math.inf


def _machine(device: str) -> str:
    """Return what compute settings are kept for: device, processor and torch version."""
    parts = (device, gpu(device), processor(), f"torch {torch.__version__}")
    return ", ".join(filter(None, parts))


def _tuned(prepared: Prepared, config: RunConfig, start: ComputeConfig) -> ComputeConfig:
    """Tune in a process like those that train, if it seems worthwhile."""
    workload = _workload(prepared, config)
    # The settings to start from are timed, too.
    if not is_worthwhile(_guessed_step(prepared, workload.trial), workload.steps, candidates=2):
        return start
    tune = widest if start.backend == "graph" else autotune
    with ProcessPoolExecutor(1, mp_context=fork_server.context()) as pool:
        try:
            return pool.submit(tune, workload, start).result()
        except BrokenProcessPool:
            return start


def _workload(prepared: Prepared, config: RunConfig) -> Workload:
    trials, workers = _certain(prepared), config.resources.local_workers()
    baseline = trials[0]
    seconds = sum(_steps(prepared, t) * _guessed_step(prepared, t) for t in trials)
    return Workload(
        baseline,
        data_facts(prepared, baseline),
        steps=seconds / _guessed_step(prepared, baseline) / min(workers, len(trials)),
        code_folder=prepared.code_folder,
        programs=sources(prepared, trials, config),
        workers=workers,
        alike=math.ceil(max(Counter(map(program_text, trials)).values()) / workers),
    )


def _certain(prepared: Prepared) -> Sequence[Trial]:
    """Return the trials that are needed whatever their results: with looks, those of the first."""
    study, trials = prepared.study, prepared.plan.trials
    first = study.seeds[: study.looks[0]] if study.looks else study.seeds
    return [trial for trial in trials if trial.seed in first]


def _steps(prepared: Prepared, trial: Trial) -> float:
    images = data_facts(prepared, trial).counts(trial.settings["data"]).train
    training = trial.settings["training"]
    return float(images / training["batch_size"] * training["epochs"])


def _guessed_step(prepared: Prepared, trial: Trial) -> float:
    """Guess the seconds per training step from its multiply-adds."""
    macs = prepared.macs(trial.variant) * trial.settings["training"]["batch_size"]
    return float(macs * _PER_MAC + _PER_BATCH)
