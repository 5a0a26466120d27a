"""On a GPU: the same learning as on the CPU, the same bits each time, no wait within an epoch."""

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
from cnn_ablate.executors.worker import cache_images, run_job
from cnn_ablate.models import MODELS
from cnn_ablate.optim import OPTIMIZERS
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.store import Store
from cnn_ablate.train import Hooks, Trainer, TrialInput, train
from cnn_ablate.train.loop import configure_torch
from cnn_ablate.train.program import eager_network, empty_metrics
from cnn_ablate.train.step import step
from support import cli_study
from test_compute import REFERENCE, SMALL, assert_close, small_trial
from test_train import WRITTEN, trial, without_times

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.usefixtures("unchecked"),
    # Torch says what it cannot do deterministically, or would do faster in another precision.
    pytest.mark.filterwarnings("default"),
]

CUDA = ComputeConfig(device="cuda")


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
def test_every_family_trains_as_on_the_cpu(images: Images, family: str) -> None:
    """Order, augmentation, masks and weights are the same, up to rounding, after ten steps."""
    trial_input = TrialInput(small_trial(family), images)
    assert_close(train(trial_input, CUDA), train(trial_input, REFERENCE))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_steps_as_on_the_cpu(images: Images, name: str) -> None:
    """Fused updates on the GPU are those of the plain loops."""
    # A bias before a normalisation has no gradient but rounding errors, which Adam scales up.
    one = small_trial("lenet", optimizer__name=name, model__norm="none")
    trial_input = TrialInput(one, images)
    assert_close(train(trial_input, CUDA), train(trial_input, REFERENCE))


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
    checkpoints: list[bytes] = []
    hooks = Hooks(save_checkpoint=checkpoints.append)
    first = train(TrialInput(one, images), CUDA, hooks)
    assert without_times(first) == without_times(train(TrialInput(one, images), CUDA))
    resumed = train(TrialInput(one, images, checkpoints[0]), CUDA)
    assert without_times(first) == without_times(resumed)


@pytest.mark.parametrize("family", MODELS)
def test_no_step_waits_for_the_gpu(images: Images, family: str) -> None:
    """Gradients, updates, averages and metrics only launch kernels."""
    changes: dict[str, Any] = {**SMALL[family], "training__clip_norm": 1.0}
    changes |= {"training__average": "ema", "training__average_start": 0.0}
    changes["schedule__name"] = "one_cycle"
    one = trial(0, model__name=family, **changes)
    configure_torch(CUDA, one)
    trainer = Trainer(one, images, CUDA)
    metrics = empty_metrics(trainer)
    network = eager_network(trainer, 0)
    first, *batches = trainer.loader.epoch(0)
    # Chooses kernels, and allocates what it keeps.
    step(network, first, trainer.dropout_keys(0, first.samples))
    with no_waiting():
        for batch in batches:
            output = step(network, batch, trainer.dropout_keys(0, batch.samples))
            metrics.add(output, len(batch.samples))


@pytest.mark.parametrize("name", AUGMENTS)
def test_no_augmentation_waits_for_the_gpu(images: Images, name: str) -> None:
    """An epoch's order and its augmentation are drawn on the GPU."""
    one = trial(0, data__augment=[name])
    loader = Trainer(one, images, CUDA).loader
    list(loader.epoch(0))
    with no_waiting():
        list(loader.epoch(1))


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_precisions_have_their_rounding_errors(precision: str) -> None:
    """float32 keeps all digits in convolutions, where torch's default would round to TF32."""
    one = trial(0, training__precision=precision)
    configure_torch(CUDA, one)
    generator = torch.Generator().manual_seed(0)
    x, kernel = (torch.randn(*s, generator=generator) for s in [(8, 64, 16, 16), (64, 64, 3, 3)])
    exact = functional.conv2d(x.double(), kernel.double()).float()
    with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
        computed = functional.conv2d(x.cuda(), kernel.cuda()).float().cpu()
    error = float((computed - exact).norm() / exact.norm())
    low, high = {"float32": (0, 1e-5), "tf32": (1e-5, 1e-3), "bfloat16": (1e-3, 1e-2)}[precision]
    assert low <= error < high


def test_too_little_memory_is_reported_as_such(images: Images, tmp_path: Path) -> None:
    """The message names the batch size; the queue may retry the trial alone."""
    one = trial(0, model__name="convnet", model__widths=[512, 512], training__batch_size=80)
    cache_images(one.settings["data"], images)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-3)
    try:
        [ended] = run_job(Job(one, CUDA, tmp_path, None), lambda _: None, Store(tmp_path))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "memory" == ended.failure
    assert "a batch of 80 images does not fit on cuda" in ended.error


def test_a_study_runs_on_a_gpu(tmp_path: Path) -> None:
    """The command trains on it, two trials at a time, and the record names the GPU."""
    words = ("run", cli_study.write(tmp_path), "--device", "cuda", "--gpus-per-trial", 0.5)
    code, _, output = cli_study.program(*words, cwd=tmp_path)
    assert 0 == code, output
    folder = tmp_path / "results" / "tiny"
    table = pd.read_csv(folder / "results.csv")
    assert ["done"] * 4 == table["status"].tolist()
    assert {"cuda"} == set(table["device"])
    record = json.loads((folder / "study.json").read_text())
    assert torch.cuda.get_device_name() == record["environment"]["gpu"]
