"""What the done trials say of a claim: one number a seed, and one a test image."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot, inf, nan, sqrt

import numpy as np
import pandas as pd

from cnn_ablate.claims.judgement import NoAnswerError
from cnn_ablate.claims.metrics import Results, tested, with_metric
from cnn_ablate.claims.sides import Weights
from cnn_ablate.schema import Claim
from cnn_ablate.stats import (
    Answers,
    FloatArray,
    Interval,
    by_seed,
    count,
    differences,
    image_interval,
    image_noise,
    quantile,
    spread,
    t_interval,
    weigh_images,
)

EXACT = ("parameters", "macs", "dead_parameters")


@dataclass(frozen=True)
class Evidence:
    """The numbers that answer a claim, in points where the metric is a fraction.

    `values` has one number a seed (n,); a count that training cannot change stands there twice, as
    without any noise. `images` has one number a test image, where variants were compared in test
    accuracy on the same images. `tested` counts the images that an accuracy rests on, `image_error`
    is the standard error that they leave in the mean; both are 0 if unknown.
    """

    metric: str
    values: FloatArray
    images: FloatArray | None = None
    tested: int = 0
    image_error: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether training cannot change it."""
        return self.metric in EXACT

    @property
    def is_nothing(self) -> bool:
        """Whether nothing differs: in no seed, and on no test image where those are known."""
        return not np.any(self.values) and (self.images is None or not np.any(self.images))

    @property
    def seeds(self) -> str:
        """How many seeds it rests on, in words."""
        return count(len(self.values), "seed")

    @property
    def mean(self) -> float:
        """The mean over seeds; NaN without any."""
        return float(self.values.mean()) if len(self.values) else nan

    def interval(self, confidence: float = 0.95) -> Interval:
        """Give the t interval of the mean: the noise of the seeds."""
        return t_interval(self.values, confidence)

    def image_interval(self, confidence: float = 0.95) -> Interval | None:
        """Give the bootstrap interval over test images; None if nothing is known of them."""
        return None if self.images is None else image_interval(self.images, confidence)

    def tolerance(self, rounding: float, *, known_spread: bool = False) -> float:
        """Give how far from the mean one further run, elsewhere and rounded, may lie (95 %).

        With `known_spread` as if the standard deviation over seeds were that of endless seeds: what
        more seeds with the same spread would come to.
        """
        return hypot(self.seed_noise(known_spread=known_spread), self.test_noise()) + rounding

    def seed_noise(self, *, known_spread: bool = False) -> float:
        """Give half the prediction interval of one further seed."""
        n = len(self.values)
        return quantile(inf if known_spread else n - 1) * spread(self.values) * sqrt(1 + 1 / n)

    def test_noise(self) -> float:
        """Give how far other test images, as many, may move the mean (95 %); 0 if unknown."""
        interval = self.image_interval()
        if interval:
            return (interval[1] - interval[0]) / 2
        return quantile(inf) * self.image_error

    def turned(self) -> "Evidence":
        """Give the same with the opposite sign."""
        images = None if self.images is None else -self.images
        return replace(self, values=-self.values, images=images)


def gather(results: Results, claim: Claim, weights: Weights, answer: Answers) -> Evidence:
    """Collect what is known of a claim's metric, weighed over variants.

    Raises:
        NoAnswerError: nothing was measured of that metric.
    """
    if claim.metric in EXACT:
        number = sum(w * _count(results, claim.metric, name) for name, w in weights.items())
        return Evidence(claim.metric, np.array([number, number]))
    trials, column = with_metric(results, claim)
    levels = by_seed(trials, list(weights), column)
    values = differences(levels, weights)
    images = None
    if column == "test_accuracy" and len(weights) > 1:
        found = weigh_images(trials, weights, answer)
        images = None if found is None else 100 * found.scores
    counts = {name: tested(results, claim, name) for name in weights}
    error = _image_error(levels, weights, counts)
    return Evidence(column, values, images, min(counts.values()), error)


def _image_error(levels: pd.DataFrame, weights: Weights, counts: Mapping[str, int]) -> float:
    """Give the standard error that the test images leave in the mean, in points; 0 if unknown.

    Each variant has that of a share of its own images. Where variants were tested on the same ones
    this is more than there is, as they mostly stumble over the same images.
    """
    if not all(counts.values()):
        return 0.0
    shares = {name: float(levels[name].mean()) / 100 for name in weights}
    errors = (w * image_noise(shares[name], counts[name]) for name, w in weights.items())
    return 100 * hypot(*errors)


def _count(results: Results, metric: str, variant: str) -> float:
    size = results.record.sizes.get(variant)
    if size and hasattr(size, metric):
        return float(getattr(size, metric))
    rows = results.trials.loc[results.trials["variant"] == variant, metric].dropna()
    if rows.empty:
        raise NoAnswerError(f"the {metric} of {variant} have not been counted yet")
    return float(rows.iloc[0])
