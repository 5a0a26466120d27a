"""Schedules of the learning rate against their closed forms, and resumed."""

import io
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from cnn_ablate.errors import UserError
from cnn_ablate.optim import SCHEDULES, ScheduleOptions, Scheduler
from cnn_ablate.optim.optimizers import SGD, Adagrad, AdamW
from cnn_ablate.optim.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Multistep,
    OneCycle,
    Plateau,
    Step,
)

few = settings(max_examples=15, deadline=None, derandomize=True)
WITH_WARMUP = sorted(set(SCHEDULES) - {"one_cycle"})


def run(scheduler: Scheduler, optimizer, *, epochs, steps, losses=()):
    """Return the learning rate of each step of each epoch."""
    rates = []
    for epoch in range(epochs):
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.after_step()
        scheduler.after_epoch(losses[epoch] if losses else 1.0)
    return rates


def rates_of(options: ScheduleOptions, *, lr=1.0, epochs=6, steps=2, losses=()):
    """Return the learning rate of each step under a schedule."""
    optimizer = SGD(lr=lr).build(nn.Linear(1, 1))
    scheduler = options.build(optimizer, epochs=epochs, steps_per_epoch=steps)
    return run(scheduler, optimizer, epochs=epochs, steps=steps, losses=losses)


lrs = st.floats(1e-4, 1.0)
gammas = st.floats(0.5, 1.0)
lengths = st.integers(1, 12)


