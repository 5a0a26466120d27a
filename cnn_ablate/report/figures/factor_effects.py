"""Main effects and interactions of crossed factors, and the contribution of each component."""

from functools import partial

import pandas as pd

from cnn_ablate.report import formatting
from cnn_ablate.report.figures import draw_intervals
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Factor, Metric
from cnn_ablate.stats import attribution, factorial
from cnn_ablate.stats.shapley import is_absent
from cnn_ablate.text import grouped, some

_CROSSED = {"factorial", "fractional"}


def terms(context: ReportData, *, interactions: bool) -> pd.DataFrame | None:
    """Return main effects or two-way interactions of crossed factors, or None if there are none."""
    record = context.results.record
    crossed = [design for design in record.study.designs if design.kind in _CROSSED]
    if not crossed or context.trials.empty:
        return None
    every = [factor.name for factor in record.study.factors]
    chosen = {name for design in crossed for name in design.factors or every}
    factors = [factor for factor in record.study.factors if factor.name in chosen]
    table = factorial(context.trials, factors, record.plan.variants, metric=context.metric)
    table = table[(table["term"].str.contains(":") == interactions) & table["difference"].notna()]
    detail = table["levels"].str.replace(" - ", f" {formatting.MINUS} ")
    named = table.assign(name=table["term"].map(_name), detail=detail, metric=_axis(context.metric))
    return named if len(named) else None


def _axis(metric: Metric) -> str:
    return metric.difference_label.removeprefix("difference in ")


def _shown(row: pd.Series, value: str) -> str:
    return formatting.points(row[value], draw_intervals.unit_of(row))


def _name(term: str) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(key.partition(".")[2] or key for key in term.split(":"))


def shares(context: ReportData) -> pd.DataFrame | None:
    """Return each on/off component's contribution to their joint gain, or None if one at most.

    Those whose contrast means nothing are left out.
    """
    record = context.results.record
    sound = [v for v in record.plan.variants if v.name not in context.incomparable]
    table = attribution(context.trials, record.study.factors, sound, metric=context.metric)
    table = table[table["contribution"].notna()]
    named = table.assign(name=table["component"], detail="", metric=_axis(context.metric))
    return named if len(table) > 1 else None


def _terms_caption(context: ReportData, data: pd.DataFrame, *, what: str) -> str:
    aliased = [
        f"{row['term']} is aliased with {row['aliases']}"
        for _, row in data[data["aliases"] != ""].iterrows()
    ]
    aliases = f" In this design {some(aliased, 3)}." if aliased else ""
    return (
        f"{what}, in {data['metric'].iloc[0]}: least squares with seeds as blocks, "
        "95 % confidence intervals, each for itself and with one spread for all cells "
        f"({context.seed_counts}).{draw_intervals.note(data)}{aliases}{context.doubt}"
    )


def _terms_alt(data: pd.DataFrame, *, what: str) -> str:
    terms = [f"{row['term']} {_shown(row, 'difference')}" for _, row in data.iterrows()]
    return f"{what}: {some(terms, 11)}."


def _shares_caption(context: ReportData, data: pd.DataFrame) -> str:
    method = {
        "shapley": "Shapley values: mean gain of each component over all orders of adding them",
        "leave one out": "Loss of the full system when one component is removed",
    }[data["method"].iloc[0]]
    spread = (
        ", with 95 % confidence intervals over seeds, each for itself"
        if data["low"].notna().any()
        else ""
    )
    arrows = draw_intervals.note(data, value="contribution")
    return f"{method}{spread} ({context.seed_counts}).{arrows}{_left_out(context, data)}"


def _left_out(context: ReportData, data: pd.DataFrame) -> str:
    """Return the sentence on factors without a contribution, with the reason of each."""
    factors = context.results.record.study.factors
    missing = [factor for factor in factors if factor.name not in set(data["name"])]
    reasons = grouped((_reason(context, factor), factor.name) for factor in missing)
    named = "; ".join(f"{some(names)} ({reason})" for reason, names in reasons.items())
    return f" Left out: {named}." if named else ""


def _reason(context: ReportData, factor: Factor) -> str:
    """Return why a factor has no contribution."""
    off = sum(map(is_absent, factor.levels))
    if not off:
        return "no level that is off"
    if len(factor.levels) > 2:
        return "more than two levels"
    if off == 2:
        return "no level that is on"
    own = (effect for effect in context.effects if effect.factors == (factor.name,))
    if any(map(context.why_meaningless, own)):
        return "means nothing"
    return "no trained variant lacks it alone"


def _shares_alt(data: pd.DataFrame) -> str:
    components = [f"{row['name']} {_shown(row, 'contribution')}" for _, row in data.iterrows()]
    return f"Contributions to the {data['metric'].iloc[0]}: {some(components, 11)}."


_AVERAGE = "Effect of each factor, averaged over the levels of the others"
_TWO_WAY = "Difference of one factor's effect between levels of another"

MAIN = FigureSpec(
    "Factors",
    "Main effects",
    partial(terms, interactions=False),
    draw_intervals.draw,
    partial(_terms_caption, what=_AVERAGE),
    partial(_terms_alt, what=_AVERAGE),
)
PAIRS = FigureSpec(
    "Factors",
    "Two-way interactions",
    partial(terms, interactions=True),
    draw_intervals.draw,
    partial(_terms_caption, what=_TWO_WAY),
    partial(_terms_alt, what=_TWO_WAY),
)
SHARES = FigureSpec(
    "Factors",
    "Contribution of each component",
    shares,
    partial(draw_intervals.draw, value="contribution"),
    _shares_caption,
    _shares_alt,
    folded=True,
)
