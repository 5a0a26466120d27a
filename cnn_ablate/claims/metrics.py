"""Where the metric of a claim is found: in results.csv, in its classes, or in the epochs."""

from typing import Protocol

import pandas as pd

from cnn_ablate.claims.judgement import NO_SEED, NoAnswerError
from cnn_ablate.schema import Claim, Metrics, Record
from cnn_ablate.stats import DERIVED, Predictions, derived, named

CLASS_METRICS = ("class_accuracy", "class_precision", "class_recall", "class_f1")
METRICS = (*Metrics.model_fields, *DERIVED, *CLASS_METRICS)
"""All that a claim may speak of."""
OF_CLASS = ("test_accuracy", *CLASS_METRICS)
"""What it may speak of where it speaks of one class, whose accuracy has two names."""

_CLASS_COLUMNS = ["trial", "class", "n", *(name.partition("_")[2] for name in CLASS_METRICS)]


class Results(Protocol):
    """A study as it was run."""

    @property
    def record(self) -> Record:
        """What was planned, and on what."""

    @property
    def trials(self) -> pd.DataFrame:
        """The rows of results.csv."""

    @property
    def epochs(self) -> pd.DataFrame:
        """The rows of epochs.csv."""

    @property
    def classes(self) -> pd.DataFrame:
        """The rows of classes.csv."""

    @property
    def confusion(self) -> pd.DataFrame:
        """The rows of confusion.csv."""

    def predictions(self, trial: str) -> Predictions:
        """What a trial that is done predicted."""


def metric_of(claim: Claim) -> str:
    """Give the metric of a claim; of a class, that is the class's accuracy unless it says else."""
    of_class = claim.of_class and claim.metric == "test_accuracy"
    return "class_accuracy" if of_class else claim.metric


def named_class(claim: Claim) -> str:
    """Give the class that a claim speaks of.

    Raises:
        NoAnswerError: it names none.
    """
    if claim.of_class is None:
        raise NoAnswerError("the claim names no class")
    return claim.of_class


def class_column(claim: Claim) -> str:
    """Give the column of classes.csv that a claim speaks of.

    Raises:
        NoAnswerError: there is none of that metric.
    """
    metric = metric_of(claim)
    if metric not in OF_CLASS:
        raise NoAnswerError(f"the metric '{metric}' is not known class by class")
    return metric.partition("_")[2]


def with_metric(results: Results, claim: Claim) -> tuple[pd.DataFrame, str]:
    """Give results.csv with the metric of a claim in it, and the name of that column.

    Raises:
        NoAnswerError: there is no such metric, or it needs a threshold or a class, or has none.
    """
    metric, trials = metric_of(claim), results.trials
    column = named(metric, claim.threshold if "_to_" in metric else None)
    if claim.of_class is not None or metric in CLASS_METRICS:
        name, column = named_class(claim), class_column(claim)
        found = of_class(results, name)[["trial", column]]
        if found.empty:
            unknown = f"there is no class '{name}' in the data"
            raise NoAnswerError(unknown if len(results.classes) else NO_SEED)
        # results.csv has a precision too: that of the arithmetic.
        trials = trials.drop(columns=column, errors="ignore").merge(found, on="trial", how="left")
    elif metric in DERIVED:
        thresholds = [] if claim.threshold is None else [claim.threshold]
        trials = trials.merge(derived(results.epochs, thresholds), on="trial", how="left")
    if column not in trials:
        raise NoAnswerError(f"there is no metric '{column}'")
    return trials, column


def of_class(results: Results, name: str | None) -> pd.DataFrame:
    """Give the rows of a class, one a trial; those of all classes without a name."""
    classes = results.classes.reindex(columns=_CLASS_COLUMNS)
    return classes if name is None else classes[classes["class"] == name]


def tested(results: Results, claim: Claim, variant: str) -> int:
    """Count the test images that an accuracy of a variant rests on; 0 for other metrics."""
    if metric_of(claim) not in {"test_accuracy", "class_accuracy"}:
        return 0
    trials = results.trials[results.trials["variant"] == variant]
    rows = of_class(results, claim.of_class)
    totals = rows[rows["trial"].isin(trials["trial"])].groupby("trial")["n"].sum()
    return int(totals.min()) if len(totals) else 0
