"""On a GPU: what the processor learns, the same bits each time, and never a wait in an epoch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch.nn import functional

from cnn_ablate.data import Images, load
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.executors import Job
from cnn_ablate.executors.worker import attempts, hold
from cnn_ablate.models import MODELS
from cnn_ablate.optim import OPTIMIZERS
from cnn_ablate.runner import autotune
from cnn_ablate.runner.autotune import Candidate
from cnn_ablate.runner.way import RECIPES
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.store import Store
from cnn_ablate.train import Hooks, Stack, StepInput, Trainer, train
from cnn_ablate.train.epoch import EpochMetrics
from cnn_ablate.train.loop import set_up
from cnn_ablate.train.step import alone
from support import cli_study
from test_stacked import SMALL, STEPS, assert_close, together
from test_train import WRITTEN, trial, without_times

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.usefixtures("unchecked"),
    # Torch says what it cannot do deterministically, or would do faster in another precision.
    pytest.mark.filterwarnings("default"),
]

HERE = RECIPES["reference"]
THERE = ComputeConfig(device="cuda")
GRAPH = THERE.model_copy(update={"compiled": True})
BATCHES = {"training__batch_size": 8, "data__subset": 80}


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


@contextmanager
def no_waiting() -> Iterator[None]:
    """Make every wait for the GPU an error."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("family", MODELS)
def test_every_family_learns_what_it_learns_on_the_processor(images: Images, family: str) -> None:
    """Order, augmentation, masks and weights are the same, up to rounding, after ten steps."""
    one = trial(0, **{**STEPS, "model__name": family, **SMALL[family], **BATCHES})
    assert_close(train(one, images, HERE), train(one, images, THERE))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_steps_as_on_the_processor(images: Images, name: str) -> None:
    """Fused updates on the GPU are those of the plain loops."""
    one = trial(0, **{**STEPS, "optimizer__name": name, "model__norm": "none"})
    assert_close(train(one, images, HERE), train(one, images, THERE))


@pytest.mark.parametrize(
    "changes",
    [
        {"model__name": family, **SMALL[family], "training__precision": precision}
        for family, precision in zip(MODELS, ["float32", "bfloat16", "tf32"] * 2, strict=True)
    ],
    ids=list(MODELS),
)
def test_the_same_bits_each_time_and_resumed(images: Images, changes: dict[str, Any]) -> None:
    """Training again, in one go or from a checkpoint, gives the same bytes."""
    one = trial(0, data__augment=["random_crop", "horizontal_flip"], **changes)
    states: list[bytes] = []
    first = train(one, images, THERE, Hooks(save=states.append))
    assert without_times(first) == without_times(train(one, images, THERE))
    assert without_times(first) == without_times(train(one, images, THERE, resume=states[0]))


@pytest.mark.parametrize("family", ["lenet", "convnet"])
def test_a_graph_learns_what_the_processor_does(images: Images, family: str) -> None:
    """Captured as a whole, with its statistics and masks, a step is the same step."""
    one = trial(0, **{**STEPS, "model__name": family, **SMALL[family], **BATCHES})
    found = train(one, images, GRAPH)
    assert_close(train(one, images, HERE), found)
    assert without_times(found) == without_times(train(one, images, GRAPH))


@pytest.mark.parametrize("compute", [THERE, GRAPH], ids=["eager", "compiled"])
def test_stacks_learn_what_each_learns_alone(images: Images, compute: ComputeConfig) -> None:
    """Side by side on a GPU, in any slot, each comes to its own weights."""
    trials = [trial(seed, **{**STEPS, **BATCHES, "optimizer__lr": 1e-4}) for seed in range(3)]
    stacked = together(trials, images, compute.model_copy(update={"stack": 4}))
    for one, result in zip(trials, stacked, strict=True):
        assert_close(train(one, images, HERE), result)
    turned = together(trials[::-1], images, compute.model_copy(update={"stack": 4}))
    assert [r.weights for r in stacked] == [r.weights for r in turned[::-1]]


