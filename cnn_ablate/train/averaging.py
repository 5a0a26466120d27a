"""Averages of weights over a training: the mean of its last epochs, or moving over its steps."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import floor

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from cnn_ablate.data import Batch
from cnn_ablate.models import set_dropout_keys
from cnn_ablate.settings import Training
from cnn_ablate.train.recalibration import recalibrate_norms


class _MovingAverage(AveragedModel):
    """An exponential moving average of parameters and buffers.

    AveragedModel's own update copies its count to the device of the weights, and so makes the
    processor wait for a GPU in every step; this one keeps the count on the processor.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__(model, use_buffers=True)
        self.decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Start from the weights as they are, or move towards them by 1 - decay."""
        pairs = list(zip(_tensors(self.module), _tensors(model), strict=True))
        if int(self.n_averaged) > 0:
            moving = [pair for pair in pairs if pair[0].is_floating_point()]
            pairs = [pair for pair in pairs if not pair[0].is_floating_point()]
            averages, new = zip(*moving, strict=True)
            # One call for all: on a GPU, one per tensor would take half of a step.
            torch._foreach_lerp_(averages, new, 1 - self.decay)
        for average, current in pairs:
            average.copy_(current)
        self.n_averaged += 1


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    return chain(model.parameters(), model.buffers())


def _none(model: nn.Module, training: Training) -> None:  # noqa: ARG001 - one signature per table
    return None


def _swa(model: nn.Module, training: Training) -> AveragedModel:  # noqa: ARG001
    return AveragedModel(model)


def _ema(model: nn.Module, training: Training) -> AveragedModel:
    return _MovingAverage(model, training.ema_decay)


AVERAGES: dict[str, Callable[[nn.Module, Training], AveragedModel | None]] = {
    "none": _none,
    "swa": _swa,
    "ema": _ema,
}


class WeightAverage:
    """The average of a network's weights that `training.average` selects, if any.

    Reference: Izmailov et al. 2018 (swa, an average of epochs); Polyak and Juditsky 1992 and, as a
    moving average of steps, Tarvainen and Valpola 2017 (ema).
    """

    def __init__(self, model: nn.Module, training: Training) -> None:
        self.kind = training.average
        # In floating point, 0.7 x 90 is slightly less than 63.
        self.first_epoch = floor(training.epochs * training.average_start + 1e-9)
        self.model = AVERAGES[self.kind](model, training)

    def after_step(self, model: nn.Module, epoch: int) -> None:
        """Add the weights after a step, if steps are averaged."""
        if self.kind == "ema" and epoch >= self.first_epoch:
            self._update(model)

    def after_epoch(self, model: nn.Module, epoch: int) -> None:
        """Add the weights after an epoch, if epochs are averaged."""
        if self.kind == "swa" and epoch >= self.first_epoch:
            self._update(model)

    def _update(self, model: nn.Module) -> None:
        assert self.model is not None
        # The dropout keys of the last batch are buffers too, but not to be averaged.
        set_dropout_keys(model, None)
        self.model.update_parameters(model)

    @property
    def has_begun(self) -> bool:
        """Whether anything was averaged: early stopping may end a training before."""
        return self.model is not None and int(self.model.n_averaged) > 0

    def load_into(self, model: nn.Module, batches: Iterable[Batch]) -> None:
        """Load the average into a network, if there is one.

        The mean of several epochs' weights has batch-norm statistics of none of them, so they are
        computed anew (Izmailov et al. 2018, section 3.2).

        Args:
            model: Receives the averaged weights.
            batches: One epoch of training images.
        """
        if self.model is None or not self.has_begun:
            return
        model.load_state_dict(self.model.module.state_dict())
        if self.kind == "swa":
            recalibrate_norms(model, batches)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the average so far."""
        return self.model.state_dict() if self.model else {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from an average that `state_dict` returned."""
        if self.model:
            self.model.load_state_dict(state)
