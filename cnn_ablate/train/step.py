"""One training step, in full: all that a batch does to a network and its optimizer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from cnn_ablate.data import Batch


class StepOutput(NamedTuple):
    """The mean loss over a batch, and how many of its images were classified correctly.

    Both are of the weights before the update, and tensors on the device: reading their values
    would make the processor wait for a GPU in every step. Of several networks, each has its own.
    """

    loss: Float[Tensor, "*networks"]
    hits: Int64[Tensor, "*networks"]


@dataclass(frozen=True)
class Network:
    """A network as a step trains it: functions, and the tensors that receive gradients.

    It may be several networks of one shape: all tensors then have one dimension more, in front.

    Attributes:
        logits: Computes float32 logits (n, classes) of images, given the keys of their dropout
            masks, if there is dropout.
        loss: Computes the mean loss from logits and targets.
        parameters: Leaves of the autograd graph.
        update: Changes the parameters by their gradients.
        clip_norm: The largest norm of all gradients together; 0: no limit.
    """

    logits: Callable[[Tensor, Tensor | None], Tensor]
    loss: Callable[[Tensor, Tensor], Tensor]
    parameters: Sequence[Tensor]
    update: Callable[[], None]
    clip_norm: float = 0.0


def step(network: Network, batch: Batch, keys: Tensor | None) -> StepOutput:
    """Train a network on one batch, already augmented and normalised.

    Args:
        network: In training mode.
        batch: Images (n, channels, height, width) and targets on the device of the network.
        keys: Those of its samples for dropout masks, if there is dropout.
    """
    # None instead of zeros: an optimizer skips a parameter that no gradient reaches, where a
    # gradient of zero would still decay its weight.
    for parameter in network.parameters:
        parameter.grad = None
    logits = network.logits(batch.images, keys)
    loss = network.loss(logits, batch.targets)
    # The losses of several networks add up: each gets the gradients of its own.
    torch.autograd.backward(loss, torch.ones_like(loss))
    if network.clip_norm:
        torch.nn.utils.clip_grad_norm_(network.parameters, network.clip_norm)
    network.update()
    # Detached: the autograd graph of a step, and with it all its activations, ends here.
    return StepOutput(loss.detach(), _hits(logits.detach(), batch.targets))


def _hits(
    logits: Float[Tensor, "*networks n classes"], targets: Tensor
) -> Int64[Tensor, "*networks"]:
    # Where images are mixed, the class with the largest share counts.
    classes = targets.argmax(-1) if targets.is_floating_point() else targets
    return (logits.argmax(-1) == classes).sum(-1)
