"""Re-estimate the running statistics of batch norms for weights that they do not belong to."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from cnn_ablate.data import Batch


@torch.no_grad()
def recalibrate_norms(model: nn.Module, batches: Iterable[Batch]) -> None:
    """Compute the running statistics of all batch norms as plain means over some batches.

    References: Izmailov et al. 2018, section 3.2, for averaged weights; Wu and Johnson 2021,
    "Rethinking 'Batch' in BatchNorm", section 3, for any network ("precise BatchNorm"). As
    torch.optim.swa_utils.update_bn, but with dropout off.

    Args:
        model: Its batch norms get new statistics; it is left in evaluation mode but for them.
        batches: Training images; none is read if there is no batch norm.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    # Only the norms train: with dropout on, the statistics would be those of other activations
    # than the network is tested with.
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative mean
        norm.train()
    for batch in batches if norms else ():
        model(batch.images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
