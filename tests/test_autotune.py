"""Compute settings: named ones are used, kept ones stay, and long studies are worth timing some."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.runner import Prepared, RunConfig, autotune, prepare, resolve_device
from cnn_ablate.runner.autotune import choose_compute
from cnn_ablate.runner.baseline_work import BaselineWork, baseline_work
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.prepare import training_steps
from cnn_ablate.runner.run_record import processor
from cnn_ablate.runner.trial_compute_settings import _slow_precision
from cnn_ablate.schema import ComputeConfig, DataFacts, Design, Factor, Level, Study
from cnn_ablate.settings import resolve
from cnn_ablate.store import Store, read_compute, write_compute
from cnn_ablate.train import step_benchmark
from test_train import trial

FACTS = DataFacts(
    name="made", fingerprint="", classes=("a", "b"), shape=(1, 28, 28), train=60_000, test=10_000
)
DEFAULT = ComputeConfig()
CONTIGUOUS = ComputeConfig(layout="contiguous")
WITHOUT_ONEDNN = ComputeConfig(layout="contiguous", onednn=False)


def tune(steps: float) -> ComputeConfig:
    """Return the settings that are chosen for so many steps of a tiny network."""
    work = BaselineWork(trial(), FACTS, steps)
    return autotune.autotune(work, DEFAULT, ThreadPoolExecutor(1))


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> dict[ComputeConfig, float]:
    """Return the seconds per step that settings are found to take: a millisecond unless set."""
    seconds: dict[ComputeConfig, float] = {}
    monkeypatch.setattr(autotune, "_step", lambda _, compute: seconds.get(compute, 1e-3))
    return seconds


@pytest.mark.parametrize(("steps", "expected"), [(21e3, DEFAULT), (22e3, CONTIGUOUS)])
def test_timing_takes_a_tenth_of_the_work_at_most(
    seconds: dict[ComputeConfig, float], steps: float, expected: ComputeConfig
) -> None:
    """Three candidates of 0.7 seconds each are worth timing in 21 seconds of work."""
    seconds |= {CONTIGUOUS: 5e-4}
    assert expected == tune(steps)


def test_long_steps_need_more_work(seconds: dict[ComputeConfig, float]) -> None:
    """If a step takes a second, two candidates cost seven: worth it in four minutes of work."""
    seconds |= {DEFAULT: 1.0, CONTIGUOUS: 0.5}
    tuned = [tune(steps) for steps in (219, 221)]
    assert [DEFAULT, CONTIGUOUS] == tuned


def test_the_fastest_candidate_wins(seconds: dict[ComputeConfig, float]) -> None:
    """Short steps on the CPU are also tried without oneDNN."""
    seconds |= {CONTIGUOUS: 8e-4, WITHOUT_ONEDNN: 5e-4}
    assert WITHOUT_ONEDNN == tune(1e7)


@pytest.mark.parametrize("slow", [9.9e-4, math.inf])
def test_no_clear_gain_changes_nothing(seconds: dict[ComputeConfig, float], slow: float) -> None:
    """A gain within the noise is no reason to change, and what fails is never chosen."""
    seconds |= {CONTIGUOUS: slow, WITHOUT_ONEDNN: math.inf}
    assert DEFAULT == tune(1e7)


def test_steps_are_really_timed() -> None:
    """The seconds per step are those of a real training step."""
    assert 0 < autotune._step(BaselineWork(trial(), FACTS, 1), DEFAULT) < 10


@pytest.mark.parametrize(("side", "expected"), [(28, 4096), (224, 111)])
def test_small_images_are_timed_by_the_thousand(side: int, expected: int) -> None:
    """A processor would learn the branches of a step on the same few; large ones take memory."""
    facts = FACTS.model_copy(update={"shape": (3, side, side)})
    small = trial(training__batch_size=4)
    trainer = step_benchmark._random_trainer(small, facts, DEFAULT)
    assert expected == len(trainer.loader.train.images)


def test_a_schedule_of_few_steps_can_be_timed() -> None:
    """More steps are timed than a one-cycle schedule over one epoch has."""
    one_cycle = trial(schedule__name="one_cycle", training__epochs=1)
    assert autotune._step(BaselineWork(one_cycle, FACTS, 1), DEFAULT) < 10


def prepared_study(tmp_path: Path, compute: str = "auto") -> tuple[Prepared, RunConfig]:
    """Return a study of two networks and two seeds."""
    written = {
        "data": {"name": "fashion_mnist_sample", "subset": 40, "test_subset": 40},
        "model": {"name": "lenet"},
    }
    norms = [Level(label=norm, sets={"model.norm": norm}) for norm in ("none", "batch")]
    factor = Factor(name="model.norm", levels=tuple(norms))
    study = Study(
        name="s",
        written=written,
        baseline=resolve(written),
        factors=(factor,),
        designs=(Design(kind="one_at_a_time", factors=("model.norm",)),),
        seeds=(0, 1),
    )
    config = RunConfig(results=tmp_path, compute=compute, resources=Resources(workers=2))
    return prepare(study, config), config


def test_named_settings_are_used(tmp_path: Path) -> None:
    """They are neither timed nor kept."""
    prepared, config = prepared_study(tmp_path, "reference")
    assert ComputeConfig(layout="contiguous", fused=False) == choose_compute(prepared, config)
    assert {} == read_compute(Store(tmp_path), "s")


def test_a_short_study_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the default, and keeps it when it is extended."""
    monkeypatch.setattr(autotune, "process_pool", lambda _: pytest.fail("timed"))
    prepared, config = prepared_study(tmp_path)
    assert DEFAULT == choose_compute(prepared, config)
    assert [DEFAULT] == list(read_compute(Store(tmp_path), "s").values())


