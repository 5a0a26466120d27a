"""Networks trained side by side: as each alone, whoever the neighbours are."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from cnn_ablate.data import Images, load
from cnn_ablate.models import MODELS
from cnn_ablate.optim import OPTIMIZERS
from cnn_ablate.runner import autotune
from cnn_ablate.runner.jobs import grouped
from cnn_ablate.schema import ComputeConfig, TrialResult
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import EagerProgram, Hooks, Trainer, TrialInput, train, train_together
from cnn_ablate.train.aot import DEVICES
from cnn_ablate.train.graph import GraphProgram, forget_programs, graph_program
from support import cli_study
from test_compute import SMALL
from test_tensor_step import SHORT as STEPS
from test_tensor_step import distance
from test_train import WRITTEN, trial, without_times

SHORT = {**STEPS, "data__test_subset": 40}
# On a processor the operations are called one by one; on a GPU they are captured once.
FOUR = ComputeConfig(backend="graph", width=4, layout="contiguous")


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


@pytest.fixture(autouse=True)
def no_earlier_program() -> None:
    """Forget the program of the test before."""
    forget_programs()


def trainers(images: Images, count: int, **changes: Any) -> list[Trainer]:
    """Return trainers of an epoch of four steps, one per seed, at different learning rates."""
    settings = {**SHORT, "optimizer__lr": 1e-3, **changes}
    rates = [settings["optimizer__lr"] * (1 + seed) for seed in range(count)]
    trials = [trial(s, **{**settings, "optimizer__lr": rate}) for s, rate in enumerate(rates)]
    return [Trainer(one, images, FOUR.model_copy(update={"width": count})) for one in trials]


def assert_train_as_alone(
    images: Images, count: int = 3, share: float = 1e-3, **changes: Any
) -> None:
    """Compare losses, hits and weights after an epoch with those of eager steps."""
    together, alone, start = (trainers(images, count, **changes) for _ in range(3))
    metrics = GraphProgram(together).run_epoch(on_step=lambda _: None)
    for mine, eager, first in zip(together, alone, start, strict=True):
        expected = EagerProgram(eager).run_epoch(0, on_step=lambda _: None)
        torch.testing.assert_close(metrics[mine].losses, expected.losses, rtol=1e-3, atol=1e-5)
        assert int(expected.hits) == int(metrics[mine].hits)
        assert expected.batch_sizes == metrics[mine].batch_sizes
        assert eager.history.dead_parameters == mine.history.dead_parameters
        assert distance(eager, mine) < share * distance(eager, first)


@pytest.mark.slow
@pytest.mark.parametrize("family", MODELS)
@pytest.mark.parametrize("count", [1, 3])
def test_every_family_trains_as_alone(images: Images, family: str, count: int) -> None:
    """Order, augmentation and dropout masks are the same, and the last batch is smaller."""
    augments = ["random_crop", "horizontal_flip"]
    changes = {"model__name": family, "data__augment": augments, **SMALL[family]}
    # Normalised, the third network amplifies rounding errors at its rate.
    assert_train_as_alone(images, count, share=0.01, **changes)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_updates_all_at_once(images: Images, name: str) -> None:
    """Each network at its learning rate, with weight decay on some weights only."""
    knobs: dict[str, Any] = {"optimizer__weight_decay": 0.01}
    knobs |= {"optimizer__decay_norms_and_biases": False}
    # A bias before a normalisation has no gradient but rounding errors, which Adam scales up.
    knobs |= {"optimizer__name": name, "optimizer__lr": 3e-4, "model__norm": "none"}
    assert_train_as_alone(images, **knobs)


@pytest.mark.parametrize(
    "changes",
    [
        {"training__clip_norm": 0.1},
        {"data__augment": ["cutmix", "mixup", "affine"], "loss__label_smoothing": 0.1},
        {"data__subset": 65, "loss__name": "focal", "loss__class_weights": "balanced"},
        {"training__precision": "bfloat16", "share": 0.2},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_all_of_a_step_is_of_each_network_alone(images: Images, changes: dict[str, Any]) -> None:
    """The norm of gradients, mixed images, the loss, and the precision."""
    assert_train_as_alone(images, model__norm="none", **changes)


def results(
    images: Images,
    seeds: Sequence[int],
    checkpoints: Mapping[int, bytes] | None = None,
    **changes: Any,
) -> tuple[dict[int, TrialResult | Exception], dict[int, list[bytes]]]:
    """Train a trial per seed together; return their outcomes and checkpoints by seed."""
    saved: dict[int, list[bytes]] = {seed: [] for seed in seeds}
    trials = [trial(seed, **{**SHORT, "training__epochs": 2, **changes}) for seed in seeds]
    inputs = [TrialInput(one, images, (checkpoints or {}).get(one.seed)) for one in trials]
    hooks = [Hooks(save_checkpoint=saved[seed].append) for seed in seeds]
    ended = {one.seed: outcome for one, outcome in train_together(inputs, FOUR, hooks)}
    return ended, saved


def test_slots_and_neighbours_do_not_matter(images: Images) -> None:
    """The same bytes in another place, beside others, after others, and resumed beside others."""
    first, saved = results(images, [0, 1, 2], data__augment=["random_crop"])
    again, _ = results(images, [3, 2, 1, 0], data__augment=["random_crop"])
    assert all(without_times(first[seed]) == without_times(again[seed]) for seed in (0, 1, 2))
    states = {0: saved[0][0], 2: saved[2][0]}
    resumed, _ = results(images, [0, 2], states, data__augment=["random_crop"])
    assert all(without_times(first[seed]) == without_times(resumed[seed]) for seed in (0, 2))


@pytest.mark.slow
def test_a_checkpoint_holds_one_network(images: Images) -> None:
    """Not those beside it, of whose tensors its own are parts."""
    _, saved = results(images, [0, 1])
    alone: list[bytes] = []
    one = trial(0, **SHORT, training__epochs=1)
    train(TrialInput(one, images), ComputeConfig(), Hooks(save_checkpoint=alone.append))
    assert len(saved[0][0]) < 1.2 * len(alone[0])


@pytest.mark.slow
def test_one_that_diverges_leaves_the_others_as_they_are(images: Images) -> None:
    """Infinite weights in one row reach no other, in the epoch and in those after it."""
    trials = [trial(seed, **SHORT, training__epochs=2) for seed in (0, 1)]
    wild = trial(2, **SHORT, training__epochs=2, optimizer__lr=1e30)
    alone, beside = (
        {
            one.seed: outcome
            for one, outcome in train_together(inputs, FOUR, [Hooks()] * len(inputs))
        }
        for inputs in (
            [TrialInput(one, images) for one in trials],
            [TrialInput(one, images) for one in (wild, *trials)],
        )
    )
    assert "diverged" == beside[2].status
    assert all(without_times(alone[seed]) == without_times(beside[seed]) for seed in (0, 1))


@pytest.mark.slow
def test_one_that_ends_early_leaves_the_others_as_they_are(images: Images) -> None:
    """Trials of one program may differ in their epochs; a damaged checkpoint fails alone."""
    first, _ = results(images, [0, 1])
    trials = [trial(0, **SHORT, training__epochs=2), trial(5, **SHORT, training__epochs=1)]
    inputs = [*(TrialInput(one, images) for one in trials), TrialInput(trials[0], images, b"bad")]
    (_, failed), (_, short), (_, long) = train_together(inputs, FOUR, [Hooks()] * 3)
    assert isinstance(failed, Exception)
    assert 1 == short.metrics.epochs
    assert without_times(first[0]) == without_times(long)


def test_the_next_trials_take_the_same_tensors(images: Images) -> None:
    """A captured step reads and writes its addresses, whichever trials it trains."""
    program = graph_program(trainers(images, 2))
    addresses = [tensor.data_ptr() for tensor in program.stack.written()]
    program.run_epoch(on_step=lambda _: None)
    others = trainers(images, 2, optimizer__lr=0.1)
    assert program is graph_program(others)
    program.run_epoch(on_step=lambda _: None)
    assert addresses == [tensor.data_ptr() for tensor in program.stack.written()]
    inside = range(addresses[0], addresses[0] + program.stack.weights.nbytes)
    assert all(weight.data_ptr() in inside for one in others for weight in one.parameters)


def test_trials_of_one_program_are_one_job() -> None:
    """As many as it is wide, and no more than leave each worker a share."""
    trials = [trial(seed, model__norm=norm) for norm in ("none", "batch") for seed in range(5)]
    compute = dict.fromkeys((one.id for one in trials), FOUR)
    seeds = [[one.seed for one in group] for group in grouped(trials, compute, workers=1)]
    assert [[0, 1, 2, 3], [0, 1, 2, 3], [4], [4]] == seeds
    assert [2] * 4 + [1] * 2 == [len(group) for group in grouped(trials, compute, workers=5)]
    varied = [trial(seed, data__split_seeds=True) for seed in range(2)]
    compute |= dict.fromkeys((one.id for one in varied), FOUR)
    assert [1, 1] == [len(group) for group in grouped(varied, compute, workers=1)]
    narrow = dict.fromkeys(compute, ComputeConfig())
    assert [1] * 10 == [len(group) for group in grouped(trials, narrow, workers=1)]


@pytest.mark.slow
def test_a_study_is_trained_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, checkpoints and the record are those of trials; the width is kept with the study."""
    monkeypatch.setitem(DEVICES, "graph", "cpu")
    monkeypatch.setattr(autotune, "WIDTHS", (4,))
    monkeypatch.setattr(autotune, "is_worthwhile", lambda *_, **__: True)
    monkeypatch.setattr(autotune, "process_pool", lambda _: ThreadPoolExecutor(1))
    study, tables = cli_study.write(tmp_path), []
    for workers in (1, 2):
        results_folder = tmp_path / f"results{workers}"
        options = ("--compute", "graph", "--workers", workers, "--no-audit", "--no-pictures")
        code, _, err = cli_study.call(
            "run", study, "--results", results_folder, *options, cwd=tmp_path
        )
        assert 0 == code, err
        table = pd.read_csv(results_folder / "tiny" / "results.csv")
        assert {("graph", 4)} == {*zip(table["backend"], table["width"], strict=True)}
        [kept] = json.loads((results_folder / "tiny" / "compute.json").read_text()).values()
        assert 4 == kept["width"]
        tables.append(table.drop(columns=cli_study.VOLATILE))
    pd.testing.assert_frame_equal(*tables)
