"""Losses against their definitions, with hard, smoothed and mixed targets and weighted classes."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from cnn_ablate.data import load
from cnn_ablate.errors import UserError
from cnn_ablate.optim import LOSSES
from cnn_ablate.optim.losses import CrossEntropy, Focal, balanced_weights
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options
from cnn_ablate.train import Trainer
from test_train import trial

logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
labels = torch.tensor([0, 1, 2, 3, 4, 0])
one_hot = torch.eye(5)[labels]
counts = torch.tensor([4, 1, 2, 2, 3])
weights = torch.tensor([0.6, 2.4, 1.2, 1.2, 0.8])


def cross_entropy(share):
    """The mean cross-entropy against class probabilities, by its definition."""
    return -(share * logits.log_softmax(1)).sum(1)


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.5])
def test_smoothing_over_all_classes_gives_the_true_one_a_part_back(smoothing):
    """The true class keeps 1 - s + s/K, every other gets s/K."""
    loss = CrossEntropy(label_smoothing=smoothing).build(counts)
    share = one_hot * (1 - smoothing) + smoothing / 5

    torch.testing.assert_close(cross_entropy(share).mean(), loss(logits, labels))


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.5])
def test_smoothing_over_the_others_takes_all_from_the_true_class(smoothing):
    """The true class keeps 1 - s, every other gets s/(K - 1)."""
    loss = CrossEntropy(label_smoothing=smoothing, smooth_over="others").build(counts)
    share = one_hot * (1 - smoothing) + (1 - one_hot) * smoothing / 4

    torch.testing.assert_close(cross_entropy(share).mean(), loss(logits, labels))


@pytest.mark.parametrize("over", ["all", "others"])
def test_soft_targets_mix_the_losses_of_their_classes(over):
    """The loss of a mixed target is the same mixture of the losses of its parts."""
    loss = CrossEntropy(label_smoothing=0.1, smooth_over=over).build(counts)
    other = labels.roll(1)
    soft = 0.3 * one_hot + 0.7 * torch.eye(5)[other]

    expected = 0.3 * loss(logits, labels) + 0.7 * loss(logits, other)
    torch.testing.assert_close(expected, loss(logits, soft))


def test_balanced_weights_are_those_of_scikit_learn():
    """A class weighs the images there are, over the classes times its own images."""
    every = np.arange(5).repeat(counts)
    expected = compute_class_weight("balanced", classes=np.arange(5), y=every)

    torch.testing.assert_close(
        torch.tensor(expected, dtype=torch.float32), balanced_weights(counts)
    )
    torch.testing.assert_close(weights, balanced_weights(counts))


def test_a_class_without_images_has_no_balanced_weight():
    """It is named in a sentence; without weights it may be empty."""
    empty = torch.tensor([3, 0, 2])
    with pytest.raises(UserError, match="class number 1, counted from 0, has no training images"):
        Focal(class_weights="balanced").build(empty)
    assert Focal().build(empty).weights is None


def test_weighted_classes_are_those_of_torch():
    """The mean is weighted for classes, and plain for class probabilities."""
    loss = CrossEntropy(class_weights="balanced").build(counts)
    of_images = cross_entropy(one_hot)
    expected = (weights[labels] * of_images).sum() / weights[labels].sum()

    torch.testing.assert_close(expected, loss(logits, labels))
    torch.testing.assert_close((weights[labels] * of_images).mean(), loss(logits, one_hot))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_is_its_definition(gamma):
    """Each term of the cross-entropy is multiplied by (1 - p)^gamma, and by its weight."""
    chance = logits.softmax(1)[torch.arange(6), labels]
    of_images = -((1 - chance) ** gamma) * chance.log()
    share = weights[labels] / weights[labels].sum()
    plain, weighted = (
        Focal(gamma=gamma, class_weights=k).build(counts) for k in ("none", "balanced")
    )

    torch.testing.assert_close(of_images.mean(), plain(logits, labels))
    torch.testing.assert_close(of_images.mean(), plain(logits, one_hot))
    torch.testing.assert_close((share * of_images).sum(), weighted(logits, labels))
    torch.testing.assert_close((weights[labels] * of_images).mean(), weighted(logits, one_hot))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_a_certain_network_has_finite_gradients(gamma):
    """At a probability of 1 the focal loss and its gradient are 0."""
    certain = (one_hot * 200).requires_grad_()
    loss = Focal(gamma=gamma).build(counts)(certain, labels)
    loss.backward()

    assert 0 == loss.item() == certain.grad.abs().max()


@pytest.mark.parametrize("name", LOSSES)
def test_weights_are_of_the_images_that_a_trial_trains_on(name):
    """Images that are held out or left out do not count."""
    one = trial(
        data__subset=83,
        data__val_fraction=0.3,
        data__val_split="random",
        loss__name=name,
        loss__class_weights="balanced",
    )
    trainer = Trainer(one, load(build_options(one.settings).data), ComputeConfig())
    trained_on = torch.cat([batch.targets for batch in trainer.loader.plain_epoch(0)])

    assert 58 == len(trained_on)
    torch.testing.assert_close(balanced_weights(trained_on.bincount()), trainer.loss.weights)
