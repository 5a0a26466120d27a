"""How many epochs the variants need to come near the reference's accuracy."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import style, words
from cnn_ablate.report.figures.figure import Picture
from cnn_ablate.report.measured import Measured
from cnn_ablate.stats import derived, named

NEAR = 0.9


def data(measured: Measured) -> pd.DataFrame | None:
    """Give, for each trial, the epochs to nine tenths of the reference's best accuracy."""
    epochs = measured.results.epochs
    own = epochs[epochs["trial"].isin(measured.trials["trial"])] if len(epochs) else epochs
    if own.empty or own["epoch"].max() < 3:
        return None
    best = derived(own).merge(measured.trials[["trial", "variant", "seed"]], on="trial")
    threshold = round(NEAR * float(best.groupby("variant")["best_accuracy"].mean().iloc[0]), 2)
    reached = derived(own, [threshold])[["trial", named("epochs_to_accuracy", threshold)]]
    tidy = best[["trial", "variant", "seed"]].merge(reached, on="trial").assign(accuracy=threshold)
    ordered = measured.in_order(tidy.set_axis([*tidy.columns[:3], "epochs", "accuracy"], axis=1))
    return ordered.assign(variant=ordered["variant"].map(measured.short))


def draw(data: pd.DataFrame) -> Figure:
    """Draw a dot a seed; seeds that never got there stand apart on the right."""
    names = list(data["variant"].unique())
    never = np.isinf(data["epochs"])
    last = data.loc[~never, "epochs"].max() if not never.all() else 1.0
    beyond = last * 1.12 + 0.5
    figure, axes = style.canvas(6.1, 0.75 + 0.29 * len(names))
    heights = data["variant"].map({name: -place for place, name in enumerate(names)})
    axes.scatter(data.loc[~never, "epochs"], heights[~never], s=24, color=style.ACCENT, alpha=0.7)
    axes.scatter([beyond] * never.sum(), heights[never], s=30, marker="x", color=style.WARM)
    axes.set_yticks([-place for place in range(len(names))], names)
    axes.set_ylim(0.6 - len(names), 0.6)
    axes.set_xlabel(f"epochs to {words.percent(data['accuracy'].iloc[0])} accuracy")
    axes.grid(axis="x")
    if never.any():
        axes.text(beyond, 0.62, "never", ha="center", va="bottom", fontsize=8, color=style.WARM)
    return figure


def _caption(measured: Measured, data: pd.DataFrame) -> str:
    never = int(np.isinf(data["epochs"]).sum())
    lost = f" {words.count(never, 'trial')} never got there." if never else ""
    return (
        f"Epochs until the accuracy first reaches {words.percent(data['accuracy'].iloc[0])}, nine "
        f"tenths of the best of {measured.reference}; one dot a seed ({measured.budget}).{lost}"
    )


def _alt(data: pd.DataFrame) -> str:
    means = data.groupby("variant", sort=False)["epochs"].mean()
    said = [f"{name} {'never' if np.isinf(n) else f'{n:.1f}'}" for name, n in means.items()]
    return f"Epochs to reach the accuracy, mean over seeds: {words.listed(said, at_most=12)}."


EPOCHS = Picture("Training", "Speed of learning", data, draw, _caption, _alt)
