"""Forest plot of the effects: difference per contrast, its intervals, and its seeds."""

import pandas as pd

from cnn_ablate.report import formatting
from cnn_ablate.report.figures import draw_intervals
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.report.variant_labels import change
from cnn_ablate.schema import Effect
from cnn_ablate.text import some

# With more contrasts, the largest are drawn; the tables have all.
MOST = 25


def data(context: ReportData) -> pd.DataFrame | None:
    """Return difference, intervals and seeds per contrast, or None if no contrast has a seed.

    `low` and `high` are those of the family, which agree with its decision.
    """
    known = [e for e in context.effects if e.metric == context.metric]
    known = [effect for effect in known if effect.difference is not None]
    largest = sorted(known, key=lambda effect: -abs(effect.difference or 0.0))[:MOST]
    rows = [
        {
            "name": formatting.short(change(context, effect), 40),
            "detail": _reference(context, effect),
            "metric": context.metric.difference_label,
            "variant": effect.variant,
            "reference": effect.reference,
            "seeds": effect.seeds,
            "difference": effect.difference,
            "low": effect.low_family,
            "high": effect.high_family,
            "p_adjusted": effect.p_adjusted,
            "direction": effect.direction * (-1 if context.metric.better == "lower" else 1),
            "images_low": effect.images_low,
            "images_high": effect.images_high,
            "meaningless": context.why_meaningless(effect),
            **context.seed_differences(effect),
        }
        for effect in known
        if effect in largest
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(_NUMBERS, float)) if rows else None


_NUMBERS = (
    *("seeds", "difference", "low", "high", "p_adjusted", "direction"),
    *("images_low", "images_high"),
)


def _reference(context: ReportData, effect: Effect) -> str:
    usual = effect.reference == context.reference
    return "" if usual else f"vs {context.short_names[effect.reference]}"


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    usual = (data["reference"] == context.reference).all()
    reference = context.reference if usual else "each variant's reference"
    images = "; thin line: 95 % CI over test images" if _has_image_intervals(data) else ""
    what = f"Difference in {context.metric.label}"
    if data["low"].isna().all():
        what = f"{what} from {reference}{images} ({context.seed_counts})."
        return f"{what}{_void(data)}"
    return (
        f"{what} from {reference}: mean of differences paired by seed, with "
        "the 95 % interval for all contrasts of its family at once; ticks: individual "
        f"seeds{images} ({context.seed_counts}). {_colours(context)}; no colour: not decided; no "
        f"interval: not tested.{_clipped(data)}{draw_intervals.note(data)}{_void(data)}"
        f"{_left_out(context, data)}"
    )


def _colours(context: ReportData) -> str:
    better = "lower" if context.metric.better == "lower" else "higher"
    return f"Green: {better}, which is better; orange: worse"


def _left_out(context: ReportData, data: pd.DataFrame) -> str:
    every = sum(effect.difference is not None for effect in context.effects)
    return f" Shown are the {MOST} largest of {every}." if len(data) < every else ""


def _clipped(data: pd.DataFrame) -> str:
    """Return the sentence on ends that were set to zero, if there are any."""
    clipped = (data[["low", "high"]] == 0).any(axis=None)
    return " *: an end set to zero to agree with the step-down test." if clipped else ""


def _void(data: pd.DataFrame) -> str:
    """Return the sentence on the rows that mean nothing, if there are any."""
    reasons = list(dict.fromkeys(filter(None, data["meaningless"])))
    return f" Grey: means nothing, because {some(reasons)}." if reasons else ""


def _has_image_intervals(data: pd.DataFrame) -> bool:
    return bool(data["images_low"].notna().any())


def _alt(data: pd.DataFrame) -> str:
    effects = [
        " ".join(filter(None, (row["name"], row["detail"], _shown(row))))
        for _, row in data.iterrows()
    ]
    return f"Forest plot of the {data['metric'].iloc[0]}: {some(effects, 11)}."


def _shown(row: pd.Series) -> str:
    shown = formatting.points(row["difference"], draw_intervals.unit_of(row))
    return "means nothing" if row["meaningless"] else shown


EFFECTS = FigureSpec(
    "Effects",
    "The effects as a figure",
    data,
    draw_intervals.draw,
    _caption,
    _alt,
    folded=True,
)
