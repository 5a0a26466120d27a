"""Averages of weights: which epochs and steps they are of."""

import pytest
import torch

from cnn_ablate.settings import Training
from cnn_ablate.train.averaging import WeightAverage


def test_averages_begin_at_the_rounded_epoch() -> None:
    """0.7 x 90 is 63 epochs, and 0.29 x 100 is 29, though not in floating point."""
    model = torch.nn.Linear(1, 1)
    for epochs, start, first in ((90, 0.7, 63), (100, 0.29, 29), (10, 0.75, 7)):
        training = Training(epochs=epochs, average="swa", average_start=start)
        assert first == WeightAverage(model, training).first_epoch


def test_swa_is_the_mean_of_epochs() -> None:
    """Averaged over epochs, weights are their plain mean from the start epoch on."""
    model = torch.nn.Linear(1, 1, bias=False)
    average = WeightAverage(model, Training(epochs=4, average="swa", average_start=0.5))
    for epoch, value in enumerate([10.0, 20.0, 3.0, 5.0]):
        model.weight.data.fill_(value)
        average.after_epoch(model, epoch)
    average.load_into(model, [])
    assert 4.0 == model.weight.item()


def test_ema_is_a_moving_average_of_steps() -> None:
    """Averaged over steps, the first step starts the average and later ones move it."""
    model = torch.nn.Linear(1, 1, bias=False)
    training = Training(epochs=1, average="ema", average_start=0.0, ema_decay=0.9)
    average = WeightAverage(model, training)
    for value in (1.0, 2.0, 4.0):
        model.weight.data.fill_(value)
        average.after_step(model, 0)
    average.load_into(model, [])
    assert 0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 4 == pytest.approx(model.weight.item())


def test_averaged_and_best_weights_exclude_each_other() -> None:
    """Only one of them can be reported."""
    with pytest.raises(ValueError, match="cannot report both"):
        Training(average="swa", select="best_test")
