"""Compute settings: they change the last bits of a training, and nothing else."""

import io
from typing import Any

import pytest
import torch
from torch import Tensor

from cnn_ablate.data import Images, load
from cnn_ablate.models import MODELS
from cnn_ablate.runner.config import COMPUTE
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Hooks, TrialInput, train
from test_train import WRITTEN, trial, without_times

# One epoch of ten steps, at a rate at which rounding errors do not grow. In batches of fewer than
# eight images, normalisation would amplify them.
STEPS = {
    "training__epochs": 1,
    "training__batch_size": 8,
    "data__subset": 80,
    "optimizer__lr": 1e-4,
}
SMALL: dict[str, dict[str, Any]] = {
    "cnnnet": {"data__subset": 24},
    "convnet": {"model__widths": [4, 8, 8], "model__batch_norm": True, "model__dropout": 0.5},
    "fashion_cnn": {"model__convs": 2},
    "lenet": {"model__norm": "batch"},
    "preact_resnet": {"model__blocks": [1, 1], "model__width": 8, "model__attention": "cbam"},
    # Narrower, oneDNN (torch 2.14) crashes on some processors: 1 x 1 convolutions of stride 2.
    "resnet": {"model__blocks": [1, 1], "model__width": 8, "model__dropout": 0.2},
}
REFERENCE = COMPUTE["reference"]


@pytest.fixture(scope="module")
def images() -> Images:
    """The embedded images."""
    return load(build_options(resolve(WRITTEN)).data)


def small_trial(family: str, seed: int = 0, **changes: Any) -> Trial:
    """Make a trial of a few steps of a small network of a family."""
    return trial(seed, **{"model__name": family, **STEPS, **SMALL[family], **changes})


def weights(result: TrialResult) -> dict[str, Tensor]:
    """Read the weights of a result."""
    state: dict[str, Tensor] = torch.load(io.BytesIO(result.weights), weights_only=True)
    return state


def assert_close(result: TrialResult, expected: TrialResult) -> None:
    """Compare the weights of two results up to rounding errors."""
    actual = weights(result)
    for name, tensor in weights(expected).items():
        torch.testing.assert_close(actual[name], tensor, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize(
    "compute", [ComputeConfig(), ComputeConfig(layout="contiguous", onednn=False)]
)
@pytest.mark.parametrize("family", MODELS)
def test_all_compute_settings_train_alike(
    images: Images, family: str, compute: ComputeConfig
) -> None:
    """Layout, library and fused updates change no more than the last bits of a few steps."""
    trial_input = TrialInput(small_trial(family), images)
    assert_close(train(trial_input, compute), train(trial_input, REFERENCE))


def test_a_checkpoint_of_other_compute_settings_is_ignored(images: Images) -> None:
    """To resume from it would give bits that neither of the two settings gives."""
    checkpoints: list[bytes] = []
    hooks = Hooks(save_checkpoint=checkpoints.append)
    train(TrialInput(trial(), images), ComputeConfig(), hooks)
    afresh = train(TrialInput(trial(), images), REFERENCE)
    resumed = train(TrialInput(trial(), images, checkpoints[0]), REFERENCE)
    assert without_times(afresh) == without_times(resumed)
