"""Whether a study compiles its training steps: what that takes is weighed against what it saves."""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from itertools import chain, compress, cycle, islice, repeat
from statistics import mean

from cnn_ablate.custom import user_code_folder
from cnn_ablate.runner.baseline_work import BaselineWork
from cnn_ablate.runner.compilation import Source, compile_step, is_missing
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.train import at_constant_rate, time_steps
from cnn_ablate.train.aot import reason_for_eager

# Rough seconds to compile a program, and about the most that one saves of each eager step: the
# time between its kernels, as a share of the step and in seconds.
_COMPILING, _SAVED, _MOST_SAVED = 20.0, 0.6, 1e-3
# Seconds for which steps are timed after the first one.
TIMED = 0.4
# What is timed must be faster by this share, since timings are noisy.
MARGIN = 0.05


def compiled_settings(
    work: BaselineWork,
    timed: Sequence[tuple[float, ComputeConfig]],
    best: tuple[float, ComputeConfig],
    pool: Executor,
) -> ComputeConfig | None:
    """Return settings that compile all steps, if that takes less time than it saves.

    Args:
        work: The study in terms of its baseline.
        timed: Settings that compile nothing, with their seconds per step.
        best: The fastest of them.
        pool: Processes like those that train.
    """
    (step, eager), programs = best, _possible(work.programs, best[1])
    if not programs:
        return None
    compiled_share = len(programs) / len(work.programs)
    with suppress(Exception):
        compute, is_lacking = _to_compile(programs, work, timed, pool)
        # Where the first is missing, the others are taken to be, without tracing each.
        others = repeat(True) if is_lacking else pool.map(is_missing, programs[1:], repeat(compute))
        lacking = [*compress(programs, chain([is_lacking], others))]
        most = min(_SAVED * step, _MOST_SAVED) * work.steps * compiled_share
        if _compiling(len(lacking), work, _COMPILING) > most:
            return None
        # As many as are compiled at once, evenly spaced.
        tried = (lacking or programs)[:: math.ceil(len(lacking or programs) / work.workers)]
        ended = [*pool.map(compile_step, tried, repeat(compute))]
        seconds = max(compilation.seconds for compilation in ended)
        compiled = compress(tried, (not compilation.reason for compilation in ended))
        side_by_side = [*islice(cycle(compiled), work.workers)]
        before, after = (mean(pool.map(_step, side_by_side, repeat(c))) for c in (eager, compute))
        saved = (1 - after / before) * step * work.steps * compiled_share
        cost = _compiling(len(lacking) - len(tried), work, seconds) if lacking else 0
        return compute if after < before * (1 - MARGIN) and cost < saved else None
    return None


def _possible(programs: Sequence[Source], eager: ComputeConfig) -> Sequence[Source]:
    """Return the programs that can be compiled; none if the baseline's cannot be."""
    compute = eager.model_copy(update={"backend": "aot"})
    possible = [p for p in programs if not reason_for_eager(p.trial, compute)]
    return possible if possible[:1] == [*programs[:1]] else ()


def _to_compile(
    programs: Sequence[Source],
    work: BaselineWork,
    timed: Sequence[tuple[float, ComputeConfig]],
    pool: Executor,
) -> tuple[ComputeConfig, bool]:
    """Return the settings that take least time if compiled, and whether the cache lacks them.

    Those that are eagerly faster are taken to be so as programs, too; but the cache may have
    others.
    """
    compilation = _compiling(len(programs), work, _COMPILING)
    computes = [eager.model_copy(update={"backend": "aot"}) for _, eager in timed]
    missing = pool.map(is_missing, repeat(programs[0]), computes)
    candidates = [
        (step * work.steps + compilation * is_lacking, compute, is_lacking)
        for (step, _), compute, is_lacking in zip(timed, computes, missing, strict=True)
    ]
    return min(candidates, key=lambda candidate: candidate[0])[1:]


def _compiling(programs: int, work: BaselineWork, seconds: float) -> float:
    """Return the seconds to compile so many programs, each in so many seconds."""
    return math.ceil(programs / work.workers) * seconds


def _step(source: Source, compute: ComputeConfig) -> float:
    """Return the seconds per step of a trial, on its own images."""
    source = replace(source, trial=at_constant_rate(source.trial))
    with user_code_folder(source.code_folder):
        return time_steps(source.trainer(compute), at_least=TIMED)
