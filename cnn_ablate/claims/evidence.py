"""The measurements that answer a claim: one number per seed, and one per test image."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot, inf, nan, sqrt

import numpy as np
import pandas as pd

from cnn_ablate.claims.draft_verdict import NoAnswerError
from cnn_ablate.claims.metrics import EXACT, Results, image_count, with_metric
from cnn_ablate.plan import Weights
from cnn_ablate.schema import Claim
from cnn_ablate.stats import (
    FloatArray,
    Interval,
    PredictionReader,
    differences,
    image_interval,
    sample_sd,
    standard_error,
    t_interval,
    t_quantile,
    values_by_seed,
    weigh_images,
)
from cnn_ablate.text import count


@dataclass(frozen=True)
class Evidence:
    """The numbers that answer a claim, in points if the metric is a fraction.

    `values` (seeds,) has one number per seed; a count that training cannot change is there twice,
    as two seeds without any noise. `images` (images,) has one number per test image, if variants
    were compared in test accuracy on the same images. `image_count` is the number of images that an
    accuracy is measured on, `image_error` the standard error that they leave in the mean; both are
    0 if unknown.
    """

    metric: str
    values: FloatArray
    images: FloatArray | None = None
    image_count: int = 0
    image_error: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether training cannot change it."""
        return self.metric in EXACT

    @property
    def is_zero(self) -> bool:
        """Whether nothing differs: in no seed, and on no test image if those are known."""
        return not np.any(self.values) and (self.images is None or not np.any(self.images))

    @property
    def seeds(self) -> str:
        """The number of seeds, in words."""
        return count(len(self.values), "seed")

    @property
    def mean(self) -> float:
        """The mean over seeds; NaN without any."""
        return float(self.values.mean()) if len(self.values) else nan

    def interval(self, confidence: float = 0.95) -> Interval:
        """Return Student's interval of the mean: the noise of the seeds."""
        return t_interval(self.values, confidence)

    def image_interval(self, confidence: float = 0.95) -> Interval | None:
        """Return the bootstrap interval over test images; None if they are unknown."""
        return None if self.images is None else image_interval(self.images, confidence)

    def tolerance(self, rounding: float, *, known_spread: bool = False) -> float:
        """Return how far from the mean one further run, elsewhere and rounded, may be (95 %).

        With `known_spread` as if the standard deviation over seeds were known exactly: the limit
        for more and more seeds of the same spread.
        """
        # Seeds and test images are independent sources of noise; rounding is a bound, no noise.
        return hypot(self.seed_noise(known_spread=known_spread), self.test_noise()) + rounding

    def seed_noise(self, *, known_spread: bool = False) -> float:
        """Return half the width of the prediction interval of one further seed.

        Reference: Hahn and Meeker, Statistical Intervals, 1991, chapter 4.
        """
        n = len(self.values)
        t = t_quantile(inf if known_spread else n - 1)
        return t * sample_sd(self.values) * sqrt(1 + 1 / n)

    def test_noise(self) -> float:
        """Return how far other test images, as many, may move the mean (95 %); 0 if unknown."""
        interval = self.image_interval()
        if interval:
            return (interval[1] - interval[0]) / 2
        return t_quantile(inf) * self.image_error

    def negated(self) -> "Evidence":
        """Return the same evidence with the opposite sign."""
        images = None if self.images is None else -self.images
        return replace(self, values=-self.values, images=images)


def gather(
    results: Results, claim: Claim, weights: Weights, predictions: PredictionReader
) -> Evidence:
    """Collect the measurements of a claim's metric, combined over variants by their weights.

    Raises:
        NoAnswerError: nothing was measured of that metric.
    """
    if claim.metric in EXACT:
        # Twice, as two seeds without noise: an interval of one value would be unknown.
        number = sum(w * _count(results, claim.metric, name) for name, w in weights.items())
        return Evidence(claim.metric, np.array([number, number]))
    trials, column = with_metric(results, claim)
    levels = values_by_seed(trials, list(weights), column)
    values = differences(levels, weights)
    images = None
    if column == "test_accuracy" and len(weights) > 1:
        compared = weigh_images(trials, weights, predictions)
        images = None if compared is None else 100 * compared.scores
    counts = {name: image_count(results, claim, name) for name in weights}
    error = _image_error(levels, weights, counts)
    return Evidence(column, values, images, min(counts.values()), error)


def _image_error(levels: pd.DataFrame, weights: Weights, counts: Mapping[str, int]) -> float:
    """Return the standard error that the test images leave in the mean, in points; 0 if unknown.

    It adds the binomial errors of the variants as if each had its own images. For variants tested
    on the same images this is an upper bound, as they mostly fail on the same images.
    """
    if not all(counts.values()):
        return 0.0
    fractions = {name: float(levels[name].mean()) / 100 for name in weights}
    errors = (w * standard_error(fractions[name], counts[name]) for name, w in weights.items())
    return 100 * hypot(*errors)


def _count(results: Results, metric: str, variant: str) -> float:
    size = results.record.sizes.get(variant)
    if size and hasattr(size, metric):
        return float(getattr(size, metric))
    rows = results.trials.loc[results.trials["variant"] == variant, metric].dropna()
    if rows.empty:
        raise NoAnswerError(f"the {metric} of {variant} have not been counted yet")
    return float(rows.iloc[0])
