"""The results table: one row a variant, its components, its accuracy and what it costs."""

from dataclasses import dataclass

import pandas as pd

from cnn_ablate.report import words
from cnn_ablate.report.measured import Measured
from cnn_ablate.stats.paired import t_interval
from cnn_ablate.stats.tables import by_seed, differences
from cnn_ablate.store.tables import factor_columns

_ON, _OFF = {"true"}, {"false", "none"}
_WIDE = 9


@dataclass(frozen=True)
class Cell:
    """A number as it is shown, and as it is sorted by."""

    text: str
    value: float


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
    bar: Bar | None
    parameters: Cell
    macs: Cell
    seconds: Cell
    seeds: Cell


@dataclass(frozen=True)
class Table:
    """The results table with the names of its components."""

    components: tuple[str, ...]
    rows: tuple[Row, ...]


def table(measured: Measured) -> Table:
    """Lay out the results of all variants that have a finished trial."""
    keys = _keys(measured)
    levels = measured.trials.drop_duplicates("variant").set_index("variant")
    best = _best(measured)
    low, high = _range(measured.means)
    rows = [
        Row(
            variant=name,
            reference=name == measured.reference,
            best=name in best,
            components=tuple(_component(levels, measured.reference, name, key) for key in keys),
            **_accuracy(measured.means.loc[name], low, high),
            **_costs(measured, name),
        )
        for name in measured.variants
    ]
    return Table(components=tuple(keys), rows=tuple(rows))


def _keys(measured: Measured) -> list[str]:
    """Choose the columns that tell variants apart; of a crowd, the study's own factors only."""
    study = measured.results.record.study
    moving = [key for key in factor_columns(study) if measured.trials[key].nunique() > 1]
    factors = [factor.name for factor in study.factors]
    own = [key for key in moving if key in factors]
    return own if own and len(moving) > _WIDE else moving


def _component(levels: pd.DataFrame, reference: str, name: str, key: str) -> Component:
    text = str(levels.loc[name, key])
    usual = str(levels.loc[reference, key]) if reference in levels.index else text
    state = "on" if text in _ON else "off" if text in _OFF else "named"
    return Component(text=text or "–", state=state, moved=text != usual)


def _range(means: pd.DataFrame) -> tuple[float, float]:
    low = float(means[["mean", "low"]].min(axis=None))
    high = float(means[["mean", "high"]].max(axis=None))
    return max(low, 0.0), min(high, 100.0)


def _accuracy(mean: pd.Series, low: float, high: float) -> dict[str, object]:
    ends = (words.number(mean["low"]), words.number(mean["high"]))
    return {
        "accuracy": Cell(words.number(mean["mean"]), float(mean["mean"])),
        "interval": words.between(*ends),
        "bar": _bar(mean, low, high),
    }


def _bar(mean: pd.Series, low: float, high: float) -> Bar | None:
    if high <= low:
        return None
    place = {end: 100 * (mean[end] - low) / (high - low) for end in ("low", "mean", "high")}
    if pd.isna(place["low"]):
        return Bar(left=place["mean"], width=0, mean=place["mean"])
    left, right = max(place["low"], 0.0), min(place["high"], 100.0)
    return Bar(left=left, width=right - left, mean=place["mean"])


def _costs(measured: Measured, name: str) -> dict[str, Cell]:
    own = measured.trials[measured.trials["variant"] == name]
    planned = len(measured.results.record.study.seeds)
    parameters, macs = own["parameters"].iloc[0], own["macs"].iloc[0]
    seconds = own["seconds"].mean()
    return {
        "parameters": Cell(f"{parameters:,.0f}", float(parameters)),
        "macs": Cell(words.magnitude(macs), float(macs)),
        "seconds": Cell(words.duration(seconds), float(seconds)),
        "seeds": Cell(f"{len(own)} of {planned}", float(len(own))),
    }


def _best(measured: Measured) -> set[str]:
    """Name the variant whose every paired interval against another lies above zero, if any."""
    for name in measured.variants:
        others = [other for other in measured.variants if other != name]
        if others and all(_beats(measured.trials, name, other) for other in others):
            return {name}
    return set()


def _beats(trials: pd.DataFrame, name: str, other: str) -> bool:
    values = by_seed(trials, [name, other], "test_accuracy")
    low, _ = t_interval(differences(values, {name: 1.0, other: -1.0}))
    return low > 0
