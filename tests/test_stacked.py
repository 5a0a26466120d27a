"""Stacks: each network learns in company what it learns alone, whoever the others are."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from cnn_ablate.data import Images, load
from cnn_ablate.models import MODELS
from cnn_ablate.optim import OPTIMIZERS
from cnn_ablate.runner.way import RECIPES
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Hooks, Stack, TrialInput, train, train_together
from cnn_ablate.train.trainer import Trainer
from test_train import WRITTEN, trial, without_times

# One epoch of 20 steps, at a rate at which rounding errors do not grow.
STEPS = {"training__epochs": 1, "training__batch_size": 4, "optimizer__lr": 1e-4}
SMALL: dict[str, dict[str, Any]] = {
    "cnnnet": {"training__batch_size": 2, "data__subset": 40},
    "convnet": {"model__widths": [4, 8, 8], "model__batch_norm": True, "model__dropout": 0.5},
    "fashion_cnn": {"model__convs": 2},
    "lenet": {"model__norm": "batch"},
    "preact_resnet": {"model__blocks": [1, 1], "model__width": 8, "model__attention": "cbam"},
    "resnet": {"model__blocks": [1, 1], "model__width": 4, "model__dropout": 0.2},
}
ALONE = RECIPES["reference"]
FOUR = ALONE.model_copy(update={"stack": 4})


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


def together(
    trials: Sequence[Trial], images: Images, compute: ComputeConfig = FOUR
) -> list[TrialResult]:
    """Train a stack, and give its results in the order of its trials."""
    results = {
        r.trial.id: r for r in train_together([TrialInput(t, images) for t in trials], compute)
    }
    return [results[one.id] for one in trials]


def weights(result: TrialResult) -> dict[str, Tensor]:
    """Read the weights of a result."""
    state: dict[str, Tensor] = torch.load(io.BytesIO(result.weights), weights_only=True)
    return state


def assert_close(one: TrialResult, other: TrialResult) -> None:
    """Compare two results up to rounding errors."""
    for name, tensor in weights(one).items():
        torch.testing.assert_close(tensor, weights(other)[name], rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize(
    "compute", [ComputeConfig(), ComputeConfig(layout="contiguous", onednn=False)]
)
@pytest.mark.parametrize("family", MODELS)
def test_every_recipe_learns_what_the_reference_does(
    images: Images, family: str, compute: ComputeConfig
) -> None:
    """Layout, library and fused updates change no more than the last bits of ten steps."""
    # In batches of two, normalisation makes much of a last bit.
    batches = {"training__batch_size": 8, "data__subset": 80}
    one = trial(0, **{**STEPS, "model__name": family, **SMALL[family], **batches})
    assert_close(train(one, images, ALONE), train(one, images, compute))


@pytest.mark.parametrize("family", MODELS)
def test_every_family_learns_in_a_stack_what_it_learns_alone(images: Images, family: str) -> None:
    """After 20 steps the weights agree with those of the network alone."""
    changes = {**STEPS, "model__name": family, **SMALL[family]}
    trials = [trial(seed, **changes) for seed in (0, 1)]
    pair = together(trials, images, ALONE.model_copy(update={"stack": 2}))
    for one, result in zip(trials, pair, strict=True):
        assert_close(train(one, images, ALONE), result)


def test_what_no_gradient_reaches_stays_as_it_is(images: Images) -> None:
    """A weight decay moves weights of gradient zero, but not those without a gradient."""
    changes = {**STEPS, "model__name": "preact_resnet", **SMALL["preact_resnet"]}
    changes |= {"model__transformer": "built", "optimizer__name": "adamw"}
    one = trial(0, **changes, optimizer__weight_decay=0.1)
    alone, stacked = weights(train(one, images, ALONE)), weights(together([one], images)[0])
    dead = [name for name in alone if name.startswith("transformer")]

    assert dead
    assert all(torch.equal(alone[name], stacked[name]) for name in dead)


@pytest.mark.parametrize("family", ["convnet", "lenet"])
def test_layouts_stack_too(images: Images, family: str) -> None:
    """Networks whose maps lie channels last learn in a stack as they do alone."""
    one = trial(0, **{**STEPS, "model__name": family, **SMALL[family]})
    assert_close(
        train(one, images, ComputeConfig()), together([one], images, ComputeConfig(stack=2))[0]
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_steps_in_a_stack_as_alone(images: Images, name: str) -> None:
    """Optimizers, rates, decay, smoothing and clipping are each network's own."""
    # A bias before a normalisation has no gradient but rounding errors, which Adam makes steps of.
    changes = {**STEPS, "optimizer__name": name, "model__norm": "none"}
    own = [
        {},
        {"optimizer__lr": 2e-4, "optimizer__weight_decay": 0.01},
        {"loss__label_smoothing": 0.1},
        {"training__clip_norm": 0.01},
    ]
    trials = [trial(seed, **changes | one) for seed, one in enumerate(own)]
    for one, result in zip(trials, together(trials, images), strict=True):
        assert_close(train(one, images, ALONE), result)