def test_one_set_per_study_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed study is computed as before on this machine, whatever was chosen elsewhere."""
    prepared, config = prepared_study(tmp_path)
    write_compute(Store(tmp_path), "s", {"cpu, another processor": CONTIGUOUS})
    assert DEFAULT == choose_compute(prepared, config)
    kept = read_compute(Store(tmp_path), "s")
    assert {"cpu, another processor", autotune._machine("cpu")} == kept.keys()
    write_compute(Store(tmp_path), "s", dict.fromkeys(kept, CONTIGUOUS))
    assert CONTIGUOUS == choose_compute(prepared, config)


def test_the_whole_study_counts(tmp_path: Path) -> None:
    """The work of all variants is expressed in steps of the baseline, per worker."""
    prepared, config = prepared_study(tmp_path)
    one, two = (
        baseline_work(prepared, replace(config, resources=Resources(workers=workers)))
        for workers in (1, 2)
    )
    assert "baseline" == one.trial.variant
    assert one.steps == pytest.approx(2 * two.steps)
    assert one.steps == pytest.approx(4 * training_steps(prepared, one.trial), rel=0.1)


def test_seeds_of_later_looks_do_not_count(tmp_path: Path) -> None:
    """They may never be trained, so that they pay for no timing or compiling."""
    prepared, config = prepared_study(tmp_path)
    study = prepared.study.model_copy(update={"looks": (1, 2)})
    whole, first = (
        baseline_work(one, config) for one in (prepared, replace(prepared, study=study))
    )
    assert whole.steps / 2 == first.steps


def test_unknown_compute_settings(tmp_path: Path) -> None:
    """The error lists those that there are."""
    with pytest.raises(UserError, match=r"--compute fastest: .* Known: aot, auto, eager, graph"):
        prepared_study(tmp_path, "fastest")


def test_a_device_is_resolved_once() -> None:
    """`auto` is a device of this machine, and an executor of others is asked for a GPU's share."""
    assert "cpu" == resolve_device("cpu")
    assert resolve_device() in {"cuda", "mps", "cpu"}
    assert "cuda" == resolve_device(executor="ray", gpus_per_trial=0.5)
    with pytest.raises(UserError, match="--device tpu: this machine has no such device"):
        resolve_device("tpu")
    with pytest.raises(UserError, match="--executor slurm: unknown executor 'slurm'"):
        resolve_device(executor="slurm")


@pytest.mark.parametrize(
    ("precision", "has_instructions", "expected"),
    [("bfloat16", False, 1), ("bfloat16", True, 0), ("float32", False, 0)],
)
def test_a_precision_that_the_processor_only_emulates_is_named(
    monkeypatch: pytest.MonkeyPatch, precision: str, *, has_instructions: bool, expected: int
) -> None:
    """It then takes longer than float32, which nobody expects of it."""
    monkeypatch.setattr(
        torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_instructions, raising=False
    )
    round_ = Round((trial(training__precision=precision),), (), 1)
    notes = [*_slow_precision(round_, DEFAULT)]
    assert expected == len(notes)
    assert all("has no instructions for bfloat16" in note for note in notes)


def test_kept_settings_are_of_one_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual machines of one model name differ in it, and so do their bits and speed."""
    names = set()
    for capability in ("AVX2", "AVX512"):
        processor.cache_clear()
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda c=capability: c)
        names.add(autotune._machine("cpu"))
    processor.cache_clear()
    assert 2 == len(names)
