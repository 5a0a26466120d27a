"""The course of epochs, summed up: by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.stats import convergence
from cnn_ablate.stats.learning_speed import area, first_reached, instability


def course(trial, accuracy, loss, **columns):
    """Make the epochs of a trial, ten seconds each."""
    n = len(accuracy)
    rows = {"trial": trial, "epoch": range(1, n + 1), "seconds": 10.0, "train_loss": 1.0}
    trained = {"train_accuracy": [0.5 + 0.1 * epoch for epoch in range(n)]}
    return pd.DataFrame({**rows, **trained, "val_accuracy": accuracy, "val_loss": loss, **columns})


def test_courses_by_hand():
    """Best, area, instability, and epochs and seconds to an accuracy, of two trials."""
    epochs = pd.concat(
        [
            course("a", [0.2, 0.6, 0.8], [3.0, 2.0, 1.0]),
            course("b", [0.5, 0.3, 0.7], [1.0, 2.0, 1.0]),
        ]
    )
    found = convergence(epochs.sample(frac=1, random_state=1), [0.6, 0.75]).set_index("trial")

    assert [0.8, 0.7] == [*found["best_accuracy"][["a", "b"]]]
    assert pytest.approx([0.55, 0.45]) == [*found["auc_accuracy"][["a", "b"]]]
    assert [0.0, 1.0] == [*found["instability"][["a", "b"]]]
    assert [2.0, 3.0] == [*found["epochs_to_accuracy_0.6"][["a", "b"]]]
    assert pytest.approx([0.7, 0.7]) == [*found["train_accuracy"][["a", "b"]]]
    assert [30.0, math.inf] == [*found["seconds_to_accuracy_0.75"][["a", "b"]]]


def test_the_next_best_images_are_taken_without_validation():
    """Without validation images the test images of each epoch count, and else the training ones."""
    epochs = course("a", [None, None], [None, None], test_accuracy=[0.1, 0.2], test_loss=[2.0, 1.0])
    epochs["train_accuracy"] = [0.3, 0.4]

    assert 0.2 == convergence(epochs)["best_accuracy"][0]
    assert 0.4 == convergence(epochs.drop(columns="test_loss"))["best_accuracy"][0]


def test_training_accuracy_alone_leaves_the_gap_empty():
    """A gap of zero would say that the network does not overfit, which nobody measured."""
    epochs = course("a", [None, None], [None, None])

    assert math.isnan(convergence(epochs)["accuracy_gap"][0])


def test_the_epoch_of_a_divergence_is_left_out():
    """An epoch without a finite loss neither counts nor changes which images the others show."""
    epochs = course("a", [0.5, None], [1.0, None], train_loss=[1.0, math.nan], train_accuracy=0.9)

    assert 0.5 == convergence(epochs)["best_accuracy"][0]


def test_no_epochs_are_no_rows():
    """An empty table gives an empty one with its columns."""
    found = convergence(pd.DataFrame(), [0.5])

    assert (0, "seconds_to_accuracy_0.5") == (len(found), found.columns[-1])


@given(st.lists(st.floats(-3, 3), min_size=3), st.booleans())
def test_a_course_that_never_turns_is_stable(losses, rises):
    """However steep or bent, a course in one direction has no instability."""
    assert 0 == instability(np.sort(losses)[:: 1 if rises else -1])


@given(st.floats(0.01, 3), st.integers(3, 20))
def test_a_swing_is_as_unstable_as_it_is_wide(width, epochs):
    """A loss that swings by a width every epoch has that instability."""
    assert pytest.approx(width) == instability(1 + width * (np.arange(epochs) % 2))


def test_two_epochs_cannot_swing():
    """Below three epochs the instability is unknown."""
    assert math.isnan(instability(np.array([1.0, 2.0])))


def test_the_area_of_one_epoch_is_its_accuracy():
    """A single epoch has the area of its own height."""
    assert 0.4 == area(np.array([0.4]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.99))
def test_an_accuracy_is_reached_at_its_first_epoch(accuracy, threshold):
    """All epochs before it are below the threshold, and seconds add up to it."""
    reached, seconds = first_reached(np.array(accuracy), np.full(len(accuracy), 2.0), threshold)
    before = accuracy if math.isinf(reached) else accuracy[: int(reached) - 1]

    assert all(value < threshold for value in before)
    assert 2 * reached == seconds
