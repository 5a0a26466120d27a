"""Weights averaged over a training: the mean of its last epochs, or a moving average of steps."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import floor

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel

from cnn_ablate.data import Batch
from cnn_ablate.models import set_dropout_keys
from cnn_ablate.training import Training


class _Moving(AveragedModel):
    """A moving average of weights and statistics; its update, unlike torch's, waits for no GPU."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__(model, use_buffers=True)
        self.decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take in the weights as they are: as a start, or with a weight of 1 - decay."""
        begun = int(self.n_averaged) > 0
        for own, new in zip(_tensors(self.module), _tensors(model), strict=True):
            if begun and own.is_floating_point():
                own.lerp_(new, 1 - self.decay)
            else:
                own.copy_(new)
        self.n_averaged += 1


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    return chain(model.parameters(), model.buffers())


def _none(model: nn.Module, training: Training) -> None:  # noqa: ARG001 - one of a table
    return None


def _swa(model: nn.Module, training: Training) -> AveragedModel:  # noqa: ARG001 - one of a table
    return AveragedModel(model)


def _ema(model: nn.Module, training: Training) -> AveragedModel:
    return _Moving(model, training.ema_decay)


KINDS: dict[str, Callable[[nn.Module, Training], AveragedModel | None]] = {
    "none": _none,
    "swa": _swa,
    "ema": _ema,
}


class Average:
    """An average of a network's weights, as far as the training asks for one.

    Reference: Izmailov et al. 2018 (swa, an average of epochs); Polyak and Juditsky 1992 and, as a
    moving average of steps, Tarvainen and Valpola 2017 (ema).
    """

    def __init__(self, model: nn.Module, training: Training) -> None:
        self.kind = training.average
        # 0.7 x 90 is a little less than 63 to a computer.
        self.first = floor(training.epochs * training.average_start + 1e-9)
        self.model = KINDS[self.kind](model, training)

    def after_step(self, model: nn.Module, epoch: int) -> None:
        """Take in the weights after a step, if steps are averaged."""
        if self.kind == "ema" and epoch >= self.first:
            self._take_in(model)

    def after_epoch(self, model: nn.Module, epoch: int) -> None:
        """Take in the weights after an epoch, if epochs are averaged."""
        if self.kind == "swa" and epoch >= self.first:
            self._take_in(model)

    def _take_in(self, model: nn.Module) -> None:
        assert self.model is not None
        # The keys of the last batch are buffers too, and no part of an average.
        set_dropout_keys(model, None)
        self.model.update_parameters(model)

    @property
    def has_begun(self) -> bool:
        """Whether anything was averaged: early stopping may come first."""
        return self.model is not None and int(self.model.n_averaged) > 0

    def take(self, model: nn.Module, batches: Iterable[Batch]) -> None:
        """Put the average into the network, if there is one.

        Batch-norm statistics of averaged epochs belong to no epoch, so they are taken anew.

        Args:
            model: Gets the averaged weights.
            batches: One epoch of training images.
        """
        if self.model is None or not self.has_begun:
            return
        model.load_state_dict(self.model.module.state_dict())
        if self.kind == "swa":
            _refresh_norms(model, batches)

    def state_dict(self) -> dict[str, Tensor]:
        """Give what is needed to go on."""
        return self.model.state_dict() if self.model else {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from a state."""
        if self.model:
            self.model.load_state_dict(state)


@torch.no_grad()
def _refresh_norms(model: nn.Module, batches: Iterable[Batch]) -> None:
    norms = [part for part in model.modules() if isinstance(part, _BatchNorm)]
    usual = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
        norm.train()
    for batch in batches if norms else ():
        model(batch.images)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
