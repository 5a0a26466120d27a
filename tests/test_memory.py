"""The memory of a training: its own, not that of those before it."""

import sys

import pytest
import torch

from cnn_ablate.train.memory import forget_peak, peak_memory_mb


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process cannot forget its peak")
def test_the_peak_of_one_training_is_not_that_of_the_one_before():
    """A training that follows a larger one in its process has the peak of a smaller one."""
    forget_peak("cpu")
    before = peak_memory_mb("cpu")
    torch.ones(100 << 18)
    assert peak_memory_mb("cpu") > before + 90
    forget_peak("cpu")
    assert peak_memory_mb("cpu") < before + 50
