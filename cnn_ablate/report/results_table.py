"""The results table: one row per variant, with its components, accuracy and cost."""

from dataclasses import dataclass
from functools import partial
from math import isfinite, isnan, nan

import numpy as np
import pandas as pd

from cnn_ablate.report import formatting
from cnn_ablate.report.context import ReportContext
from cnn_ablate.schema import Contrast
from cnn_ablate.stats import decide, seed_differences
from cnn_ablate.store.tables import factor_columns
from cnn_ablate.text import capital

_STATES = {"true": "on", "false": "off", "none": "off"}
# With more columns of components than this, only the factors of the study keep theirs.
_MOST_COMPONENTS = 9


@dataclass(frozen=True)
class Cell:
    """A number as printed, and the value that the table is sorted by; NaN if unknown."""

    text: str
    value: float

    @property
    def rank(self) -> str:
        """The value as JavaScript reads it; empty if unknown."""
        if isnan(self.value):
            return ""
        return f"{self.value}" if isfinite(self.value) else "Infinity"


@dataclass(frozen=True)
class Component:
    """A factor's level, its state (`on`, `off`, `named`), and whether the reference's differs."""

    text: str
    state: str
    moved: bool


@dataclass(frozen=True)
class Bar:
    """An interval and its mean as CSS percentages of the range that all intervals span."""

    left: float
    width: float
    mean: float


@dataclass(frozen=True)
class Row:
    """One variant of the results table."""

    variant: str
    reference: bool
    best: bool
    components: tuple[Component, ...]
    accuracy: Cell
    interval: str
    images: str
    bar: Bar | None
    parameters: Cell
    macs: Cell
    seconds: Cell
    seeds: Cell


@dataclass(frozen=True)
class ResultsTable:
    """The rows of the results table, a note above it and the names of its components.

    `chance` has the accuracies, as text, of classifiers that learn nothing, by name.
    """

    note: str
    components: tuple[str, ...]
    rows: tuple[Row, ...]
    chance: tuple[tuple[str, str], ...] = ()


def results_table(context: ReportContext) -> ResultsTable:
    """Return the results of all variants that have a finished trial."""
    keys = _component_keys(context)
    levels = context.trials.drop_duplicates("variant").set_index("variant")
    row = partial(_row, context, levels[keys].astype(str), _best(context))
    chance = {name: formatting.number(100 * share) for name, share in context.chance.items()}
    rows = tuple(map(row, context.variants))
    return ResultsTable(_note(context), tuple(keys), rows, tuple(chance.items()))


def _note(context: ReportContext) -> str:
    unequal = len(set(context.planned_seeds.values())) > 1
    paired = (
        " Some variants have fewer seeds than others: compare them by their effects, which are "
        "paired by seed."
    )
    return (
        "Mean test accuracy over seeds in per cent, with 95 % confidence intervals over seeds "
        "(Student's t) and, separately, over test images (Wilson). "
        f"{capital(context.conditions)}.{paired if unequal else ''}"
    )


def _component_keys(context: ReportContext) -> list[str]:
    """Return the columns that tell variants apart; if they are many, only factors of the study.

    The keys that a bundle sets have no columns: its level stands for them.
    """
    study = context.results.record.study
    factors = {factor.name for factor in study.factors}
    listed = {key for design in study.designs for entry in design.entries for key in entry.sets}
    varied = [
        key
        for key in factor_columns(study)
        if key in factors | listed and len(set(context.trials[key])) > 1
    ]
    declared = [key for key in varied if key in factors]
    return declared if declared and len(varied) > _MOST_COMPONENTS else varied


def _row(context: ReportContext, levels: pd.DataFrame, best: str | None, name: str) -> Row:
    trials = context.trials[context.trials["variant"] == name]
    columns = ["mean", "low", "high", "images_low", "images_high"]
    mean, low, high, *images = map(float, context.means.loc[name, columns])
    parameters, macs = (float(trials[name].iloc[0]) for name in ("parameters", "macs"))
    # Of imported trials the time is not known.
    seconds = float(trials["seconds"].mean()) or nan
    usual = levels.loc[context.reference if context.reference in levels.index else name]
    ends = max(low, 0.0), min(high, 100.0)
    return Row(
        variant=name,
        reference=name == context.reference,
        best=name == best,
        components=tuple(map(_component, levels.loc[name], usual)),
        accuracy=Cell(formatting.number(mean), mean),
        interval=formatting.interval(*map(formatting.number, ends)),
        images=formatting.interval(*map(formatting.number, images)),
        bar=_bar(context.means, mean, low, high),
        parameters=Cell("" if isnan(parameters) else f"{parameters:,.0f}", parameters),
        macs=Cell("" if isnan(macs) else formatting.magnitude(macs), macs),
        seconds=Cell(formatting.duration(seconds), seconds),
        seeds=Cell(f"{len(trials)} of {context.planned_seeds[name]}", len(trials)),
    )


def _component(level: str, usual: str) -> Component:
    return Component(text=level or "-", state=_STATES.get(level, "named"), moved=level != usual)


def _bar(means: pd.DataFrame, mean: float, low: float, high: float) -> Bar | None:
    """Scale an interval to the range of all intervals; an unknown one shrinks to its mean."""
    start = max(0.0, float(np.nanmin(means[["mean", "low"]].to_numpy(float))))
    span = min(100.0, float(np.nanmax(means[["mean", "high"]].to_numpy(float)))) - start
    if span <= 0:
        return None
    left, middle, right = (
        min(100.0, max(0.0, 100 * ((mean if isnan(end) else end) - start) / span))
        for end in (low, mean, high)
    )
    return Bar(left, right - left, middle)


def _best(context: ReportContext) -> str | None:
    """Return the variant that is better than every other one, decided as one family, if any.

    None is the best of a study of which some trials failed, or some contrasts mean nothing.
    """
    means = context.means["mean"]
    if len(means) < 2 or context.meaningless:
        return None
    first = str(means.idxmax())
    trials = context.results.trials
    if (trials["status"] != "done").any():
        return None
    others = [
        Contrast(variant=first, reference=str(name), design="list", factors=(), changed={})
        for name in means.index
        if name != first
    ]
    seeds = context.results.record.study.seeds
    decisions = decide(seed_differences(trials, others, seeds))
    return first if all(d and d.decided and d.low >= 0 for d in decisions) else None
