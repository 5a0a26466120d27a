"""Tests of adaptive seeds: what is spent, when a contrast stops, and why."""

import numpy as np
import pytest

from cnn_ablate.stats.group_sequential import follow, spent
from cnn_ablate.stats.multiple_comparisons import decide

LOOKS = (3, 5, 8, 12)


@pytest.mark.parametrize("looks", [1, 2, 4, 7])
def test_all_looks_together_spend_the_error(looks: int) -> None:
    """Later looks, which have more seeds, get more of it."""
    shares = spent(looks)
    assert sum(shares) == pytest.approx(0.05)
    assert list(shares) == sorted(shares)


def test_a_study_waits_for_its_first_look() -> None:
    """Nothing is decided on fewer seeds than planned."""
    [progress] = follow([np.array([5.0, 5.1])], [2], LOOKS)
    assert (progress.outcome, progress.look, progress.decision) == ("open", 1, None)


def test_a_clear_effect_stops_at_the_first_look_and_an_unclear_one_goes_on() -> None:
    """Only open contrasts get more seeds."""
    clear, unclear = np.array([5.0, 5.1, 5.2]), np.array([0.9, -0.2, 1.9])
    first, second = follow([clear, unclear], [3, 3], LOOKS)
    assert (first.outcome, first.look) == ("decided", 1)
    assert (second.outcome, second.look) == ("open", 2)


def test_an_effect_within_the_margin_stops_as_negligible() -> None:
    """Equivalence at the error spent there; without a margin nothing is negligible."""
    small = np.array([0.01, -0.02, 0.015, 0.0, 0.01])
    [stopped] = follow([small], [5], LOOKS, margin=1.0)
    assert (stopped.outcome, stopped.look) == ("negligible", 1)
    [unbounded] = follow([small], [5], LOOKS)
    assert unbounded.outcome != "negligible"


def test_a_hopeless_contrast_stops_as_futile_from_the_second_look_on() -> None:
    """Its chance at the last look is under 10 %."""
    noise = np.array([3.0, -2.8, 2.5, -3.1, 0.4])
    [progress] = follow([noise], [5], LOOKS, margin=1.0)
    assert (progress.outcome, progress.look) == ("futile", 2)


def test_the_last_look_ends_all() -> None:
    """What is still open there is undecided."""
    values = 0.72 + 0.96 * np.array([1.0, -1.0] * 6)
    [progress] = follow([values], [12], LOOKS, margin=1.0)
    assert (progress.outcome, progress.look) == ("undecided", 4)
    assert progress.decision
    assert progress.decision.p_adjusted > spent(4)[-1]


def test_contrasts_that_were_given_up_still_count_in_the_family() -> None:
    """The error of a look is shared by all that are not decided, whether or not they go on."""
    negligible = np.array([0.01, -0.02, 0.015] + [np.nan] * 2)
    going_on = np.array([0.9, -0.2, 1.9, 1.2, 1.0])
    both = follow([negligible, going_on], [3, 5], LOOKS, margin=1.0)
    [alone] = decide([going_on], spent(4)[1] / 2)
    assert both[0].outcome == "negligible"
    assert both[1].decision == alone


def test_a_replay_does_not_depend_on_seeds_trained_later() -> None:
    """A decision at a look rests on the seeds of that look, however many are there by now."""
    rng = np.random.default_rng(6)
    table = rng.normal([2.0, 0.0], 0.8, (12, 2))
    early = follow(list(table[:5].T), [5, 5], LOOKS, margin=1.0)
    late = follow(list(table.T), [12, 12], LOOKS, margin=1.0)
    for before, after in zip(early, late, strict=True):
        if before.outcome != "open":
            assert before == after


def test_failed_seeds_are_no_pairs_but_do_not_hold_a_look_up() -> None:
    """A contrast of which a seed diverged is looked at with the pairs that it has."""
    values = np.array([5.0, np.nan, 5.2, 5.1, 4.9])
    [progress] = follow([values], [5], LOOKS)
    assert (progress.outcome, progress.look) == ("decided", 2)