def test_slots_and_neighbours_change_no_bit(images: Images) -> None:
    """A network comes to the same bytes in another slot, beside others, and beside none."""
    full = together([trial(seed) for seed in range(4)], images)
    turned = together([trial(seed) for seed in (7, 2, 1)], images)
    [single] = together([trial(2)], images)
    assert without_times(full[2]) == without_times(turned[1]) == without_times(single)
    assert full[1].weights == turned[2].weights


def test_drop_rates_may_differ(images: Images) -> None:
    """Networks that drop different shares have the masks that they have alone."""
    changes = {**STEPS, "model__name": "convnet", **SMALL["convnet"]}
    trials = [trial(0, **changes | {"model__dropout": rate}) for rate in (0.2, 0.5)]
    first, second = together(trials, images)
    assert_close(train(trials[0], images, ALONE), first)
    assert_close(train(trials[1], images, ALONE), second)


def test_one_that_diverges_does_not_disturb_the_others(images: Images) -> None:
    """A network whose loss becomes infinite ends, and its neighbour comes to the same bytes."""
    wild = trial(1, optimizer__lr=1e30)
    calm, lost = together([trial(0), wild], images)
    [single] = together([trial(0)], images)
    assert "diverged" == lost.status
    assert without_times(single) == without_times(calm)


def test_a_stack_goes_on_from_different_epochs(images: Images) -> None:
    """Members that were interrupted in different epochs end as if they never were."""
    trials = [trial(seed) for seed in (0, 1)]
    states: dict[str, list[bytes]] = {one.id: [] for one in trials}
    members = [TrialInput(t, images, Hooks(save=states[t.id].append)) for t in trials]
    unbroken = {r.trial.id: r for r in train_together(members, FOUR)}
    resumed = [
        TrialInput(one, images, resume=states[one.id][epoch])
        for one, epoch in zip(trials, (0, 1), strict=True)
    ]
    for result in train_together(resumed, FOUR):
        assert without_times(unbroken[result.trial.id]) == without_times(result)


def test_a_state_of_another_recipe_is_not_gone_on_from(images: Images) -> None:
    """Bits of one recipe mean nothing to another: the training starts afresh."""
    states: list[bytes] = []
    train(trial(), images, ComputeConfig(), Hooks(save=states.append))
    resumed = train(trial(), images, ALONE, resume=states[0])
    assert without_times(train(trial(), images, ALONE)) == without_times(resumed)


def test_members_may_end_early(images: Images) -> None:
    """A member with fewer epochs leaves; the other trains on to the same bytes."""
    short, long = together([trial(0, training__epochs=1), trial(1)], images)
    assert (1, 3) == (len(short.epochs), len(long.epochs))
    [single] = together([trial(1)], images)
    assert without_times(single) == without_times(long)


def test_weights_are_views_of_the_stack(images: Images) -> None:
    """The stack has the weights once, and the networks look at them."""
    benches = [Trainer(trial(seed), images, FOUR) for seed in (0, 1)]
    stack = Stack(benches, FOUR)
    for slot, bench in enumerate(benches):
        for name, weight in bench.model.named_parameters():
            assert stack.weights[name][slot].data_ptr() == weight.data_ptr()


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("width", [1, 4])
def test_compiled_networks_learn_the_same(images: Images, width: int) -> None:
    """What torch.compile makes of forward and backward pass comes to the same weights."""
    trials = [trial(seed, **STEPS, data__subset=82) for seed in range(min(2, width))]
    compute = ComputeConfig(compiled=True, stack=width)
    for one, result in zip(trials, together(trials, images, compute), strict=True):
        assert_close(train(one, images, ALONE), result)
