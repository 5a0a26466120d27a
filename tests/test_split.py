"""Splits: in balance, the same for every trial, and nothing is lost or used twice."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.data import DATASETS
from cnn_ablate.data.dataset_options import DataSpec, FoundData
from cnn_ablate.data.image_tensors import describe, from_arrays
from cnn_ablate.data.split import balanced_subset, split
from cnn_ablate.errors import UserError

SPEC = DataSpec((1, 1, 1), tuple("abcdefghij"))


def made(labels, test=(0,)):
    """Images of one pixel with these labels."""
    arrays = {
        "train_images": np.zeros((len(labels), 1, 1, 1), np.uint8),
        "train_labels": np.asarray(labels, np.int64),
        "test_images": np.zeros((len(test), 1, 1, 1), np.uint8),
        "test_labels": np.asarray(test, np.int64),
    }
    return from_arrays(arrays, describe(FoundData("made", SPEC, (), read=lambda: ()), arrays))


def options(**knobs):
    """Data options with these knobs."""
    return DATASETS["mnist"](**knobs)


EVEN = made(np.arange(200) % 10, np.arange(50) % 10)


def test_all_images_train_by_default():
    """Without knobs nothing is left out, and file order stays."""
    chosen = split(EVEN, options())

    assert list(range(200)) == chosen.train.tolist()
    assert [] == chosen.val.tolist()
    assert list(range(50)) == chosen.test.tolist()


def test_a_subset_is_balanced_and_random():
    """As many of each class, in file order, and not simply the first."""
    chosen = split(EVEN, options(subset=40)).train

    assert [4] * 10 == EVEN.train_labels[chosen].bincount().tolist()
    assert chosen.sort().values.tolist() == chosen.tolist()
    assert list(range(40)) != chosen.tolist()


def test_a_subset_that_does_not_divide_differs_by_one():
    """The rest goes to some classes, one image each."""
    counts = EVEN.train_labels[split(EVEN, options(subset=43)).train].bincount(minlength=10)

    assert {4, 5} == set(counts.tolist())
    assert 43 == counts.sum()


def test_a_smaller_subset_is_part_of_a_larger():
    """So a study of data size adds images, and never exchanges them."""
    small, large = (set(split(EVEN, options(subset=n)).train.tolist()) for n in (30, 77))

    assert small < large


def test_a_subset_of_more_images_than_there_are_is_all_of_them():
    """A profile may ask for at most so many of any data set."""
    assert 200 == len(split(EVEN, options(subset=1000)).train)


def test_small_classes_give_all_they_have():
    """A class that runs out leaves its share to the others."""
    labels = torch.tensor([0] * 50 + [1] * 3 + [2] * 50)

    assert [9, 3, 8] == sorted_counts(labels, 20)


def sorted_counts(labels, count):
    """Images of each class, classes 0 and 2 in falling order."""
    chosen = labels[balanced_subset(labels, count, purpose="subset")]
    first, second, third = chosen.bincount().tolist()
    return [max(first, third), second, min(first, third)]


def test_test_images_have_their_own_subset():
    """Training on fewer images does not change those that are tested on."""
    fewer = split(EVEN, options(subset=10))
    both = split(EVEN, options(subset=10, test_subset=20))

    assert list(range(50)) == fewer.test.tolist()
    assert [2] * 10 == EVEN.test_labels[both.test].bincount().tolist()


def test_the_tail_is_the_last_part_in_file_order():
    """Of 60,000 images the first 48,000 train and the last 12,000 validate."""
    chosen = split(made(np.arange(60_000) % 10), options(val_fraction=0.2, val_split="tail"))

    assert list(range(48_000)) == chosen.train.tolist()
    assert list(range(48_000, 60_000)) == chosen.val.tolist()


def test_stratified_takes_alike_from_every_class():
    """Each class gives its share, whatever its size."""
    uneven = made([0] * 100 + [1] * 40 + [2] * 20)
    chosen = split(uneven, options(val_fraction=0.25, val_split="stratified"))

    assert [25, 10, 5] == uneven.train_labels[chosen.val].bincount().tolist()
    assert list(range(40)) != chosen.val.tolist()


def test_random_takes_any():
    """The number is right, the order that of the file, and the choice not the tail."""
    chosen = split(EVEN, options(val_fraction=0.25, val_split="random"))

    assert 50 == len(chosen.val)
    assert list(range(150, 200)) != chosen.val.tolist()
    assert chosen.val.sort().values.tolist() == chosen.val.tolist()


@given(
    labels=st.lists(st.integers(0, 9), min_size=4, max_size=60),
    subset=st.none() | st.integers(4, 70),
    fraction=st.floats(0.2, 0.8),
    how=st.sampled_from(["stratified", "random", "tail"]),
)
def test_no_image_is_used_twice(labels, subset, fraction, how):
    """Training and validation share no image, and together are the subset."""
    knobs = options(subset=subset, val_fraction=fraction, val_split=how)
    chosen = split(made(labels), knobs)
    used = chosen.train.tolist() + chosen.val.tolist()
    n = min(subset or 99, len(labels))

    assert n == len(used) == len(set(used))
    assert round(n * fraction) == len(chosen.val)
    assert split(made(labels), options(subset=subset)).train.tolist() == sorted(used)


@pytest.mark.parametrize(
    ("how", "validate"), [("stratified", [38, 61, 110]), ("random", [38, 61, 126])]
)
def test_a_split_is_the_same_every_time(how, validate):
    """These choices are part of what a trial's result means: they must never change."""
    chosen = split(EVEN, options(subset=12, val_fraction=0.25, val_split=how))

    assert validate == chosen.val.tolist()
    assert {20, 38, 42, 54, 59, 61, 67, 110, 126, 138, 165, 183} == {
        *chosen.train.tolist(),
        *validate,
    }


