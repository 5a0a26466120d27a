"""The measurements that answer a claim: one number per seed, and one per test image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot, inf, nan

import numpy as np
import pandas as pd

from cnn_ablate.claims.draft_verdict import NoAnswerError
from cnn_ablate.claims.metrics import EXACT, image_count, with_metric
from cnn_ablate.metrics import metric_of, predicted_metrics
from cnn_ablate.plan import Weights
from cnn_ablate.schema import Claim, Metric, Record
from cnn_ablate.stats import (
    NO_FAILURES,
    Failures,
    FloatArray,
    Interval,
    PredictionReader,
    difference_half_width,
    differences,
    image_interval,
    percentiles,
    prediction_half_width,
    resample_images,
    standard_error,
    t_interval,
    t_quantile,
    values_by_seed,
    weigh_images,
)
from cnn_ablate.store import Results
from cnn_ablate.text import count, with_article

# The accuracy of a class has an interval of its own: its images are counted one by one.
_RESAMPLED_OF_CLASS = {"precision", "recall", "f1"}


@dataclass(frozen=True)
class Evidence:
    """The numbers that answer a claim, in points if the metric is a fraction.

    `by_seed` has one number per seed. `sides` has the same numbers per variant (seeds,), times its
    weight. `images` (images,) has one number per test image, if variants were compared in accuracy
    on the same images; `known_images` is their interval where that is all that is left of them.
    `image_count` is the number of images that an accuracy is measured on,
    `image_error` the standard error that they leave in the mean; both are 0 if unknown.
    `has_paper_images` says that the paper's number was measured on the same test images.
    `failures` counts the trials that failed, for a claim about them; others have none.
    `error` is what each test of equivalence may err with: less than 5 % at one of several looks.
    """

    metric: Metric
    by_seed: pd.Series
    sides: tuple[FloatArray, ...] = ()
    images: FloatArray | None = None
    known_images: Interval | None = None
    image_count: int = 0
    image_error: float = 0.0
    has_paper_images: bool = True
    failures: Failures = NO_FAILURES
    error: float = 0.05
    values: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", self.by_seed.to_numpy(float))

    @property
    def exact(self) -> bool:
        """Whether training cannot change it."""
        return self.metric.name in EXACT

    @property
    def is_constant(self) -> bool:
        """Whether all seeds gave the same number, which leaves their spread unknown."""
        return bool(np.ptp(self.values) == 0)

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
        """Return the interval over test images, with the networks as they are; None if unknown.

        It is a bootstrap over images, or for variants that were tested on different ones normal
        with the errors of both.
        """
        if self.images is not None:
            return image_interval(self.images, confidence)
        low, high = self.known_images or (self.mean, self.mean)
        error = self.image_error
        if self.known_images:
            error = (high - low) / 2 / t_quantile(inf)
        half = t_quantile(inf, confidence) * error
        return ((low + high) / 2 - half, (low + high) / 2 + half) if half else None

    def one_run(self) -> float:
        """Return half the 95 % prediction interval of one further run, or difference of runs."""
        return hypot(self.seed_noise(), self.other_image_noise())

    def seed_noise(self) -> float:
        """Return how far from the mean one further run, or difference of runs, may be (95 %)."""
        if len(self.sides) == 1:
            return prediction_half_width(self.sides[0])
        return difference_half_width(*self.sides)

    def other_image_noise(self) -> float:
        """Return how far the paper's other test images may move the mean (95 %); 0 if the same."""
        interval = None if self.has_paper_images else self.image_interval()
        return (interval[1] - interval[0]) / 2 if interval else 0.0


def gather(
    results: Results, claim: Claim, weights: Weights, predictions: PredictionReader
) -> Evidence:
    """Collect the measurements of a claim's metric, combined over variants by their weights.

    Raises:
        NoAnswerError: nothing was measured of that metric.
    """
    if claim.metric in EXACT:
        number = sum(w * _count(results, claim.metric, name) for name, w in weights.items())
        return Evidence(metric_of(results.record.study, claim), pd.Series([number]))
    trials, metric = with_metric(results, claim)
    levels = values_by_seed(trials, list(weights), metric)
    done = trials.loc[(trials["status"] == "done") & trials["variant"].isin(weights), metric.name]
    if len(done) and done.isna().all():
        raise NoAnswerError(f"no finished trial has {with_article(metric.label)}")
    counts = {name: image_count(results, claim, name) for name in weights}
    return Evidence(
        metric=metric,
        by_seed=pd.Series(differences(levels, weights), index=levels.index),
        sides=tuple(w * levels[name].to_numpy(float) for name, w in weights.items()),
        images=_images(results.record, claim, trials, weights, predictions),
        known_images=_resampled(results, claim, metric, weights, predictions),
        image_count=min(counts.values()),
        image_error=_image_error(levels, weights, counts),
        has_paper_images=all(d.has_published_images for d in results.record.data),
    )


def _images(
    record: Record,
    claim: Claim,
    trials: pd.DataFrame,
    weights: Weights,
    predictions: PredictionReader,
) -> FloatArray | None:
    """Return the differences in points per test image (images,), or None if there are none."""
    if claim.measured_metric not in {"test_accuracy", "class_accuracy"} or len(weights) < 2:
        return None
    compared = weigh_images(trials, weights, predictions)
    if compared is None:
        return None
    if claim.of_class is None:
        return 100 * compared.scores
    is_of_class = compared.label == _class_index(record, claim.of_class)
    return 100 * compared.scores[is_of_class] if is_of_class.any() else None


def _class_index(record: Record, name: str) -> int:
    """Return the index of a class; -1 if no data set has it."""
    names = next((d.classes for d in record.data if name in d.classes), ())
    return names.index(name) if names else -1


def _resampled(
    results: Results,
    claim: Claim,
    metric: Metric,
    weights: Weights,
    predictions: PredictionReader,
) -> Interval | None:
    """Return the bootstrap interval of a metric that predictions are needed for, else None."""
    record = results.record
    of_class = None if claim.of_class is None else _class_index(record, claim.of_class)
    names = predicted_metrics(record.study) if of_class is None else _RESAMPLED_OF_CLASS
    if metric.name not in names:
        return None
    draws = resample_images(results.trials, weights, metric, predictions, of_class)
    return None if draws is None or np.isnan(draws).all() else percentiles(draws)


def _image_error(levels: pd.DataFrame, weights: Weights, counts: Mapping[str, int]) -> float:
    """Return the standard error that the test images leave in the mean, in points; 0 if unknown.

    It adds the binomial errors of the variants as if each had its own images. For variants tested
    on the same images this is an upper bound, as they mostly fail on the same images.
    """
    if not all(counts.values()) or levels.empty:
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
