"""Whether networks are right as often as they are sure: reliability diagrams and their error."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.store import Predictions

BINS = 15
SHOWN = 8


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Bin the test images by confidence, over all seeds; the reference and the unlike come first.

    The calibration error (ECE) is that of each seed's own bins, in points, averaged over seeds.

    Reference: Guo et al., On calibration of modern neural networks, 2017, eq. 3.
    """
    if measured.trials.empty:
        return None
    tables = []
    for variant, own in measured.trials.groupby("variant", sort=False):
        bins = [binned(measured.results.predictions(trial)) for trial in own["trial"]]
        errors = [calibration_error(table) for table in bins]
        summed = sum(bins[1:], start=bins[0])
        tables.append(summed.assign(variant=variant, ece=100 * float(np.mean(errors))))
    tidy = pd.concat(tables)
    names = measured.farthest(tidy.groupby("variant", sort=False)["ece"].first())[:SHOWN]
    chosen = tidy[tidy["variant"].isin(names) & (tidy["images"] > 0)].reset_index(names="bin")
    return measured.in_order(
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
    ).assign(variant=lambda frame: frame["variant"].map(measured.short))


def binned(found: Predictions) -> pd.DataFrame:
    """Count the images of each confidence, those that are right, and add up the confidence."""
    confidence = found.probability.max(axis=1).astype(float)
    index = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    columns = {"images": None, "correct": found.label == found.predicted, "confidence": confidence}
    sums = {name: np.bincount(index, value, minlength=BINS) for name, value in columns.items()}
    return pd.DataFrame(sums, dtype=float)


def calibration_error(bins: pd.DataFrame) -> float:
    """Give the mean distance of accuracy from confidence, over the images of all bins."""
    return float((bins["correct"] - bins["confidence"]).abs().sum() / bins["images"].sum())


def draw(data: pd.DataFrame) -> Figure:
    """Draw accuracy against confidence; on the diagonal a network is as right as it is sure."""
    names = list(data["variant"].unique())
    errors = data.groupby("variant", sort=False)["ece"].first()
    titles = [f"{name}\nECE {errors[name]:.1f} points" for name in names]
    figure, plots = style.panels(titles, columns=4, size=(2.0, 2.0), margin=0.65)
    for axes, name in zip(plots, names, strict=True):
        _diagram(axes, data[data["variant"] == name])
    figure.supxlabel("confidence", fontsize=9)
    figure.supylabel("accuracy", fontsize=9, x=0.01)
    return figure


def _diagram(axes: Axes, bins: pd.DataFrame) -> None:
    share = bins["images"] / bins["images"].sum()
    axes.bar(bins["low"], share, 1 / BINS, align="edge", color=style.INK, alpha=0.13, lw=0)
    axes.plot([0, 1], [0, 1], color=style.INK, lw=0.8, alpha=0.5)
    axes.plot(bins["confidence"], bins["accuracy"], "o-", color=style.ACCENT, ms=3, lw=1.2)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_xticks([0.2, 0.5, 0.8], ["0.2", "0.5", "0.8"])  # those of neighbours stay apart
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    shown = data["variant"].nunique()
    which = (
        " Shown are the reference and the variants least like it."
        if shown < len(measured.variants)
        else ""
    )
    return (
        f"Accuracy against confidence in {BINS} bins over all seeds, with the expected calibration "
        f"error (mean over seeds); grey bars show how many of the test images have that "
        f"confidence ({measured.budget}).{which}"
    )


def _alt(data: pd.DataFrame) -> str:
    errors = data.groupby("variant", sort=False)["ece"].first()
    said = [f"{name} {error:.1f}" for name, error in errors.items()]
    return f"Reliability diagrams. Expected calibration error in points: {formats.several(said)}."


DIAGRAMS = FigureSpec("Calibration", "Reliability", data, draw, _caption, _alt)
