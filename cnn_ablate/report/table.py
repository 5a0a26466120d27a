"""The results table: one row a variant, its components, its accuracy and what it costs."""

from dataclasses import dataclass
from functools import partial
from math import isfinite, isnan

import numpy as np
import pandas as pd

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.stats import by_seed, differences, t_interval
from cnn_ablate.store.tables import factor_columns

_STATES = {"true": "on", "false": "off", "none": "off"}
_WIDE = 9


@dataclass(frozen=True)
class Cell:
    """A number as it is shown, and as it is sorted by; not a number where it is unknown."""

    text: str
    value: float

    @property
    def rank(self) -> str:
        """Write what it is sorted by, as scripts read it; nothing where it is unknown."""
        if isnan(self.value):
            return ""
        return f"{self.value}" if isfinite(self.value) else "Infinity"


@dataclass(frozen=True)
class Component:
    """A factor's level: on, off, or by its name; and whether the reference has another."""

    text: str
    state: str
    moved: bool


@dataclass(frozen=True)
class Bar:
    """Where an interval and its mean lie between the table's lowest and highest, in per cent."""

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
class Table:
    """The results table with what to know of it and the names of its components."""

    note: str
    components: tuple[str, ...]
    rows: tuple[Row, ...]


def table(measured: ReportContext) -> Table:
    """Lay out the results of all variants that have a finished trial."""
    keys = _keys(measured)
    levels = measured.trials.drop_duplicates("variant").set_index("variant")
    row = partial(_row, measured, levels[keys].astype(str), _best(measured))
    return Table(_note(measured), components=tuple(keys), rows=tuple(map(row, measured.variants)))


def _note(measured: ReportContext) -> str:
    unequal = len(set(measured.planned.values())) > 1
    paired = " Some variants have the first seeds only: effects, which are paired, compare them."
    return (
        "Mean test accuracy over seeds in per cent, with 95 % intervals: over seeds (Student's t), "
        f"and apart from them over test images (Wilson). {formats.capital(measured.conditions)}."
        f"{paired if unequal else ''}"
    )


def _keys(measured: ReportContext) -> list[str]:
    """Choose the columns that tell variants apart; of a crowd, the study's own factors only.

    What the levels of a bundle set is told by their names.
    """
    study = measured.results.record.study
    factors = {factor.name for factor in study.factors}
    listed = {key for design in study.designs for entry in design.entries for key in entry.sets}
    moving = [
        key
        for key in factor_columns(study)
        if key in factors | listed and len(set(measured.trials[key])) > 1
    ]
    own = [key for key in moving if key in factors]
    return own if own and len(moving) > _WIDE else moving


def _row(measured: ReportContext, levels: pd.DataFrame, best: str | None, name: str) -> Row:
    own = measured.trials[measured.trials["variant"] == name]
    known = measured.means.loc[name, ["mean", "low", "high", "images_low", "images_high"]]
    mean, low, high, *images = map(float, known)
    parameters, macs = int(own["parameters"].iloc[0]), int(own["macs"].iloc[0])
    seconds = float(own["seconds"].mean())
    usual = levels.loc[measured.reference if measured.reference in levels.index else name]
    return Row(
        variant=name,
        reference=name == measured.reference,
        best=name == best,
        components=tuple(map(_component, levels.loc[name], usual)),
        accuracy=Cell(formats.number(mean), mean),
        interval=formats.between(formats.number(max(low, 0.0)), formats.number(min(high, 100.0))),
        images=formats.between(*map(formats.number, images)),
        bar=_bar(measured.means, mean, low, high),
        parameters=Cell(f"{parameters:,}", parameters),
        macs=Cell(formats.magnitude(macs), macs),
        seconds=Cell(formats.duration(seconds), seconds),
        seeds=Cell(f"{len(own)} of {measured.planned[name]}", len(own)),
    )


def _component(level: str, usual: str) -> Component:
    return Component(text=level or "-", state=_STATES.get(level, "named"), moved=level != usual)


def _bar(means: pd.DataFrame, mean: float, low: float, high: float) -> Bar | None:
    """Place an interval among all intervals; one that is not known is as wide as its mean."""
    start = max(0.0, float(np.nanmin(means[["mean", "low"]].to_numpy(float))))
    span = min(100.0, float(np.nanmax(means[["mean", "high"]].to_numpy(float)))) - start
    if span <= 0:
        return None
    left, middle, right = (
        min(100.0, max(0.0, 100 * ((mean if end != end else end) - start) / span))  # noqa: PLR0124
        for end in (low, mean, high)
    )
    return Bar(left, right - left, middle)


def _best(measured: ReportContext) -> str | None:
    """Name the variant whose every interval against another, paired by seed, lies above zero."""
    means = measured.means["mean"]
    if len(means) < 2:
        return None
    first = str(means.idxmax())
    others = [str(name) for name in means.index if name != first]
    return first if all(_beats(measured.trials, first, other) for other in others) else None


def _beats(trials: pd.DataFrame, name: str, other: str) -> bool:
    values = by_seed(trials, [name, other], "test_accuracy")
    low, _ = t_interval(differences(values, {name: 1.0, other: -1.0}))
    return low > 0
