"""Average pooling: the same bits as torch's, in any shape and memory format."""

from functools import partial

import pytest
import torch
from torch.nn.functional import avg_pool2d

from cnn_ablate.models.fast_cpu_ops import avg_pool

TORCHS = partial(avg_pool2d, kernel_size=2)
TURNED = torch.rand(2, 8, 6, 3).transpose(1, 3) - 0.5


def both(pool, maps, growth):
    """Return the output of a pool, and the gradient of its input."""
    leaf = maps.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    pooled = pool(leaf)
    pooled.backward(growth)
    return pooled.detach(), leaf.grad


@pytest.mark.parametrize(
    "maps",
    [
        torch.rand(3, 5, 8, 12) - 0.5,
        torch.rand(1, 1, 2, 2),
        (torch.rand(3, 5, 8, 12) - 0.5).to(memory_format=torch.channels_last),
        TURNED,
        torch.rand(2, 4, 7, 8),
        torch.rand(2, 4, 8, 7),
        torch.rand(2, 4, 8, 8).bfloat16(),
        torch.rand(2, 4, 8, 8).double(),
    ],
    ids=["usual", "smallest", "channels_last", "turned", "rows", "columns", "bfloat16", "double"],
)
def test_averages_and_gradients_are_torchs(maps):
    """Every memory format, size and dtype gives the bits of torch."""
    growth = torch.rand_like(TORCHS(maps)) - 0.5
    found, expected = (both(pool, maps, growth) for pool in (avg_pool, TORCHS))

    assert torch.equal(expected[0], found[0])
    assert torch.equal(expected[1], found[1])
