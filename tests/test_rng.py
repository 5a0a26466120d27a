"""Random numbers by name: independent of order and batch, uniform, and pinned for good."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_ablate import rng


def test_numbers_are_pinned() -> None:
    """These numbers are part of every result: a change here is a new TRAINING_VERSION."""
    draws = rng.Draws(0, 1, torch.arange(3))
    expected = [[0.8117, 0.8588], [0.7080, 0.2058], [0.6045, 0.7721]]
    assert torch.allclose(torch.tensor(expected), draws.uniform("augment/x", 2), atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(8)))
def test_a_sample_keeps_its_numbers_in_any_order(order: list[int]) -> None:
    """The numbers of a sample do not depend on the other samples."""
    straight = rng.Draws(3, 1, torch.arange(8)).uniform("x", 4)
    mixed = rng.Draws(3, 1, torch.tensor(order)).uniform("x", 4)
    assert torch.equal(straight[order], mixed)


@pytest.mark.parametrize("other", [(4, 1, "x"), (3, 2, "x"), (3, 1, "y")])
def test_every_part_of_the_name_matters(other: tuple[int, int, str]) -> None:
    """Another seed, epoch or purpose is another stream."""
    seed, epoch, purpose = other
    samples = torch.arange(1000)
    one = rng.Draws(3, 1, samples).uniform("x")
    two = rng.Draws(seed, epoch, samples).uniform(purpose)
    correlation = torch.corrcoef(torch.cat([one, two], 1).T)[0, 1]
    assert abs(correlation) < 0.1


def test_numbers_are_uniform() -> None:
    """A hundred bins are uniform, within four standard deviations."""
    numbers = rng.Draws(0, 0, torch.arange(100_000)).uniform("x")
    counts = torch.histc(numbers, 100, 0, 1)
    assert 0 <= float(numbers.min())
    assert float(numbers.max()) < 1
    assert (counts - 1000).abs().max() < 4 * 1000**0.5


def test_numbers_of_one_sample_are_independent() -> None:
    """The numbers of one sample are uncorrelated."""
    numbers = rng.Draws(0, 0, torch.arange(20_000)).uniform("x", 4)
    assert (torch.corrcoef(numbers.T) - torch.eye(4)).abs().max() < 0.03


def test_generators_start_afresh() -> None:
    """The same name gives the same generator, from its start."""
    one, two = (torch.rand(3, generator=rng.generator(1, "order", 2)) for _ in range(2))
    assert torch.equal(one, two)
