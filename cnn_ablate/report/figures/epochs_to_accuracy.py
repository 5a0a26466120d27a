"""Epochs until each trial reaches nine tenths of the reference's best accuracy."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnn_ablate.metrics import at_threshold
from cnn_ablate.report import figure_style, formatting
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import count, some


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the epochs until each trial reached the accuracy; infinite if it never did.

    None if trials have fewer than three epochs.
    """
    speed = context.learning_speed
    if speed is None:
        return None
    column = at_threshold("epochs_to_accuracy", speed.threshold).name
    chosen = speed.trials[speed.trials["variant"].isin(context.most_different)]
    tidy = chosen[["trial", "variant", "seed", column]].rename(columns={column: "epochs"})
    short = tidy["variant"].map(context.short_names)
    return tidy.assign(variant=short, accuracy=speed.threshold)


def draw(data: pd.DataFrame) -> Figure:
    """Draw one dot per seed; seeds that never reached the accuracy are crosses at the right."""
    names = list(data["variant"].unique())
    never = np.isinf(data["epochs"])
    beyond = 1.12 * data.loc[~never, "epochs"].max() + 0.5 if not never.all() else 1.0
    placed = data.assign(x=data["epochs"].where(~never, beyond), y=_heights(data, names))
    reached, missed = placed[~never], placed[never]
    figure, axes = figure_style.canvas(5.0, 0.9 + 0.29 * len(names))
    axes.scatter(reached["x"], reached["y"], s=20, color=figure_style.ACCENT, lw=0)
    axes.scatter(missed["x"], missed["y"], s=20, color=figure_style.WARM, marker="x", lw=1.2)
    axes.set_yticks([-place for place in range(len(names))], list(map(formatting.wrapped, names)))
    axes.set_ylim(0.6 - len(names), 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel(f"epochs to {formatting.whole_percent(data['accuracy'].iloc[0])} accuracy")
    axes.grid(axis="x")
    if never.any():
        axes.text(
            beyond, 0.65, "never", ha="center", va="bottom", fontsize=8, color=figure_style.WARM
        )
    return figure


def _heights(data: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return heights: one row per variant, with offsets between seeds that took equally long."""
    equal = data.groupby(["variant", "epochs"])["seed"]
    index, ties = equal.cumcount(), equal.transform("count")
    place = data["variant"].map({name: -row for row, name in enumerate(names)})
    return place + (index - (ties - 1) / 2) * (0.7 / ties.clip(lower=4))


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    never = int(np.isinf(data["epochs"]).sum())
    missed = f" {count(never, 'trial')} never reached it." if never else ""
    threshold = formatting.whole_percent(data["accuracy"].iloc[0])
    return (
        f"Epochs until the accuracy first reaches {threshold} (nine tenths of the best accuracy "
        f"of {context.reference}, rounded); one dot per seed ({context.seed_counts}).{missed}"
        f"{context.left_out}"
    )


def _alt(data: pd.DataFrame) -> str:
    means = data.groupby("variant", sort=False)["epochs"].mean()
    texts = [f"{name} {'not always' if np.isinf(n) else f'{n:.1f}'}" for name, n in means.items()]
    return f"Epochs to reach the accuracy, mean over seeds: {some(texts, 11)}."


EPOCHS = FigureSpec("Training", "Convergence speed", data, draw, _caption, _alt, folded=True)