@pytest.mark.parametrize(("fraction", "left"), [(0.001, "validate"), (0.999, "train")])
def test_a_split_that_leaves_nothing_is_refused(fraction, left):
    """One sentence says what is left without images."""
    with pytest.raises(UserError) as caught:
        split(EVEN, options(val_fraction=fraction))

    message = f"data.val_fraction: {fraction} of 200 images leaves none to {left} on."
    assert message == str(caught.value)


@pytest.mark.parametrize("knobs", [{"val_fraction": 0.25}, {"subset": 40}])
def test_a_split_varies_with_the_seed_where_that_is_asked_for(knobs):
    """Equal for equal seeds, whatever the variant; the test images stay."""
    fixed, varied = options(test_subset=20, **knobs), options(split_seeds=True, **knobs)
    per_seed = [split(EVEN, varied, seed=seed).train.tolist() for seed in (0, 1, 2, 1)]

    assert per_seed[1] == per_seed[3]
    assert 3 == len({*map(tuple, per_seed)})
    assert {len(per_seed[0])} == {*map(len, per_seed)}
    assert split(EVEN, fixed, seed=1).train.tolist() == per_seed[0]
    assert split(EVEN, varied, seed=1).test.tolist() == list(range(50))


FOLDS = {"val_fraction": 0.2, "val_split": "folds"}


def test_seeds_validate_on_folds_in_turn():
    """Each image validates once in five seeds, classes alike; later ones repeat or divide anew."""
    once, again = (
        [split(EVEN, one, seed=seed).val for seed in range(10)]
        for one in (options(**FOLDS), options(split_seeds=True, **FOLDS))
    )

    for five in (once[:5], again[5:]):
        assert list(range(200)) == torch.cat(five).sort().values.tolist()
    assert {4} == {n for val in once for n in EVEN.train_labels[val].bincount().tolist()}
    for first, second, repeated in zip(once[:5], once[5:], again[:5], strict=True):
        assert first.tolist() == second.tolist() == repeated.tolist()
    assert all(first.tolist() != second.tolist() for first in again[:5] for second in again[5:])


@pytest.mark.parametrize(
    ("knobs", "matters"),
    [
        ({"val_fraction": 0.25}, True),
        ({"val_fraction": 0.25, "val_split": "tail"}, False),
        ({"val_fraction": 0.25, "val_split": "folds"}, True),
        ({"subset": 40}, True),
        ({}, False),
    ],
)
def test_split_seeds_is_left_out_where_nothing_is_drawn(knobs, matters):
    """A knob that cannot matter is no part of a trial's id."""
    assert matters == ("split_seeds" in options(split_seeds=True, **knobs).settings())
