"""The metric of each trial, so that no seed is hidden behind a mean."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style, formatting
from cnn_ablate.report.figures import chance_lines
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Metric
from cnn_ablate.text import capital, some


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the metric of the study per trial, or None if each variant has one seed.

    Fractions are in per cent.
    """
    metric = context.metric
    trials = context.trials
    if len(trials) == len(context.variants):
        return None
    trials = trials[trials["variant"].isin(context.most_different)]
    ordered = context.in_order(trials[["variant", "seed", metric.name]])
    tidy = ordered.assign(
        variant=ordered["variant"].map(context.short_names),
        value=metric.scale * ordered[metric.name],
        metric=metric.value_label,
    )[["variant", "seed", "value", "metric"]]
    return chance_lines.with_chance(context.metric_chance, tidy)


def draw(data: pd.DataFrame) -> Figure:
    """Draw one dot per trial, and a line at the mean of each variant."""
    figure, axes = figure_style.canvas(5.0, 0.75 + 0.29 * data["variant"].nunique())
    look: Any = {
        "color": figure_style.ACCENT,
        "size": 5,
        "alpha": 0.7,
        "jitter": False,
        "orient": "h",
    }
    sns.stripplot(data, x="value", y="variant", ax=axes, **look)
    means = data.groupby("variant", sort=False)["value"].mean()
    axes.scatter(
        means, range(len(means)), s=150, marker="|", color=figure_style.INK, lw=1.2, zorder=3
    )
    chance_lines.draw(axes, data, data["value"], upright=True)
    axes.set_yticks(range(len(means)), [formatting.wrapped(str(name)) for name in means.index])
    axes.set(xlabel=data["metric"].iloc[0], ylabel="", ylim=(len(means) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return figure


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    spread = data.groupby("variant")["value"].agg(lambda values: values.max() - values.min())
    return (
        f"{capital(context.metric.label)} of each trial; line: mean over seeds "
        f"({context.seed_counts}). The largest range over seeds is "
        f"{_largest(context.metric, spread.max())}, of {spread.idxmax()}."
        f"{chance_lines.note(data, data['value'], unit=100)}{context.left_out}"
    )


def _largest(metric: Metric, spread: float) -> str:
    return f"{formatting.level(metric, spread)} {metric.effect_unit}".rstrip()


def _alt(data: pd.DataFrame) -> str:
    means = data.groupby("variant", sort=False)["value"].mean()
    texts = [f"{name} {value:.3g}" for name, value in means.items()]
    return f"Dot plot of {data['metric'].iloc[0]}; means: {some(texts, 11)}."


TRIALS = FigureSpec("Results", "Individual trials", data, draw, _caption, _alt, folded=True)
