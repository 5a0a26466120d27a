"""CutMix and MixUp: mixed images, mixed targets, and the distribution of their weights."""

import pytest
import torch
from scipy import stats
from torchvision.transforms import v2

from cnn_ablate.data.augment import augment
from cnn_ablate.data.augment.mixing import CutMix, MixUp, beta_sample
from support.image_batches import context, draws

IMAGES = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1).repeat(1, 3, 20, 32)
LABELS = torch.arange(10)


def mixed(option, epoch=0):
    """Mix ten flat images whose level is their class."""
    return augment([option], IMAGES, LABELS, draws(10, epoch=epoch), context())


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(alpha):
    """The polar method gives Beta(alpha, alpha), as SciPy has it."""
    numbers = torch.rand(2000, 2, generator=torch.Generator().manual_seed(1))
    shares = [float(beta_sample(pair, alpha)) for pair in numbers]

    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01
    assert 0 <= min(shares) <= max(shares) <= 1


@pytest.mark.parametrize("epoch", range(5))
def test_cutmix_targets_are_the_shares_of_the_pixels(epoch):
    """Every image is mixed with one other, and its target has the weight of each."""
    images, targets = mixed(CutMix(), epoch)

    assert (torch.uint8, torch.float32) == (images.dtype, targets.dtype)
    for image, target in zip(images, targets, strict=True):
        shown = torch.bincount(image[0].flatten().int(), minlength=10) / (20 * 32)
        torch.testing.assert_close(shown, target)
        assert torch.equal(image[0], image[2])


def test_cutmix_pastes_one_box_into_the_whole_batch():
    """The pixels that change are the same rectangle in every image that changes."""
    images, _ = mixed(CutMix(), epoch=3)
    changed = (images != IMAGES)[:, 0]
    mask = changed.any(0)
    rows, columns = mask.any(1).sum(), mask.any(0).sum()

    assert 0 < mask.sum() == rows * columns
    assert all(torch.equal(mask, one) or not one.any() for one in changed)


@pytest.mark.slow
def test_cutmix_shares_are_distributed_as_torchvisions():
    """The fraction of pixels kept, after cutting the box off at the border, agrees."""
    transform = v2.CutMix(num_classes=10)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = [transform.make_params([IMAGES[:2]])["lam_adjusted"] for _ in range(800)]
    ours = []
    for epoch in range(800):
        _, targets = augment(
            [CutMix()], IMAGES[:2, :1], LABELS[:2], draws(2, epoch=epoch), context(1)
        )
        # With two images, half of the orders pair each with itself.
        ours += [float(targets[0, 0])] if targets[0, 1] > 0 else []

    assert stats.ks_2samp(ours, [share for share in theirs if share < 1]).pvalue > 0.01


@pytest.mark.parametrize("epoch", range(5))
def test_mixup_averages_images_and_targets_in_the_same_share(epoch):
    """The level of a mixed image is the mean class of its target."""
    images, targets = mixed(MixUp(alpha=0.4), epoch)

    assert torch.float32 == images.dtype
    torch.testing.assert_close(targets.sum(1), torch.ones(10))
    torch.testing.assert_close(targets @ LABELS.float(), images[:, 0, 0, 0])
    assert (targets.count_nonzero(1) <= 2).all()


@pytest.mark.parametrize("entry", [CutMix, MixUp])
def test_batches_are_mixed_with_their_probability(entry):
    """A fraction p of the batches is mixed; the others keep their pixels and one-hot targets."""
    n = 400
    untouched = 0
    for epoch in range(n):
        images, targets = mixed(entry(p=0.25), epoch)
        if torch.equal(IMAGES.float(), images.float()):
            untouched += 1
            assert torch.equal(torch.eye(10), targets)

    assert stats.binomtest(untouched, n, 0.75).pvalue > 0.01


def test_mixed_targets_can_be_mixed_again():
    """MixUp after CutMix mixes up to four classes, whose probabilities still sum to one."""
    images, targets = augment([CutMix(), MixUp()], IMAGES, LABELS, draws(10, epoch=3), context())

    torch.testing.assert_close(torch.ones(10), targets.sum(1))
    torch.testing.assert_close(targets @ LABELS.float(), images.mean((1, 2, 3)))
    assert targets.count_nonzero(1).max() > 2


def test_partners_are_a_random_order():
    """Over many batches every image is paired with every other, and itself, equally often."""
    pairs = torch.zeros(10, 10)
    for epoch in range(300):
        _, targets = mixed(MixUp(), epoch)
        partners = (targets - torch.eye(10) * 2).argmax(1)
        pairs[torch.arange(10), partners] += 1
    pairs.fill_diagonal_(0)
    found = pairs[~torch.eye(10, dtype=torch.bool)]

    assert found.min() > 0
    assert found.max() < 80


def test_a_batch_and_its_share_belong_together():
    """The weight depends on the samples of the batch and the epoch, not on their order."""
    first = draws(8).shared("augment/mixup/0", 4)
    backwards = draws(8)
    backwards.samples = backwards.samples.flip(0)

    assert torch.equal(first, backwards.shared("augment/mixup/0", 4))
    assert not torch.equal(first, draws(8, epoch=1).shared("augment/mixup/0", 4))
    assert not torch.equal(first, draws(9).shared("augment/mixup/0", 4))