@few
@given(lrs, gammas, lengths, st.integers(1, 5))
def test_step_and_exponential_follow_their_closed_forms(lr, gamma, epochs, size):
    """Epoch e is trained with lr gamma^e, or with lr gamma^floor(e / size)."""
    exponential = rates_of(Exponential(gamma=gamma), lr=lr, epochs=epochs, steps=1)
    step = rates_of(Step(gamma=gamma, step_size=size), lr=lr, epochs=epochs, steps=1)

    assert pytest.approx([lr * gamma**e for e in range(epochs)]) == exponential
    assert pytest.approx([lr * gamma ** (e // size) for e in range(epochs)]) == step


@few
@given(lrs, st.floats(0, 1e-4), st.floats(0, 1), lengths)
def test_cosine_and_linear_follow_their_closed_forms(lr, low, end, epochs):
    """Both fall from lr at epoch 0 to their lowest rate at the epoch after the last."""
    wave = [(1 + math.cos(math.pi * e / epochs)) / 2 for e in range(epochs)]
    line = [1 + (end - 1) * e / epochs for e in range(epochs)]

    cosine = rates_of(Cosine(min_lr=low), lr=lr, epochs=epochs)[::2]
    assert pytest.approx([low + (lr - low) * w for w in wave]) == cosine
    assert pytest.approx([lr * part for part in line]) == rates_of(
        Linear(end_factor=end), lr=lr, epochs=epochs, steps=1
    )


def test_multistep_counts_epochs_from_the_start():
    """Milestones are epochs of the training, whether it warms up or not."""
    plain = rates_of(Multistep(milestones=[3, 4], gamma=0.5), steps=1)
    warmed = rates_of(Multistep(milestones=[3, 4], gamma=0.5, warmup_epochs=2), steps=1)

    assert [1, 1, 1, 0.5, 0.25, 0.25] == plain
    assert [0.5, 1, 1, 0.5, 0.25, 0.25] == warmed


def test_a_milestone_within_the_warm_up_is_refused():
    """A step that the warm-up would swallow is an error, for given and for default milestones."""
    for knobs in ({"milestones": [2, 30]}, {}):
        with pytest.raises(ValidationError, match="within the warm-up"):
            Multistep(warmup_epochs=30, **knobs)


def test_plateau_steps_when_the_loss_stands_still():
    """After more than `patience` epochs without a fall the rate is multiplied by the factor."""
    losses = [3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    rates = rates_of(Plateau(factor=0.5, patience=1), epochs=8, steps=1, losses=losses)

    assert [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25] == rates


@few
@given(st.integers(1, 4), st.integers(1, 5), st.sampled_from(WITH_WARMUP))
def test_warm_up_rises_in_a_line_and_then_starts_the_schedule(warmup, steps, name):
    """Step k of the warm-up has rate lr (k + 1) / n; then the schedule runs as without it."""
    options = SCHEDULES[name]
    losses = [1.0] * 9
    warmed = rates_of(options(warmup_epochs=warmup), epochs=9, steps=steps, losses=losses)
    plain = rates_of(options(), epochs=9 - warmup, steps=steps, losses=losses)

    rise = warmup * steps
    assert pytest.approx([(k + 1) / rise for k in range(rise)]) == warmed[:rise]
    assert pytest.approx(plain) == warmed[rise:]


def test_a_warm_up_longer_than_the_training_only_rises():
    """A training that ends within the warm-up never reaches the schedule."""
    assert pytest.approx([0.2, 0.4]) == rates_of(Cosine(warmup_epochs=5), epochs=2, steps=1)


@few
@given(st.integers(3, 10), st.integers(2, 6), st.sampled_from(["cos", "linear"]))
def test_one_cycle_rises_to_its_maximum_and_falls_to_almost_nothing(epochs, steps, anneal):
    """It starts at max/div, peaks at max where it should, and ends at max/div/final."""
    knobs = {"div_factor": 10.0, "final_div_factor": 100.0, "anneal": anneal}
    options = OneCycle(max_lr=0.5, pct_start=0.5, cycle_momentum=False, **knobs)
    rates = rates_of(options, lr=0.3, epochs=epochs, steps=steps)
    peak = rates.index(max(rates))

    assert pytest.approx([0.05, 0.0005]) == [rates[0], rates[-1]]
    assert abs(peak - (epochs * steps * 0.5 - 1)) <= 1
    assert sorted(rates[: peak + 1]) == rates[: peak + 1]
    assert sorted(rates[peak:], reverse=True) == rates[peak:]


@pytest.mark.parametrize(("steps", "share"), [(10, 0.1), (4, 0.25), (20, 0.05)])
def test_one_cycle_may_rise_in_one_step(steps, share):
    """With a single rising step, it starts at the lowest rate."""
    options = OneCycle(max_lr=0.5, pct_start=share, div_factor=10.0, cycle_momentum=False)
    rates = rates_of(options, epochs=1, steps=steps)

    assert pytest.approx(0.05) == rates[0]
    assert sorted(rates[1:], reverse=True) == rates[1:]


def test_one_cycle_moves_momentum_the_other_way():
    """Momentum, or Adam's first beta, is highest where the rate is lowest."""
    for options, read in (
        (SGD(momentum=0.9), lambda group: group["momentum"]),
        (AdamW(), lambda group: group["betas"][0]),
    ):
        optimizer = options.build(nn.Linear(1, 1))
        scheduler = OneCycle(pct_start=0.5).build(optimizer, epochs=2, steps_per_epoch=5)
        momenta = []
        for _ in range(10):
            momenta.append(read(optimizer.param_groups[0]))
            optimizer.step()
            scheduler.after_step()

        assert pytest.approx([0.95, 0.85, 0.95]) == [momenta[0], min(momenta), momenta[-1]]


def test_one_cycle_refuses_an_optimizer_without_momentum():
    """Momentum that does not exist cannot be cycled, and the message says which key to change."""
    with pytest.raises(UserError, match=r"schedule\.cycle_momentum: adagrad has no momentum"):
        OneCycle().build(Adagrad().build(nn.Linear(1, 1)), epochs=1, steps_per_epoch=1)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("cut", [1, 3])
def test_schedules_resume_where_they_stopped(name, cut):
    """A scheduler saved, loaded and continued gives the rates of an uninterrupted one."""
    knobs = {} if name == "one_cycle" else {"warmup_epochs": 2}
    losses = [1.0] * 14
    whole = rates_of(SCHEDULES[name](**knobs), epochs=14, losses=losses)

    def start():
        optimizer = SGD(lr=1.0).build(nn.Linear(1, 1))
        scheduler = SCHEDULES[name](**knobs).build(optimizer, epochs=14, steps_per_epoch=2)
        return scheduler, optimizer

    first, second = start(), start()
    rates = run(*first, epochs=cut, steps=2)
    file = io.BytesIO()
    torch.save([part.state_dict() for part in first], file)
    file.seek(0)
    for part, state in zip(second, torch.load(file, weights_only=True), strict=True):
        part.load_state_dict(state)
    rates += run(*second, epochs=14 - cut, steps=2)

    assert whole == rates


def test_constant_stays():
    """The constant schedule leaves the optimizer's rate as it is, to the bit."""
    assert [0.1] * 8 == rates_of(Constant(), lr=0.1, epochs=4)
