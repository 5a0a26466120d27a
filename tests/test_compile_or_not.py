"""Whether a study compiles its steps, and in which layout: what it takes against what it saves."""

import math
from pathlib import Path

import pytest

from cnn_ablate.runner import autotune
from cnn_ablate.runner.autotune import Workload
from cnn_ablate.runner.compilation import Compilation, Source
from test_aot import EAGER
from test_autotune import FACTS
from test_train import trial

SECONDS = {"channels_last": 1.2e-3, "contiguous": 1e-3}


def workload(steps: float, programs: int) -> Workload:
    """Return a workload of so many steps, for which so many programs are compiled."""
    source = Source(trial(), None, Path())
    return Workload(trial(), FACTS, steps, programs=(source,) * programs, workers=2)


@pytest.mark.parametrize(
    ("steps", "programs", "cached", "expected"),
    [
        (100e3, 1, False, "aot"),  # saves 50 s for 10 s
        (250e3, 12, False, "aot"),  # 11 more programs take 60 s; the first one took 10
        (22e3, 1, False, "eager"),  # saves 13 s at most, and a compilation takes 20
        (22e3, 4, False, "eager"),
        (22e3, 4, True, "aot"),  # nothing has to be compiled
    ],
)
def test_programs_are_compiled_if_they_save_more(
    monkeypatch: pytest.MonkeyPatch, steps: float, programs: int, *, cached: bool, expected: str
) -> None:
    """All compilations of a study together are weighed against what its steps save."""
    monkeypatch.setattr(autotune, "_seconds", lambda *_: 1e-3)
    monkeypatch.setattr(
        autotune, "count_missing", lambda needed, _: 0 if cached else len([*needed])
    )
    monkeypatch.setattr(autotune, "compile_step", lambda *_: Compilation("", 0.0 if cached else 10))
    monkeypatch.setattr(autotune, "time_steps", lambda *_, **__: 0.4e-3)
    monkeypatch.setattr(Source, "trainer", lambda *_: None)
    assert expected == autotune.autotune(workload(steps, programs), EAGER).backend


@pytest.mark.parametrize(("steps", "expected"), [(50e3, "channels_last"), (500e3, "contiguous")])
def test_what_the_cache_has_is_preferred_in_short_studies(
    monkeypatch: pytest.MonkeyPatch, steps: float, expected: str
) -> None:
    """A layout that saves 0.2 ms per step is worth another compilation in long ones."""
    monkeypatch.setattr(autotune, "_seconds", lambda _, c: SECONDS[c.layout])
    monkeypatch.setattr(autotune, "count_missing", lambda _, c: c.layout != "channels_last")
    monkeypatch.setattr(autotune, "compile_step", lambda *_: Compilation("", 20.0))
    monkeypatch.setattr(autotune, "time_steps", lambda *_, **__: 0.4e-3)
    monkeypatch.setattr(Source, "trainer", lambda *_: None)
    tuned = autotune.autotune(workload(steps, 1), EAGER)
    assert ("aot", expected) == (tuned.backend, tuned.layout)


def test_a_step_of_long_kernels_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the time between kernels can be saved, which is about a millisecond per step."""
    monkeypatch.setattr(autotune, "_seconds", lambda *_: 9e-3)
    monkeypatch.setattr(autotune, "count_missing", lambda *_: 1)
    monkeypatch.setattr(autotune, "compile_step", lambda *_: pytest.fail("compiled"))
    assert "eager" == autotune.autotune(workload(19e3, 1), EAGER).backend


@pytest.mark.parametrize("seconds", [0.99e-3, math.nan])
def test_slow_programs_are_not_used(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A network whose compiled step gains nothing stays eager."""
    monkeypatch.setattr(autotune, "_seconds", lambda *_: 1e-3)
    monkeypatch.setattr(autotune, "count_missing", lambda *_: 1)
    monkeypatch.setattr(autotune, "compile_step", lambda *_: Compilation("", 10.0))
    monkeypatch.setattr(autotune, "time_steps", lambda *_, **__: seconds)
    monkeypatch.setattr(Source, "trainer", lambda *_: None)
    assert "eager" == autotune.autotune(workload(1e6, 1), EAGER).backend