@pytest.mark.parametrize("family", MODELS)
def test_no_step_waits_for_the_gpu(images: Images, family: str) -> None:
    """Batches, gradients, updates, averages and counts only give orders."""
    changes: dict[str, Any] = {**SMALL[family], "training__clip_norm": 1.0}
    changes |= {"training__average": "ema", "training__average_start": 0.0}
    changes["schedule__name"] = "one_cycle"
    one = trial(0, model__name=family, **changes)
    set_up(THERE, one)
    bench = Trainer(one, images, THERE)
    tally = EpochMetrics(bench, Hooks(), 0.0)
    batches = [StepInput(bench, 0, batch) for batch in bench.loader.epoch(0)]
    alone(batches[:1])  # measures the network, once a process
    with no_waiting():
        for lesson in batches[1:]:
            [told] = alone([lesson])
            bench.update(0)
            tally.add(told, lesson)


@pytest.mark.parametrize("width", [1, 4])
def test_a_graph_is_recorded_and_never_waited_for(images: Images, width: int) -> None:
    """Networks with statistics and masks are captured, alone and in stacks, and leave no wait."""
    skipped = torch._dynamo.utils.counters["inductor"]
    before = skipped["cudagraph_skips"]
    compute = GRAPH.model_copy(update={"stack": width})
    trials = [trial(seed, model__name="convnet", **SMALL["convnet"]) for seed in range(width)]
    set_up(compute, trials[0])
    benches = [Trainer(one, images, compute) for one in trials]
    stack = Stack(benches, compute)
    steps = zip(*(list(bench.loader.epoch(0)) for bench in benches), strict=True)
    lessons = [
        [StepInput(*pair) for pair in zip(benches, [0] * width, s, strict=True)] for s in steps
    ]
    for few in lessons[:3]:  # compiles, warms and records
        stack(few)
    with no_waiting():
        for few in lessons[3:]:
            stack(few)
            for lesson in few:
                lesson.bench.update(0)
    assert before == skipped["cudagraph_skips"]


@pytest.mark.parametrize("name", AUGMENTS)
def test_no_augmentation_waits_for_the_gpu(images: Images, name: str) -> None:
    """An epoch's order and its images are drawn where they are used."""
    one = trial(0, data__augment=[name])
    loader = Trainer(one, images, THERE).loader
    list(loader.epoch(0))
    with no_waiting():
        list(loader.epoch(1))


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_a_precision_is_what_it_says(precision: str) -> None:
    """float32 keeps its digits in convolutions and products, where torch would give some up."""
    one = trial(0, training__precision=precision)
    set_up(THERE, one)
    generator = torch.Generator().manual_seed(0)
    x, kernel = (torch.randn(*s, generator=generator) for s in [(8, 64, 16, 16), (64, 64, 3, 3)])
    exact = functional.conv2d(x.double(), kernel.double()).float()
    with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
        found = functional.conv2d(x.cuda(), kernel.cuda()).float().cpu()
    error = float((found - exact).norm() / exact.norm())
    low, high = {"float32": (0, 1e-5), "tf32": (1e-5, 1e-3), "bfloat16": (1e-3, 1e-2)}[precision]
    assert low <= error < high


def test_too_little_memory_is_told_as_such(images: Images, tmp_path: Path) -> None:
    """A batch that does not fit is no error of the trial: it may fit in parts."""
    one = trial(0, model__name="convnet", model__widths=[512, 512], training__batch_size=80)
    job = Job((one,), THERE, tmp_path, None)
    hold(one.settings["data"], images)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-3)
    try:
        [ended] = attempts(job, lambda _: None, Store(tmp_path))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "memory" == ended.fault
    assert "out of memory" in ended.error


def test_long_work_is_raced_there_too(images: Images) -> None:
    """Each way to compute can be timed."""
    entry = Candidate(trial(0), images.facts, THERE, steps=1e6, mates=4)
    for compute in (THERE, GRAPH, GRAPH.model_copy(update={"stack": 4})):
        assert 0 < autotune._seconds(entry, compute) < 10


def test_a_study_runs_on_a_gpu(tmp_path: Path) -> None:
    """The command trains there, two trials at a time, and the record names the GPU."""
    words = ("run", cli_study.write(tmp_path), "--device", "cuda", "--gpus-per-trial", 0.5)
    code, _, said = cli_study.program(*words, cwd=tmp_path)
    assert 0 == code, said
    folder = tmp_path / "results" / "tiny"
    table = pd.read_csv(folder / "results.csv")
    assert ["done"] * 4 == table["status"].tolist()
    assert {"cuda"} == set(table["device"])
    record = json.loads((folder / "study.json").read_text())
    assert torch.cuda.get_device_name() == record["environment"]["gpu"]
