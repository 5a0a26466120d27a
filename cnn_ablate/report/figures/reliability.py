"""Reliability diagrams (accuracy vs. confidence) and the expected calibration error."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnn_ablate.metrics import BINS, confidence_bin
from cnn_ablate.report import figure_style
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.store import Predictions
from cnn_ablate.text import some

MAX_DIAGRAMS = 8
# Bins with fewer images, or than half of a bin's even share, are noise and not drawn; they count in
# the error.
_FEWEST = 20


def data(context: ReportData) -> pd.DataFrame | None:
    """Return accuracy and confidence per bin of confidence, over all seeds of a variant.

    The variants are the reference and those whose calibration error differs most from its own. The
    error (ECE) is computed from the bins of each seed, in points, and averaged over seeds. None if
    no trial that is done has predictions here.

    Reference: Guo et al., On calibration of modern neural networks, 2017, eq. 3.
    """
    tables = []
    for variant, trials in context.trials.groupby("variant", sort=False):
        read = [context.results.predictions(trial) for trial in trials["trial"]]
        if not (bins := [binned(p) for p in read if p and not np.isnan(p.confidence).any()]):
            continue
        errors = [calibration_error(table) for table in bins]
        summed = sum(bins[1:], start=bins[0])
        tables.append(summed.assign(variant=variant, ece=100 * float(np.mean(errors))))
    if not tables:
        return None
    tidy = pd.concat(tables)
    names = context.farthest(tidy.groupby("variant", sort=False)["ece"].first())[:MAX_DIAGRAMS]
    every = tidy.groupby("variant", sort=False)["images"].sum()
    fewest = tidy["variant"].map(every / (2 * BINS)).clip(upper=_FEWEST)
    tidy = tidy[tidy["variant"].isin(names) & (tidy["images"] >= fewest)]
    chosen = tidy.reset_index(names="bin")
    return context.in_order(
        pd.DataFrame(
            {
                "variant": chosen["variant"],
                "ece": chosen["ece"],
                "low": chosen["bin"] / BINS,
                "high": (chosen["bin"] + 1) / BINS,
                "images": chosen["images"].astype(int),
                "confidence": chosen["confidence"] / chosen["images"],
                "accuracy": chosen["correct"] / chosen["images"],
            }
        )
    ).assign(variant=lambda frame: frame["variant"].map(context.short_names))


def binned(predictions: Predictions) -> pd.DataFrame:
    """Return images, correct ones and summed confidence; one row per bin of confidence."""
    confidence = predictions.confidence.astype(float)
    index = confidence_bin(confidence)
    correct = predictions.label == predictions.predicted
    columns = {"images": None, "correct": correct, "confidence": confidence}
    sums = {name: np.bincount(index, value, minlength=BINS) for name, value in columns.items()}
    return pd.DataFrame(sums, dtype=float)


def calibration_error(bins: pd.DataFrame) -> float:
    """Return the mean distance of accuracy from confidence, weighted by the images of each bin."""
    return float((bins["correct"] - bins["confidence"]).abs().sum() / bins["images"].sum())


def draw(data: pd.DataFrame) -> Figure:
    """Draw accuracy vs. confidence; a calibrated network lies on the diagonal."""
    names = list(data["variant"].unique())
    errors = data.groupby("variant", sort=False)["ece"].first()
    titles = [f"{name}\nECE {errors[name]:.1f} points" for name in names]
    figure, plots = figure_style.panels(titles, columns=4, size=(2.0, 2.0), margin=0.65)
    for axes, name in zip(plots, names, strict=True):
        _diagram(axes, data[data["variant"] == name])
    figure.supxlabel("confidence", fontsize=9)
    figure.supylabel("accuracy", fontsize=9, x=0.01)
    return figure


def _diagram(axes: Axes, bins: pd.DataFrame) -> None:
    share = bins["images"] / bins["images"].sum()
    axes.bar(bins["low"], share, 1 / BINS, align="edge", color=figure_style.INK, alpha=0.13, lw=0)
    axes.plot([0, 1], [0, 1], color=figure_style.INK, lw=0.8, alpha=0.5)
    axes.plot(bins["confidence"], bins["accuracy"], "o-", color=figure_style.ACCENT, ms=3, lw=1.2)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_xticks(
        [0.2, 0.5, 0.8], ["0.2", "0.5", "0.8"]
    )  # so that labels of neighbours do not touch
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    shown = data["variant"].nunique()
    which = (
        " Shown are the reference and the variants whose error differs most from its own."
        if shown < len(context.variants)
        else ""
    )
    return (
        f"Accuracy vs. confidence in {BINS} bins over all seeds, with the expected calibration "
        f"error (ECE, mean over seeds); grey bars: share of the test images in each bin "
        f"({context.seeds_of([*data['variant']])}).{which}"
    )


def _alt(data: pd.DataFrame) -> str:
    errors = data.groupby("variant", sort=False)["ece"].first()
    texts = [f"{name} {error:.1f}" for name, error in errors.items()]
    return f"Reliability diagrams. Expected calibration error in points: {some(texts, 5)}."


DIAGRAMS = FigureSpec("Predictions", "Reliability", data, draw, _caption, _alt, folded=True)
