"""Where the metric of a claim is: in results.csv, classes.csv or epochs.csv."""

import pandas as pd

from cnn_ablate.claims.draft_verdict import NO_SEED, NoAnswerError
from cnn_ablate.metrics import KNOWN_METRICS, metric_of
from cnn_ablate.schema import Claim, Metric
from cnn_ablate.stats import CONVERGENCE_METRICS, convergence
from cnn_ablate.store import Results

CLASS_METRICS = tuple(n for n, known in KNOWN_METRICS.items() if known.source == "classes")
OF_CLASS = ("test_accuracy", *CLASS_METRICS)
"""Metrics of a claim about one class, whose accuracy has two names."""
EXACT = tuple(name for name, known in KNOWN_METRICS.items() if known.source == "size")
"""Counts that training cannot change."""
OUTCOMES = tuple(name for name, known in KNOWN_METRICS.items() if known.source == "outcomes")
"""Metrics of how trials ended."""

_SHARES = [name.partition("_")[2] for name in CLASS_METRICS]
_CLASS_COLUMNS = ["trial", "class", "n", *_SHARES]


def named_class(claim: Claim) -> str:
    """Return the class that a claim is about.

    Raises:
        NoAnswerError: it names none.
    """
    if claim.of_class is None:
        raise NoAnswerError("the claim names no class")
    return claim.of_class


def class_column(claim: Claim) -> str:
    """Return the column of classes.csv with the metric of a claim.

    Raises:
        NoAnswerError: there is none.
    """
    metric = claim.measured_metric
    if metric not in OF_CLASS:
        raise NoAnswerError(f"the metric '{metric}' is not known class by class")
    return metric.partition("_")[2]


def with_metric(results: Results, claim: Claim) -> tuple[pd.DataFrame, Metric]:
    """Return results.csv with the metric of a claim joined to it, and that metric.

    Raises:
        NoAnswerError: there is no such metric or class, or the claim lacks its threshold or class.
    """
    metric, trials = metric_of(results.record.study, claim), results.trials
    if claim.of_class is not None or metric.name in CLASS_METRICS:
        name, column = named_class(claim), class_column(claim)
        metric = metric.model_copy(update={"name": column})
        values = class_rows(results, name)[["trial", column]]
        if values.empty:
            unknown = f"there is no class '{name}' in the data"
            raise NoAnswerError(unknown if len(results.classes) else NO_SEED)
        # results.csv has a column `precision` too: that of the arithmetic.
        trials = trials.drop(columns=column, errors="ignore").merge(values, on="trial", how="left")
    elif claim.metric in CONVERGENCE_METRICS:
        thresholds = [] if claim.threshold is None else [claim.threshold]
        trials = trials.merge(convergence(results.epochs, thresholds), on="trial", how="left")
    if metric.name not in trials:
        raise NoAnswerError(f"there is no metric '{metric.name}'")
    return trials, metric


def class_rows(results: Results, name: str | None) -> pd.DataFrame:
    """Return the rows of a class, one per trial; without a name those of all classes."""
    classes = results.classes.reindex(columns=_CLASS_COLUMNS)
    # Earlier versions wrote zeros for classes without test images.
    shares = classes[_SHARES].where(classes["n"] > 0)
    classes = classes.assign(**{share: shares[share] for share in _SHARES})
    return classes if name is None else classes[classes["class"] == name]


def image_count(results: Results, claim: Claim, variant: str) -> int:
    """Count the test images that an accuracy of a variant is measured on; 0 for other metrics."""
    if claim.measured_metric not in {"test_accuracy", "class_accuracy"}:
        return 0
    trials = results.trials[results.trials["variant"] == variant]
    rows = class_rows(results, claim.of_class)
    totals = rows[rows["trial"].isin(trials["trial"])].groupby("trial")["n"].sum()
    return int(totals.min()) if len(totals) else 0
