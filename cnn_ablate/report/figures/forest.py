"""The effects: each contrast's difference with its interval, and the seeds it is made of."""

from functools import partial

import pandas as pd

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import intervals
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.schema import Effect


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give a row for each contrast that can be measured: points, intervals, each seed's points."""
    known = [effect for effect in measured.effects if effect.difference is not None]
    rows = [
        {
            "name": measured.short[effect.variant],
            "detail": _against(measured, effect),
            "variant": effect.variant,
            "reference": effect.reference,
            **effect.model_dump(include=_NUMBERS),
            **measured.differences(effect),
        }
        for effect in known
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(_NUMBERS, float)) if rows else None


_NUMBERS = {"seeds", "difference", "low", "high", "images_low", "images_high", "p_adjusted"}


def _against(measured: ReportContext, effect: Effect) -> str:
    usual = effect.reference == measured.reference
    return "" if usual else f"vs {measured.short[effect.reference]}"


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    usual = (data["reference"] == measured.reference).all()
    reference = measured.reference if usual else "each variant's reference"
    images = "; the thin line is the noise of the test images" if _tested(data) else ""
    if data["low"].isna().all():
        return f"Difference in test accuracy from {reference}{images} ({measured.budget})."
    return (
        f"Difference in test accuracy from {reference}: means with 95 % intervals, paired by seed; "
        f"ticks are single seeds{images} ({measured.budget}). Blue gains, orange loses; where the "
        f"interval includes no effect, the line has no colour.{intervals.note(data)}"
    )


def _tested(data: pd.DataFrame) -> bool:
    return bool(data["images_low"].notna().any())


def _alt(data: pd.DataFrame) -> str:
    said = [
        " ".join(filter(None, (row["name"], row["detail"], formats.points(row["difference"]))))
        for _, row in data.iterrows()
    ]
    return f"Forest plot of effects in percentage points: {formats.several(said, at_most=12)}."


EFFECTS = FigureSpec(
    "Effects",
    "Effects on test accuracy",
    data,
    partial(intervals.draw, label="difference in test accuracy, percentage points"),
    _caption,
    _alt,
)
