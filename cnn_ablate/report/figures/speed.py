"""How many epochs the variants need to come near the reference's accuracy."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.stats import count, named


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give, for each trial, the epochs to nine tenths of the reference's best accuracy.

    Infinite where a trial never got there.
    """
    found = measured.course
    if found is None:
        return None
    column = named("epochs_to_accuracy", found.threshold)
    tidy = found.trials[["trial", "variant", "seed", column]].rename(columns={column: "epochs"})
    short = tidy["variant"].map(measured.short)
    return tidy.assign(variant=short, accuracy=found.threshold)


def draw(data: pd.DataFrame) -> Figure:
    """Draw a dot a seed; seeds that never got there stand apart on the right."""
    names = list(data["variant"].unique())
    never = np.isinf(data["epochs"])
    beyond = 1.12 * data.loc[~never, "epochs"].max() + 0.5 if not never.all() else 1.0
    placed = data.assign(x=data["epochs"].where(~never, beyond), y=_heights(data, names))
    got, lost = placed[~never], placed[never]
    figure, axes = style.canvas(5.0, 0.9 + 0.29 * len(names))
    axes.scatter(got["x"], got["y"], s=20, color=style.ACCENT, lw=0)
    axes.scatter(lost["x"], lost["y"], s=20, color=style.WARM, marker="x", lw=1.2)
    axes.set_yticks([-place for place in range(len(names))], list(map(formats.wrapped, names)))
    axes.set_ylim(0.6 - len(names), 0.6)
    axes.set_xlabel(f"epochs to {formats.percent(data['accuracy'].iloc[0])} accuracy")
    axes.grid(axis="x")
    if never.any():
        axes.text(beyond, 0.65, "never", ha="center", va="bottom", fontsize=8, color=style.WARM)
    return figure


def _heights(data: pd.DataFrame, names: list[str]) -> pd.Series:
    """Put variants under each other, and apart a little the seeds that took equally long."""
    equal = data.groupby(["variant", "epochs"])["seed"]
    among, alike = equal.cumcount(), equal.transform("count")
    place = data["variant"].map({name: -row for row, name in enumerate(names)})
    return place + (among - (alike - 1) / 2) * (0.7 / alike.clip(lower=4))


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    never = int(np.isinf(data["epochs"]).sum())
    lost = f" {count(never, 'trial')} never got there." if never else ""
    threshold = formats.percent(data["accuracy"].iloc[0])
    return (
        f"Epochs until the accuracy first reaches {threshold}, nine tenths of "
        f"the best of {measured.reference}; one dot per seed ({measured.budget}).{lost}"
    )


def _alt(data: pd.DataFrame) -> str:
    means = data.groupby("variant", sort=False)["epochs"].mean()
    said = [f"{name} {'not always' if np.isinf(n) else f'{n:.1f}'}" for name, n in means.items()]
    return f"Epochs to reach the accuracy, mean over seeds: {formats.several(said, at_most=12)}."


EPOCHS = FigureSpec("Training", "Speed of learning", data, draw, _caption, _alt)
