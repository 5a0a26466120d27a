"""What the tables hold of a claim: its metric, weighed over variants, seed by seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from cnn_ablate.schema import Claim, Metrics, Record
from cnn_ablate.stats import (
    DERIVED,
    Answers,
    FloatArray,
    Predictions,
    by_seed,
    derived,
    differences,
    in_points,
    named,
    weigh_images,
)

CLASS_METRICS = ("class_accuracy", "class_precision", "class_recall", "class_f1")
METRICS = (*Metrics.model_fields, *DERIVED, *CLASS_METRICS)
"""All that a claim may speak of."""


class Results(Protocol):
    """A study as it was run: its record, its tidy tables, and the predictions of its trials."""

    @property
    def record(self) -> Record: ...
    @property
    def trials(self) -> pd.DataFrame: ...
    @property
    def epochs(self) -> pd.DataFrame: ...
    @property
    def classes(self) -> pd.DataFrame: ...
    @property
    def confusion(self) -> pd.DataFrame: ...
    def predictions(self, trial: str) -> Predictions: ...


@dataclass(frozen=True)
class Evidence:
    """The numbers that answer a claim, in points where the metric is a fraction.

    `values` has one number a seed (n,). `images` has one score a test image, where variants were
    compared in test accuracy on the same images. `tested` counts the images behind an accuracy.
    """

    metric: str
    values: FloatArray
    images: FloatArray | None = None
    tested: int = 0

    @property
    def mean(self) -> float:
        """The mean over seeds; NaN without any."""
        return float(self.values.mean()) if len(self.values) else float("nan")

    def turned(self) -> "Evidence":
        """Give the same with the opposite sign."""
        images = None if self.images is None else -self.images
        return replace(self, values=-self.values, images=images)


def metric_of(claim: Claim) -> str:
    """Give the metric of a claim; of a class that is the class's accuracy unless another is named."""
    return "class_accuracy" if claim.of_class and claim.metric == "test_accuracy" else claim.metric


def gather(
    results: Results, claim: Claim, weights: Mapping[str, float], answer: Answers
) -> Evidence:
    """Collect what the done trials say of a claim.

    Raises:
        LookupError: its metric was not measured, or needs a threshold or a class.
    """
    metric = metric_of(claim)
    trials, column = _with_metric(results, claim, metric)
    if column not in trials:
        raise LookupError(f"'{column}' was not measured")
    values = differences(by_seed(trials, list(weights), column), weights)
    images = None
    if metric == "test_accuracy" and len(weights) > 1:
        found = weigh_images(trials, weights, answer)
        images = None if found is None else 100 * found.scores
    return Evidence(column, values, images, _tested(results, claim, metric, weights))


def _with_metric(results: Results, claim: Claim, metric: str) -> tuple[pd.DataFrame, str]:
    if metric in DERIVED:
        thresholds = [] if claim.threshold is None else [claim.threshold]
        courses = derived(results.epochs, thresholds)
        column = named(metric, claim.threshold if "_to_" in metric else None)
        return results.trials.merge(courses, on="trial", how="left"), column
    if metric in CLASS_METRICS:
        column = metric.removeprefix("class_")
        return results.trials.merge(_of_class(results, claim)[["trial", column]], how="left"), column
    return results.trials, metric


def _of_class(results: Results, claim: Claim) -> pd.DataFrame:
    columns = ["trial", "class", "n", *(name.removeprefix("class_") for name in CLASS_METRICS)]
    classes = results.classes.reindex(columns=columns)
    return classes[classes["class"].astype(str) == claim.of_class].drop_duplicates("trial")


def _tested(
    results: Results, claim: Claim, metric: str, weights: Mapping[str, float]
) -> int:
    """Count the test images that an accuracy of the claim's variants rests on."""
    if metric not in {"test_accuracy", "class_accuracy"}:
        return 0
    classes = results.classes.reindex(columns=["trial", "class", "n"])
    rows = _of_class(results, claim) if metric == "class_accuracy" else classes
    rows = rows[rows["trial"].isin(_done(results.trials, weights))]
    totals = rows.groupby("trial")["n"].sum()
    return int(totals.min()) if len(totals) else 0
