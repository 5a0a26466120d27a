"""Compiled training steps: when a study has them, their keys, their cache, and what they give."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cnn_ablate.data import Images, load
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Hooks, Trainer, TrialInput, aot, train
from cnn_ablate.train.aot import reason_for_eager, trace
from cnn_ablate.train.compiler import program_key
from cnn_ablate.train.loop import configure_torch
from cnn_ablate.train.program_cache import ProgramCache
from cnn_ablate.train.program_settings import program_text
from cnn_ablate.train.tensor_step import step_tensors
from support import cli_study
from test_train import WRITTEN, trial, without_times

AOT = ComputeConfig(backend="aot")
EAGER = ComputeConfig()


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep programs in a folder of the test, and forget those that this process knows."""
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(aot, "_steps", {})


def key_of(images: Images, seed: int = 0, **changes: Any) -> str:
    """Return the key of the program of a trial."""
    trainer = Trainer(trial(seed, **changes), images, AOT)
    graph, _ = trace(trainer)
    return program_key(graph, step_tensors(trainer).flat())


def test_cycled_momentum_is_another_program() -> None:
    """A program holds the momentum fixed, so that a variant which cycles it has none."""
    cycled, constant = trial(0, schedule__name="one_cycle"), trial(0)
    assert program_text(cycled) != program_text(constant)
    assert reason_for_eager(cycled, AOT)
    assert not reason_for_eager(constant, AOT)
    assert program_text(constant) == program_text(trial(0, schedule__name="cosine"))


@pytest.mark.slow
def test_one_program_serves_seeds_and_learning_rates(images: Images) -> None:
    """What is a tensor is not part of the key, what is fixed in the program is."""
    key = key_of(images)
    assert key == key_of(images, seed=1)
    assert key == key_of(images, optimizer__lr=0.3, schedule__name="cosine", training__epochs=2)
    changes: list[dict[str, Any]] = [
        {"model__norm": "none"},
        {"optimizer__momentum": 0.5},
        {"training__batch_size": 8},
        {"data__normalize": "half"},
        {"loss__label_smoothing": 0.1},
        {"loss__name": "focal"},
        {"training__clip_norm": 1.0},
    ]
    keys = {key, *(key_of(images, **change) for change in changes)}
    configure_torch(AOT.model_copy(update={"onednn": False}), trial())
    keys.add(key_of(images))
    configure_torch(AOT, trial())
    assert len(keys) == 2 + len(changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"training__average": "swa"}, ""),
        ({"training__average": "ema"}, "training.average: ema changes the average in every step."),
        (
            {"schedule__name": "one_cycle"},
            "schedule.cycle_momentum changes the momentum in every step.",
        ),
    ],
)
def test_some_settings_stay_eager(changes: dict[str, Any], reason: str) -> None:
    """The reason is a sentence."""
    assert reason == reason_for_eager(trial(0, **changes), AOT)


