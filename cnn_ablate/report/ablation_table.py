"""The ablation table as data: one row per variant, with accuracy, effect, decision and size."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf, isfinite, isnan, nan
from typing import Any

import pandas as pd

from cnn_ablate.report import formatting
from cnn_ablate.report.outcomes import outcome
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.report.row_remarks import best_variant, remark
from cnn_ablate.report.seed_plot import SeedPlot, seed_plots
from cnn_ablate.report.table_notes import table_notes
from cnn_ablate.report.variant_labels import change, components, short_keys
from cnn_ablate.schema import TEST_ACCURACY, Effect, Metric
from cnn_ablate.text import listed

_MOST_COLUMNS = 8
_TWO_SEEDS = "In round brackets: the values of the two seeds, which have no interval."
_STATES = {"true": "on", "false": "off", "none": "off"}


@dataclass(frozen=True)
class Cell:
    """A number as printed, and the value that the table is sorted by; NaN if unknown."""

    text: str
    value: float = nan

    @property
    def rank(self) -> str:
        """The value as JavaScript reads it; empty if unknown."""
        if isnan(self.value):
            return ""
        return f"{self.value}" if isfinite(self.value) else "Infinity"


@dataclass(frozen=True)
class Mark:
    """A component of a variant: its level as written, and whether that is `on`, `off` or a name.

    `moved` if the reference has another level; a table shows these, and all of the reference.
    """

    text: str
    state: str
    moved: bool


@dataclass(frozen=True)
class AblationRow:
    """One variant, with its contrast; cells are empty where nothing is known.

    Attributes:
        variant: Its name.
        label: What it changes in its reference.
        versus: Its reference, unless that is the usual one.
        group: Equal for neighbours that change the same factor.
        is_reference: Whether the others are compared with it.
        is_best: Whether it is better than every other variant, decided as one family.
        marks: One per component of the table.
        accuracy: Mean over seeds, in per cent.
        interval: Its 95 % interval over seeds; the values of two seeds.
        half_width: Half the width of that interval; empty where it is cut at 0 or 100.
        effect: Mean of the differences paired by seed, in points.
        effect_interval: That of the family; the differences of two seeds.
        plot: The effect with its interval and its seeds, drawn to one scale.
        p: Adjusted for the family.
        verdict: What is decided; see `outcomes`.
        remark: What else must be known: failed trials, findings of the checks.
        parameters: Number of parameters.
        macs: Multiply-accumulates of one image.
    """

    variant: str
    label: str
    versus: str
    group: str
    is_reference: bool
    is_best: bool
    marks: tuple[Mark, ...]
    accuracy: Cell
    interval: str
    half_width: str
    effect: Cell
    effect_interval: str
    plot: SeedPlot | None
    p: Cell
    verdict: str
    remark: str
    parameters: Cell
    macs: Cell

    @property
    def name(self) -> str:
        """What it changes, and in which reference: `model2_lr0.1 (vs model2)`."""
        return f"{self.label} (vs {self.versus})" if self.versus else self.label


@dataclass(frozen=True)
class AblationTable:
    """The rows of a study in the order of its plan, the reference first.

    `components` are the headers of the marks; `chance` has the accuracies, as text, of classifiers
    that learn nothing, by name. `notes` say what must be known of its numbers.
    """

    name: str
    title: str
    conditions: str
    components: tuple[str, ...]
    rows: tuple[AblationRow, ...]
    chance: tuple[tuple[str, str], ...] = ()
    metric: Metric = TEST_ACCURACY
    notes: tuple[str, ...] = ()

    @cached_property
    def group_starts(self) -> frozenset[str]:
        """The variants that start a group; of neighbours, one must have more than one variant."""
        times = Counter(row.group for row in self.rows)
        return frozenset(
            row.variant
            for before, row in pairwise(self.rows)
            if row.group != before.group and max(times[row.group], times[before.group]) > 1
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The components with columns on a page: all, or none if they are many."""
        return self.components if len(self.components) <= _MOST_COLUMNS else ()

    def changes(self, row: AblationRow) -> str:
        """Return what a row changes where neither its name nor a column says so."""
        if self.columns or row.is_reference or row.label != row.variant:
            return ""
        pairs = zip(self.components, row.marks, strict=True)
        return ", ".join(f"{name} {mark.text or 'none'}" for name, mark in pairs if mark.moved)

    @property
    def sizes_differ(self) -> bool:
        """Whether variants differ in size by more than a hundredth."""
        sizes = [row.parameters.value for row in self.rows if row.parameters.value > 0]
        return bool(sizes) and max(sizes) > 1.01 * min(sizes)

    @property
    def is_symmetric(self) -> bool:
        """Whether every interval of an accuracy can be printed as plus-minus half its width."""
        # Two values are in round brackets, and are no interval.
        return all(row.half_width for row in self.rows if row.interval.startswith("["))

    @property
    def legend(self) -> tuple[str, ...]:
        """What a star and round brackets mean, as far as the table has them."""
        effects = [row.effect_interval for row in self.rows if row.verdict != "means nothing"]
        intervals = [*effects, *(row.interval for row in self.rows)]
        star = [formatting.STAR] * any(text.endswith("*") for text in intervals)
        return (*star, *[_TWO_SEEDS] * any(text.startswith("(") for text in intervals))


