"""The accuracy of every single trial, so that nothing hides behind a mean."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures.figure_spec import FigureSpec


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give the test accuracy of each trial in per cent, if there are several seeds."""
    trials = measured.trials
    if len(trials) == len(measured.variants):
        return None
    ordered = measured.in_order(trials[["variant", "seed", "test_accuracy"]])
    return ordered.assign(
        variant=ordered["variant"].map(measured.short),
        accuracy=100 * ordered["test_accuracy"],
    ).drop(columns="test_accuracy")


def draw(data: pd.DataFrame) -> Figure:
    """Draw a dot a trial and a line at each variant's mean."""
    figure, axes = style.canvas(5.0, 0.75 + 0.29 * data["variant"].nunique())
    look: Any = {"color": style.ACCENT, "size": 5, "alpha": 0.7, "jitter": False, "orient": "h"}
    sns.stripplot(data, x="accuracy", y="variant", ax=axes, **look)
    means = data.groupby("variant", sort=False)["accuracy"].mean()
    axes.scatter(means, range(len(means)), s=150, marker="|", color=style.INK, lw=1.2, zorder=3)
    axes.set_yticks(range(len(means)), [formats.wrapped(str(name)) for name in means.index])
    axes.set(xlabel="test accuracy, per cent", ylabel="", ylim=(len(means) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return figure


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    spread = data.groupby("variant")["accuracy"].agg(lambda values: values.max() - values.min())
    return (
        f"Test accuracy of every trial; the line is the mean over seeds ({measured.budget}). Seeds "
        f"differ most in {spread.idxmax()}, by {formats.number(spread.max())} points."
    )


def _alt(data: pd.DataFrame) -> str:
    means = data.groupby("variant", sort=False)["accuracy"].mean()
    said = [f"{name} {value:.1f}" for name, value in means.items()]
    return f"Dots of test accuracy in per cent; means: {formats.several(said, at_most=12)}."


TRIALS = FigureSpec("Results", "Every trial", data, draw, _caption, _alt)
