"""Predictions, image by image, against closed forms and brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from cnn_ablate.claims import judge_claims
from cnn_ablate.schema import Claim
from cnn_ablate.stats import (
    PredictionReader,
    estimate_effects,
    image_interval,
    pooled_mcnemar_p,
    standard_error,
    weigh_images,
    wilson,
)
from support import fake_results

BOTH = {"b": 1.0, "a": -1.0}


def test_wilson_by_hand():
    """Of 8 in 10 the interval is [0.490, 0.943]."""
    assert pytest.approx((0.4902, 0.9433), abs=1e-4) == wilson(8, 10)


def test_no_images_have_no_accuracy():
    """Without an image the interval is unknown."""
    assert np.isnan(wilson(0, 0)).all()


def exact_mcnemar(won, lost):
    """Return McNemar's exact p of statsmodels."""
    return min(1.0, mcnemar([[0, won], [lost, 0]], exact=True).pvalue)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20))
def test_pooling_one_seed_is_mcnemar(won, lost, same):
    """With one seed the pooled test is McNemar's."""
    net = np.repeat([1, -1, 0], [won, lost, same])

    assert pytest.approx(exact_mcnemar(won, lost)) == pooled_mcnemar_p(net)


@given(st.lists(st.integers(-3, 3), max_size=8))
def test_pooling_is_flipping_images(net):
    """The pooled p counts all ways to turn the net wins of images round."""
    net = np.array(net, dtype=int)
    sums = [abs(sum(flipped)) for flipped in product(*((x, -x) for x in net))]

    assert pytest.approx(np.mean(np.array(sums) >= abs(net.sum()))) == pooled_mcnemar_p(net)


def test_pooling_many_images_is_the_clustered_mcnemar():
    """For many images it is Durkalski's chi-square, corrected for continuity."""
    net = np.random.default_rng(3).choice(
        [-2, -1, 0, 1, 2, 3], p=[0.1, 0.1, 0.5, 0.15, 0.1, 0.05], size=4000
    )
    net[:600] = -np.abs(net[:600])
    # All sums are even or all are odd: half the step between them is 1.
    expected = stats.chi2.sf((abs(net.sum()) - 1) ** 2 / (net**2).sum(), 1)

    assert pytest.approx(expected, rel=0.02) == pooled_mcnemar_p(net)


def test_pooling_counts_an_image_once():
    """Three seeds that agree on every image are no surer than one of them."""
    net = np.repeat([1, -1, 0], [14, 5, 80])

    assert pytest.approx(exact_mcnemar(14, 5)) == pooled_mcnemar_p(3 * net)


def test_drawing_counts_is_drawing_images():
    """The interval is that of SciPy's bootstrap over images, to the noise of its draws."""
    rng = np.random.default_rng(1)
    scores = rng.choice([-1, 0, 0.5, 1], size=900, p=[0.07, 0.8, 0.08, 0.05])
    expected = stats.bootstrap(
        (scores,), np.mean, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval

    assert pytest.approx((expected.low, expected.high), abs=1e-3) == image_interval(scores)


def test_equal_answers_have_no_noise():
    """Where both sides are right on the same images the interval is zero; of none, unknown."""
    assert (0.0, 0.0) == image_interval(np.zeros(50))
    assert np.isnan(image_interval(np.empty(0))).all()


def test_the_noise_of_a_share():
    """The standard error of one half on 10,000 images is half a point; on none it is unknown."""
    assert 0.005 == standard_error(0.5, 10_000)
    assert np.isnan(standard_error(0.5, 0))


def test_images_are_weighed_over_common_seeds():
    """Net wins add up over the seeds that both sides have done."""
    trials = fake_results.trials({"a": [0.2, 0.3, 0.4], "b": [0.4, None, 0.5]})
    seen = {
        "a-0": fake_results.correct_on([0, 1], of=10),
        "b-0": fake_results.correct_on([0, 2, 3, 4], of=10),
        "a-2": fake_results.correct_on([0, 1, 2, 3], of=10),
        "b-2": fake_results.correct_on([1, 2, 4, 5, 6], of=10),
    }
    images = weigh_images(trials, BOTH, PredictionReader(seen.__getitem__))

    assert images is not None
    assert ([-1, -1, 1, 0, 2, 1, 1, 0, 0, 0], 2) == ([*images.net], images.seeds)
    assert pytest.approx(15) == 100 * images.scores.mean()


def test_other_images_are_not_compared():
    """Trials tested on different images, or not at all, have nothing to say image by image."""
    trials = fake_results.trials({"a": [0.5], "b": [0.5]})
    seen = {"a-0": fake_results.correct_on([0], of=4), "b-0": fake_results.correct_on([0], of=5)}
    nothing = fake_results.trials({"a": [0.5], "b": [None]})

    assert weigh_images(trials, BOTH, PredictionReader(seen.__getitem__)) is None
    assert weigh_images(nothing, BOTH, PredictionReader(seen.__getitem__)) is None


def test_predictions_are_read_once_per_trial():
    """Effects and verdicts of one analysis share a reader, which remembers what it has read."""
    values = {"a": [0.2, 0.3], "b": [0.4, 0.5], "c": [0.1, 0.2]}
    contrasts = [fake_results.contrast(name, "a", model_residual=(True, False)) for name in "bc"]
    claim = Claim(id="x", variant="b", reference="c", effect="higher")
    record = fake_results.record([fake_results.variant(name) for name in "abc"], contrasts, [claim])
    results = fake_results.FakeResults(record, fake_results.trials(values))
    reads = []

    def read(trial):
        reads.append(trial)
        return results.predictions(trial)

    reader = PredictionReader(read)
    effects = estimate_effects(results.trials, record, predictions=reader)
    judge_claims(results, effects, reader)

    assert sorted(results.trials["trial"]) == sorted(reads)