def ablation_table(context: ReportData) -> AblationTable:
    """Return the ablation table of a study as far as it was run."""
    study = context.results.record.study
    levels, effects = components(context), _main_effects(context)
    plots, best = seed_plots(context, list(effects.values())), best_variant(context)
    names = _names(context)
    rows = [
        AblationRow(
            variant=name,
            is_reference=name == context.reference,
            is_best=name == best,
            marks=tuple(_mark(texts, name, context.reference) for texts in levels.values()),
            **_level(context, name),
            **_difference(context, name, effects.get(name)),
            plot=plots.get(name),
            remark=remark(context, name, effects.get(name)),
        )
        for name in names
    ]
    chance = {n: formatting.number(100 * share) for n, share in context.metric_chance.items()}
    headers = tuple(short_keys(levels).values())
    return AblationTable(
        study.folder,
        study.title or study.name,
        context.conditions,
        headers,
        tuple(rows),
        tuple(chance.items()),
        context.metric,
        table_notes(context.metric, list(effects.values())),
    )


def _names(context: ReportData) -> list[str]:
    """Return the variants of which a trial has ended, done or failed, the reference first."""
    ended = set(context.results.trials["variant"])
    names = [variant.name for variant in context.results.record.plan.variants]
    return sorted((n for n in names if n in ended), key=lambda name: name != context.reference)


def _main_effects(context: ReportData) -> dict[str, Effect]:
    """Return one effect per variant: that against the usual reference, or else its first."""
    effects: dict[str, Effect] = {}
    for effect in context.effects:
        if effect.metric != context.metric:
            continue
        if effect.variant not in effects or effect.reference == context.reference:
            effects[effect.variant] = effect
    return effects


def _mark(levels: Mapping[str, str], name: str, reference: str) -> Mark:
    level, usual = levels.get(name, ""), levels.get(reference, "")
    return Mark(level, _STATES.get(level, "named" if level else ""), level != usual)


def _level(context: ReportData, name: str) -> dict[str, Any]:
    """Return accuracy and size of a variant."""
    own = context.trials[context.trials["variant"] == name]
    known = {column: own[column].dropna() for column in ("parameters", "macs")}
    parameters, macs = (float(v.iloc[0]) if len(v) else nan for v in known.values())
    sizes = {"parameters": _count(parameters), "macs": _count(macs)}
    if name not in context.means.index:
        return {"accuracy": Cell(""), "interval": "", "half_width": "", **sizes}
    metric = context.metric
    mean, low, high = map(float, context.means.loc[name, ["mean", "low", "high"]])
    two = ", ".join(formatting.level(metric, metric.scale * x) for x in own[metric.name])
    interval = f"({two})" if len(own) == 2 else formatting.level_interval(metric, low, high)
    half_width = "" if len(own) < 3 else formatting.half_width(metric, mean, low, high)
    accuracy = Cell(formatting.level(metric, mean), mean)
    return {"accuracy": accuracy, "interval": interval, "half_width": half_width, **sizes}


def _count(number: float) -> Cell:
    return Cell(formatting.magnitude(number), number)


def _difference(context: ReportData, name: str, effect: Effect | None) -> dict[str, Any]:
    """Return the contrast of a variant in words and numbers."""
    if effect is None:
        empty = {"effect": Cell(""), "effect_interval": "", "p": Cell(""), "verdict": ""}
        group = "" if name == context.reference else name
        return {"label": name, "versus": "", "group": group, **empty}
    crossed = effect.design if effect.reference != context.reference else ""
    group = effect.design if effect.design == "list" else crossed or listed(effect.factors)
    difference = nan if effect.difference is None else effect.difference
    p = inf if effect.p_adjusted is None else effect.p_adjusted
    interval, unit = formatting.family_interval(effect), effect.metric.difference_unit
    if effect.seeds == 2:
        values = context.seed_differences(effect).values()
        interval = f"({', '.join(formatting.points(value, unit) for value in values)})"
    return {
        "label": change(context, effect),
        "versus": "" if effect.reference == context.reference else effect.reference,
        "group": group,
        "effect": Cell(formatting.points(difference, unit), difference),
        "effect_interval": interval,
        "p": Cell(formatting.p_value(effect.p_adjusted), p),
        "verdict": outcome(context, effect),
    }


def frame(table: AblationTable) -> pd.DataFrame:
    """Return the numbers of a table, one row per variant, for programs."""
    columns = ("accuracy", "effect", "p", "parameters", "macs")
    rows = [
        {
            "variant": row.variant,
            "change": row.name,
            **{name: getattr(row, name).value for name in columns},
            "verdict": row.verdict,
            "remark": row.remark,
        }
        for row in table.rows
    ]
    return pd.DataFrame(rows).replace(inf, nan)
