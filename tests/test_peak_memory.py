"""The peak memory of a training: its own, not that of earlier ones."""

import sys

import pytest
import torch

from cnn_ablate.train.peak_memory import peak_memory_mb, reset_peak_memory


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can reset the peak")
def test_the_peak_of_a_training_is_not_that_of_an_earlier_one():
    """After a larger training in the same process, a smaller one has the smaller peak."""
    reset_peak_memory("cpu")
    before = peak_memory_mb("cpu")
    torch.ones(100 << 18)
    assert peak_memory_mb("cpu") > before + 90
    reset_peak_memory("cpu")
    assert peak_memory_mb("cpu") < before + 50