@pytest.mark.parametrize("name", ["nets:Mine", "timm:resnet18.a1_in1k"])
def test_foreign_networks_stay_eager(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Their layers may be frozen, or do anything else."""
    settings = {"model": {"name": name}}
    one = trial().model_copy(update={"settings": trial().settings | settings})
    monkeypatch.setattr(aot, "build_options", lambda _: build_options(trial().settings))
    assert f"{name} is code of the user or of a library." == reason_for_eager(one, AOT)


def test_a_program_is_built_once(tmp_path: Path) -> None:
    """The second time its folder is found."""
    built: list[Path] = []
    cache = ProgramCache()

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "step.so").write_text("program", "utf-8")

    first = cache.find_or_build("key", build)
    assert first == cache.find_or_build("key", build)
    assert "program" == (first.folder / "step.so").read_text("utf-8")
    assert 1 == len(built)
    assert ["key"] == [path.name for path in cache.folder.iterdir()]


def test_a_failure_to_compile_is_kept() -> None:
    """It is not tried again, and leaves no program."""
    cache = ProgramCache()

    def build(folder: Path) -> None:
        raise ValueError("no such operation\nand a long traceback")

    assert "no such operation" == cache.find_or_build("key", build).error
    again = cache.find_or_build("key", lambda _: pytest.fail("built again"))
    assert "no such operation" == again.error
    assert not cache.has("key")


def test_a_full_disk_is_no_failure_of_the_program() -> None:
    """The message names the folder and a way out, and the next run tries again."""

    def build(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match=r"No space left on device\. Set CNN_ABLATE_CACHE"):
        ProgramCache().find_or_build("key", build)
    assert not (ProgramCache().folder / "key").exists()


def test_clean_lists_and_removes_programs(tmp_path: Path) -> None:
    """Nothing else in the folder is touched."""
    cache, key = ProgramCache(), "0" * 64

    def write(folder: Path) -> None:
        (folder / "step.so").write_bytes(b"x" * 50)

    cache.find_or_build(key, write)
    (cache.folder / "mine").mkdir()
    code, listed, _ = cli_study.call("clean", "--cache", cwd=tmp_path)
    assert 0 == code
    assert "50 B  compiled program" in listed
    assert cache.has(key)
    cli_study.call("clean", "--cache", "--delete", cwd=tmp_path)
    assert ["mine"] == [path.name for path in cache.folder.iterdir()]


def test_programs_of_variants_are_told_apart() -> None:
    """Those that differ in rates, epochs or seed share one."""
    same = [trial(1), trial(0, optimizer__lr=0.3), trial(0, training__epochs=1)]
    texts = {program_text(one) for one in (trial(), *same)}
    assert 1 == len(texts)
    assert program_text(trial(0, model__norm="none")) not in texts


@pytest.mark.slow
def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`aot` is refused in one sentence, and `auto` says in one why it is eager."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    study = cli_study.write(tmp_path)
    refused = cli_study.call("run", study, "--compute", "aot", "--no-audit", cwd=tmp_path)
    assert 1 == refused[0]
    expected = "there is no C++ compiler no-such-compiler on this machine"
    assert expected in refused[2]
    assert "Use --compute eager" in refused[2]
    eager = cli_study.call("run", study, "--no-audit", "--no-pictures", cwd=tmp_path)
    assert 0 == eager[0]
    assert "There is no C++ compiler no-such-compiler on this machine" in eager[2]


@pytest.mark.slow
def test_compiled_training(images: Images, tmp_path: Path) -> None:
    """A program trains as eager steps do, with equal bits each time, and resumed."""
    one = trial(0, data__augment=["random_crop"], data__subset=90, optimizer__lr=0.01)
    checkpoints: list[bytes] = []
    hooks = Hooks(save_checkpoint=checkpoints.append)
    compiled = train(TrialInput(one, images), AOT, hooks)
    for again in (None, checkpoints[0]):
        assert without_times(compiled) == without_times(train(TrialInput(one, images, again), AOT))
    eager = train(TrialInput(one, images), EAGER)
    for mine, theirs in zip(compiled.epochs, eager.epochs, strict=True):
        assert theirs.train_loss == pytest.approx(mine.train_loss, rel=1e-3)


@pytest.mark.slow
def test_group_norm_is_compiled_in_channels_last(images: Images) -> None:
    """Torch's stand-in for its kernel has other strides while a step is traced."""
    one = trial(0, model__norm="group", data__subset=90)
    compiled, eager = (train(TrialInput(one, images), compute) for compute in (AOT, EAGER))
    for mine, theirs in zip(compiled.epochs, eager.epochs, strict=True):
        assert theirs.train_loss == pytest.approx(mine.train_loss, rel=1e-3)


@pytest.mark.slow
def test_a_machine_without_openssl_compiles(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inductor uses that command where it precompiles headers."""
    for command in ("g++", "as", "ld"):
        (tmp_path / command).symlink_to(shutil.which(command) or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert aot.compiled_step(Trainer(trial(0), images, AOT)).library.exists()


@pytest.mark.slow
def test_ctrl_c_waits_for_no_compilation(tmp_path: Path) -> None:
    """Neither for those that run nor for those that wait for a worker."""
    factors = "model.norm: [batch, none, group]\n  model.activation: [relu, gelu, tanh]"
    text = cli_study.STUDY.replace("model.norm: [batch, none]", factors)
    options = ("--compute", "aot", "--workers", 1, "--no-audit")
    process = cli_study.start("run", cli_study.write(tmp_path, text), *options, cwd=tmp_path)
    programs = tmp_path / "cache" / "programs"
    while not any(programs.rglob("*.wrapper.cpp")):
        assert process.poll() is None
        time.sleep(0.05)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert 130 == process.returncode
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_compiled_study_has_the_same_bytes(tmp_path: Path) -> None:
    """With one worker and with two; the second run loads the program of the first."""
    study = cli_study.write(tmp_path)
    tables, weights = [], []
    for workers in (2, 1):
        results = tmp_path / f"results{workers}"
        options = ("--compute", "aot", "--workers", workers, "--no-audit", "--no-pictures")
        code, _, err = cli_study.program("run", study, "--results", results, *options, cwd=tmp_path)
        assert 0 == code, err
        table = pd.read_csv(results / "tiny" / "results.csv")
        assert {"aot"} == {*table["backend"]}
        tables.append(table.drop(columns=cli_study.VOLATILE))
        weights.append([p.read_bytes() for p in sorted(results.glob("trials/*/model.pt"))])
    pd.testing.assert_frame_equal(*tables)
    assert weights[0] == weights[1]
    assert 2 == len([*(tmp_path / "cache" / "programs").iterdir()])


LOADS = """
import sys
from cnn_ablate.data import load
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import TrialInput, train
from test_aot import AOT
from test_train import WRITTEN, trial
train(TrialInput(trial(), load(build_options(resolve(WRITTEN)).data)), AOT)
print("torch._inductor.compile_fx" in sys.modules)
"""


@pytest.mark.slow
def test_loading_a_program_imports_no_inductor(images: Images) -> None:
    """Only the process that compiles takes the seconds of that import."""
    command = [sys.executable, "-c", LOADS]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    printed = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        for _ in range(2)
    ]
    assert ["True", "False"] == [text.split()[-1] for text in printed]
