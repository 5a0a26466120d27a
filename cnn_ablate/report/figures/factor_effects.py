"""What crossed factors do on average, how they interact, and how their gain is shared out."""

from functools import partial

import pandas as pd

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import intervals
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.stats import attribution, factorial

_CROSSED = {"factorial", "fractional"}


def terms(measured: ReportContext, *, interactions: bool) -> pd.DataFrame | None:
    """Give the main effects of crossed factors, or the interactions of pairs of them."""
    record = measured.results.record
    crossed = [design for design in record.study.designs if design.kind in _CROSSED]
    if not crossed or measured.trials.empty:
        return None
    every = [factor.name for factor in record.study.factors]
    chosen = {name for design in crossed for name in design.factors or every}
    factors = [factor for factor in record.study.factors if factor.name in chosen]
    found = factorial(measured.trials, factors, record.plan.variants)
    found = found[(found["term"].str.contains(":") == interactions) & found["difference"].notna()]
    detail = found["levels"].str.replace(" - ", f" {formats.MINUS} ")
    named = found.assign(name=found["term"].map(_name), detail=detail)
    return named if len(named) else None


def _name(term: str) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(key.partition(".")[2] or key for key in term.split(":"))


def shares(measured: ReportContext) -> pd.DataFrame | None:
    """Give what each on/off component contributes to the gain of all of them together."""
    record = measured.results.record
    found = attribution(measured.trials, record.study.factors, record.plan.variants)
    found = found[found["contribution"].notna()]
    return found.assign(name=found["component"], detail="") if len(found) > 1 else None


def _terms_caption(measured: ReportContext, data: pd.DataFrame, *, what: str) -> str:
    aliased = [
        f"{row['term']} cannot be told from {row['aliases']}"
        for _, row in data[data["aliases"] != ""].iterrows()
    ]
    hidden = f" Here {formats.several(aliased, at_most=4)}." if aliased else ""
    return (
        f"{what}, in points of test accuracy, by least squares with seeds as blocks and 95 % "
        f"intervals ({measured.budget}).{intervals.note(data)}{hidden}"
    )


def _terms_alt(data: pd.DataFrame, *, what: str) -> str:
    said = [f"{row['term']} {formats.points(row['difference'])}" for _, row in data.iterrows()]
    return f"{what}: {formats.several(said, at_most=12)}."


def _shares_caption(measured: ReportContext, data: pd.DataFrame) -> str:
    method = {
        "shapley": "Shapley values: each component's mean gain over all orders of adding them",
        "leave one out": "What the full system loses without each component alone",
    }[data["method"].iloc[0]]
    spread = ", with 95 % intervals over seeds" if data["low"].notna().any() else ""
    arrows = intervals.note(data, value="contribution")
    return f"{method}{spread} ({measured.budget}).{arrows}"


def _shares_alt(data: pd.DataFrame) -> str:
    said = [f"{row['name']} {formats.points(row['contribution'])}" for _, row in data.iterrows()]
    return f"Contributions in percentage points: {formats.several(said, at_most=12)}."


_POINTS = "points of test accuracy"
_AVERAGE = "What each factor does on average over the others"
_TWO_WAY = "How much the effect of one factor differs between levels of another"

MAIN = FigureSpec(
    "Factors",
    "Main effects",
    partial(terms, interactions=False),
    partial(intervals.draw, label=_POINTS),
    partial(_terms_caption, what=_AVERAGE),
    partial(_terms_alt, what=_AVERAGE),
)
PAIRS = FigureSpec(
    "Factors",
    "Two-way interactions",
    partial(terms, interactions=True),
    partial(intervals.draw, label=_POINTS),
    partial(_terms_caption, what=_TWO_WAY),
    partial(_terms_alt, what=_TWO_WAY),
)
SHARES = FigureSpec(
    "Factors",
    "Contribution of each component",
    shares,
    partial(intervals.draw, label=_POINTS, value="contribution"),
    _shares_caption,
    _shares_alt,
)
