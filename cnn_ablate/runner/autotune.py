"""Autotuning: candidate compute settings are timed on the baseline, once for a whole study.

Compute settings change bits and never what is studied. Once chosen on a machine, they are kept
with the study, and every variant takes them. Steps are timed on all workers at once, as trials
are trained: processes side by side share caches and memory, and slow each other down.
"""

import math
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import repeat
from statistics import mean

import torch

from cnn_ablate.custom import user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.fork_server import process_pool
from cnn_ablate.runner.baseline_work import BaselineWork, baseline_work, guessed_step
from cnn_ablate.runner.compile_or_not import MARGIN, TIMED, compiled_settings
from cnn_ablate.runner.config import COMPUTE, RunConfig
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.run_record import gpu, processor
from cnn_ablate.schema import COMMAND, ComputeConfig
from cnn_ablate.store import Store, read_compute, write_compute
from cnn_ablate.train import seconds_per_step

# Seconds to set up a candidate.
_SETUP = 0.3
# Steps that take longer than this many seconds are dominated by their kernels.
_SHORT_STEP = 0.01
# The share of the work ahead that timing may take, for short and for long steps: large networks
# are often fastest as they are, and a few of their steps take many seconds.
_SHARE, _SHARE_OF_LONG = 0.1, 0.03
# How many networks a graph may train at once.
WIDTHS = (1, 8, 32, 64, 128)
# The values of --compute that leave something to be timed, and what is added to the name of the
# machine for which their settings are kept.
_TUNED = {"auto": "", "graph": ", graph"}


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
    per_candidate = _SETUP + step + max(TIMED, 2 * step)
    return candidates * per_candidate < share * step * steps


def autotune(work: BaselineWork, start: ComputeConfig, pool: Executor) -> ComputeConfig:
    """Return the fastest candidate, or `start` if the work is too short to time any."""
    best, least = start, _seconds(work, start, pool)
    candidates = _candidates(start, least)
    if math.isinf(least) or not is_worthwhile(least, work.steps, 1 + len(candidates)):
        return start
    timed = [(least, start)]
    for candidate in candidates:
        timed.append((_seconds(work, candidate, pool), candidate))
        if timed[-1][0] < least * (1 - MARGIN):
            least, best = timed[-1]
    return compiled_settings(work, timed, (least, best), pool) or best


def widest(work: BaselineWork, start: ComputeConfig, pool: Executor) -> ComputeConfig:
    """Return the width at which a graph takes the least time per network of the study.

    Raises:
        UserError: no step can be captured, or those that are captured differ from eager ones.
    """
    # As wide as there are trials to fill it, or the next above.
    enough = next((width for width in WIDTHS if width >= work.alike), WIDTHS[-1])
    candidates = [_of_width(start, width) for width in WIDTHS if width <= enough]
    seconds = {
        compute: _seconds(work, compute, pool) / min(compute.width, work.alike)
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


def _candidates(start: ComputeConfig, step: float) -> list[ComputeConfig]:
    """Return other settings for the same operations: memory layout and convolution library."""
    contiguous = start.model_copy(update={"layout": "contiguous"})
    without_onednn = contiguous.model_copy(update={"onednn": False})
    has_overhead = start.device == "cpu" and step < _SHORT_STEP
    return [contiguous, without_onednn] if has_overhead else [contiguous]


def _seconds(work: BaselineWork, compute: ComputeConfig, pool: Executor) -> float:
    """Return the mean seconds per step on all workers at once; infinity if a process dies."""
    with suppress(BrokenProcessPool):
        return mean(pool.map(_step, repeat(work, work.workers), repeat(compute)))
    return math.inf


def _step(work: BaselineWork, compute: ComputeConfig) -> float:
    """Return the seconds per step; infinity if it cannot be computed with these settings."""
    with suppress(Exception), user_code_folder(work.code_folder):
        return seconds_per_step(work.trial, work.facts, compute, at_least=TIMED)
    return math.inf


def _machine(device: str) -> str:
    """Return what compute settings are kept for: device, processor and torch version."""
    parts = (device, gpu(device), processor(), f"torch {torch.__version__}")
    return ", ".join(filter(None, parts))


def _tuned(prepared: Prepared, config: RunConfig, start: ComputeConfig) -> ComputeConfig:
    """Tune in processes like those that train, if it seems worthwhile."""
    work = baseline_work(prepared, config)
    # The settings to start from are timed, too.
    if not is_worthwhile(guessed_step(prepared, work.trial), work.steps, candidates=2):
        return start
    tune = widest if start.backend == "graph" else autotune
    with process_pool(work.workers) as pool:
        return tune(work, start, pool)
