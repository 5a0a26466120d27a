"""Cross-entropy against its definition, with hard, smoothed and mixed targets."""

import pytest
import torch

from cnn_ablate.optim.losses import CrossEntropy

logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
labels = torch.tensor([0, 1, 2, 3, 4, 0])
one_hot = torch.eye(5)[labels]


def cross_entropy(share):
    """The mean cross-entropy against class probabilities, by its definition."""
    return -(share * logits.log_softmax(1)).sum(1)


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.5])
def test_smoothing_over_all_classes_gives_the_true_one_a_part_back(smoothing):
    """The true class keeps 1 - s + s/K, every other gets s/K."""
    loss = CrossEntropy(label_smoothing=smoothing).build()
    share = one_hot * (1 - smoothing) + smoothing / 5

    torch.testing.assert_close(cross_entropy(share).mean(), loss(logits, labels))


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.5])
def test_smoothing_over_the_others_takes_all_from_the_true_class(smoothing):
    """The true class keeps 1 - s, every other gets s/(K - 1)."""
    loss = CrossEntropy(label_smoothing=smoothing, smooth_over="others").build()
    share = one_hot * (1 - smoothing) + (1 - one_hot) * smoothing / 4

    torch.testing.assert_close(cross_entropy(share).mean(), loss(logits, labels))


@pytest.mark.parametrize("over", ["all", "others"])
def test_soft_targets_mix_the_losses_of_their_classes(over):
    """The loss of a mixed target is the same mixture of the losses of its parts."""
    loss = CrossEntropy(label_smoothing=0.1, smooth_over=over).build()
    other = labels.roll(1)
    soft = 0.3 * one_hot + 0.7 * torch.eye(5)[other]

    expected = 0.3 * loss(logits, labels) + 0.7 * loss(logits, other)
    torch.testing.assert_close(expected, loss(logits, soft))
