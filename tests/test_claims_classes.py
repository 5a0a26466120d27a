"""What papers say of single classes."""

import pytest

from support.class_claims import CLEAR, TAKEN, judge, of

CLOSE = [(0.76, 0.80, 0.77, 0.95), (0.78, 0.81, 0.77, 0.96), (0.76, 0.80, 0.78, 0.95)]


@pytest.mark.parametrize(
    ("name", "rank", "accuracies", "expected"),
    [
        ("Shirt", "weakest", CLEAR, "reproduced"),
        ("Bag", "best", CLEAR, "reproduced"),
        ("Coat", "weakest", CLEAR, "not reproduced"),
        ("Shirt", "best", CLEAR, "not reproduced"),
        ("Shirt", "weakest", CLOSE, "inconclusive"),
        ("Shirt", "weakest", CLEAR[:1], "inconclusive"),
        ("Sandal", "weakest", CLEAR, "inconclusive"),
    ],
)
def test_ranks(name, rank, accuracies, expected):
    """A class is best or weakest if it is ahead of every other, beyond seeds and images."""
    assert expected == judge(of(name, rank=rank), accuracies).verdict


def test_ranks_have_reasons():
    """The reason compares with the nearest rival."""
    found = judge(of("Shirt", rank="weakest"), CLEAR)

    assert ("Shirt is the weakest class", "Shirt 61.00 %, Coat 77.67 %") == (
        found.published,
        found.measured,
    )
    assert (
        "It is 16.7 points [12.9, 20.5] below Coat, its nearest rival, over 3 seeds."
    ) == found.reason


def test_a_rival_that_is_ahead_is_so_among_all_rivals():
    """Where the claim fails, the interval is that which failed it: after Bonferroni."""
    found = judge(of("Coat", rank="weakest"), CLEAR)
    rivals = len(CLEAR[0]) - 1

    assert "not reproduced" == found.verdict
    assert f" at {100 - 5 / rivals:.4g} %, for {rivals} rivals, above Shirt," in found.reason


def test_few_images_leave_a_rank_open():
    """Ten images of a class cannot show it to be the weakest, however many seeds agree."""
    found = judge(of("Shirt", rank="weakest"), CLEAR, n=10)

    assert "inconclusive" == found.verdict
    # 1.96 x 100 x sqrt((0.61 x 0.39 + 0.777 x 0.223) / 10)
    assert found.reason.endswith("over 3 seeds; 39.8 points can be the noise of 10 test images.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("T-shirt", "reproduced"), ("Coat", "not reproduced"), ("Sandal", "inconclusive")],
)
def test_confusions(name, expected):
    """A class is taken for another if no other wrong answer is as frequent."""
    assert expected == judge(of("Shirt", taken_for=name), CLEAR, TAKEN).verdict


def test_confusions_have_reasons():
    """Shares of the class's images are compared with those of the next wrong answer."""
    found = judge(of("Shirt", taken_for="T-shirt"), CLEAR, TAKEN)

    assert ("Shirt is taken for T-shirt", "T-shirt 25.00 %, Coat 11.83 %") == (
        found.published,
        found.measured,
    )
    assert "above Coat, its nearest rival" in found.reason


def test_no_confusions_yet():
    """Before trials are done there is nothing to compare."""
    assert "inconclusive" == judge(of("Shirt", taken_for="T-shirt"), [], []).verdict


def test_classes_that_tie_leave_a_rank_open():
    """Of two classes that are equally weak neither is the weakest."""
    tied = [(0.61, 0.61, 0.78, 0.95), (0.62, 0.62, 0.77, 0.96), (0.60, 0.60, 0.78, 0.95)]

    for name in ("Shirt", "T-shirt"):
        assert "inconclusive" == judge(of(name, rank="weakest"), tied).verdict
