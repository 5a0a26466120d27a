"""Whether a study compiles its steps, and in which layout: what it takes against what it saves."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cnn_ablate.runner import autotune, compile_or_not
from cnn_ablate.runner.baseline_work import BaselineWork
from cnn_ablate.runner.compilation import Compilation, Source
from cnn_ablate.schema import ComputeConfig
from test_aot import EAGER
from test_autotune import FACTS
from test_train import trial

SECONDS = {"channels_last": 1.2e-3, "contiguous": 1e-3}


Seconds = Callable[[ComputeConfig], float]
Pretend = Callable[..., list[ComputeConfig]]


def tune(steps: float, programs: int) -> ComputeConfig:
    """Return the settings chosen for so many steps, for which so many programs are compiled."""
    source = Source(trial(), None, Path())
    work = BaselineWork(trial(), FACTS, steps, programs=(source,) * programs, workers=2)
    return autotune.autotune(work, EAGER, ThreadPoolExecutor(1))


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Return a function that says what steps and compilations take; it returns the compiled."""

    def pretend(
        step: Seconds, compilation: float, is_missing: Callable[[ComputeConfig], bool]
    ) -> list[ComputeConfig]:
        compiled: list[ComputeConfig] = []

        def compile_step(_: Source, compute: ComputeConfig) -> Compilation:
            compiled.append(compute)
            return Compilation("", compilation)

        for module in (autotune, compile_or_not):
            monkeypatch.setattr(module, "_step", lambda _, compute: step(compute))
        monkeypatch.setattr(compile_or_not, "is_missing", lambda _, compute: is_missing(compute))
        monkeypatch.setattr(compile_or_not, "compile_step", compile_step)
        return compiled

    return pretend


def eager_or_compiled(eager: float, compiled: float) -> Seconds:
    """Return a function of compute settings: the seconds per step."""
    return lambda compute: compiled if compute.backend == "aot" else eager


@pytest.mark.parametrize(
    ("steps", "programs", "cached", "expected"),
    [
        (100e3, 1, False, "aot"),  # saves 60 s for 10 s
        (250e3, 12, False, "aot"),  # 10 more programs take 50 s; two were compiled to try
        (22e3, 1, False, "eager"),  # saves 13 s at most, and a compilation takes 20
        (22e3, 4, False, "eager"),
        (22e3, 4, True, "aot"),  # nothing has to be compiled
    ],
)
def test_programs_are_compiled_if_they_save_more(
    pretend: Pretend,
    steps: float,
    programs: int,
    *,
    cached: bool,
    expected: str,
) -> None:
    """All compilations of a study together are weighed against what its steps save."""
    pretend(eager_or_compiled(1e-3, 0.4e-3), 10.0, lambda _: not cached)
    assert expected == tune(steps, programs).backend


@pytest.mark.parametrize(("saved", "expected"), [(0.2e-3, "eager"), (0.4e-3, "aot")])
def test_as_many_programs_are_tried_as_are_compiled_at_once(
    pretend: Pretend, saved: float, expected: str
) -> None:
    """Of 8 programs on 2 workers, 2 are tried; the other 6 take 3 times as long."""
    compiled = pretend(eager_or_compiled(1e-3, 1e-3 - saved), 20.0, lambda _: True)
    assert expected == tune(200e3, 8).backend
    assert 2 == len(compiled)


def test_programs_that_cannot_be_compiled_save_nothing(
    pretend: Pretend,
) -> None:
    """Steps with an average of the weights stay eager, so that fewer are saved."""
    pretend(eager_or_compiled(1e-3, 0.6e-3), 20.0, lambda _: True)
    mean, ema = (Source(trial(training__average=a), None, Path()) for a in ("none", "ema"))
    backends = [
        autotune.autotune(
            BaselineWork(trial(), FACTS, 80e3, programs=programs, workers=1),
            EAGER,
            ThreadPoolExecutor(1),
        ).backend
        for programs in ((mean,), (mean, ema), (mean, ema, ema), (ema,))
    ]
    assert ["aot", "aot", "eager", "eager"] == backends


@pytest.mark.parametrize(("steps", "expected"), [(50e3, "channels_last"), (500e3, "contiguous")])
def test_what_the_cache_has_is_preferred_in_short_studies(
    pretend: Pretend, steps: float, expected: str
) -> None:
    """A layout that saves 0.2 ms per step is worth another compilation in long ones."""

    def step(compute: ComputeConfig) -> float:
        return 0.4e-3 if compute.backend == "aot" else SECONDS[compute.layout]

    pretend(step, 20.0, lambda compute: compute.layout != "channels_last")
    tuned = tune(steps, 1)
    assert ("aot", expected) == (tuned.backend, tuned.layout)


def test_a_step_of_long_kernels_is_not_compiled(
    pretend: Pretend,
) -> None:
    """Only the time between kernels can be saved, which is about a millisecond per step."""
    compiled = pretend(eager_or_compiled(9e-3, 1e-3), 10.0, lambda _: True)
    assert "eager" == tune(19e3, 1).backend
    assert not compiled


@pytest.mark.parametrize("seconds", [0.99e-3, math.nan])
def test_slow_programs_are_not_used(pretend: Pretend, seconds: float) -> None:
    """A network whose compiled step gains nothing stays eager."""
    pretend(eager_or_compiled(1e-3, seconds), 10.0, lambda _: True)
    assert "eager" == tune(1e6, 1).backend
