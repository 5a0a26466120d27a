"""Tables of details below the figures: all statistics of each contrast, and convergence."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, nan

import numpy as np
import pandas as pd

from cnn_ablate.report import formatting
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.results_table import Cell
from cnn_ablate.schema import Effect
from cnn_ablate.stats import Interval, in_points, means, metric_column
from cnn_ablate.text import percent, plain_number


@dataclass(frozen=True)
class DetailTable:
    """A table of numbers; each row is a name and its cells."""

    name: str
    section: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def detail_tables(context: ReportContext) -> tuple[DetailTable, ...]:
    """Return the tables that have rows."""
    return tuple(filter(None, (_contrasts(context), _convergence(context))))


_CONTRAST_COLUMNS = (
    *("Contrast", "Seeds", "Points", "SD", "t interval", "BCa interval"),
    *("p", "p, Holm", "p, BH", "Test-set CI", "McNemar p", "McNemar p per seed"),
)


def _contrasts(context: ReportContext) -> DetailTable | None:
    estimated = [effect for effect in context.effects if effect.difference is not None]
    if not estimated:
        return None
    note = (
        "Difference in test accuracy from the reference in percentage points, paired by seed. All "
        "intervals are 95 % confidence intervals: over seeds by Student's t and by the BCa "
        "bootstrap (too narrow below about twenty seeds), and over test images by a paired "
        "bootstrap. p: sign-flip permutation test over seeds, unadjusted and adjusted by Holm and "
        "by Benjamini-Hochberg. McNemar p: over test images, with seeds as blocks and for each "
        f"seed ({context.conditions})."
    )
    rows = tuple((context.contrast_name(effect), tuple(_cells(effect))) for effect in estimated)
    title = "All statistics of each contrast"
    return DetailTable("contrasts", "Results", title, note, _CONTRAST_COLUMNS, rows)


def _cells(effect: Effect) -> Iterable[Cell]:
    yield Cell(str(effect.seeds), effect.seeds)
    yield _cell(formatting.points(effect.difference), effect.difference)
    yield _cell(formatting.number(effect.sd, 2), effect.sd)
    yield _interval(effect.low, effect.high)
    yield _interval(effect.bca_low, effect.bca_high)
    for p in (effect.p, effect.p_adjusted, effect.p_bh):
        yield _cell(formatting.p_value(p), p)
    yield _interval(effect.images_low, effect.images_high)
    yield _cell(formatting.p_value(effect.mcnemar_p), effect.mcnemar_p)
    per_seed = effect.mcnemar_seeds
    yield _cell(", ".join(map(formatting.p_value, per_seed)), min(per_seed, default=None))


def _cell(text: str, value: float | None) -> Cell:
    return Cell(text, nan if value is None else value)


def _interval(low: float | None, high: float | None) -> Cell:
    return _cell(formatting.points_interval(low, high), low)


def _convergence(context: ReportContext) -> DetailTable | None:
    speed = context.learning_speed
    if speed is None:
        return None
    threshold = percent(speed.threshold)
    metrics = {
        "Best accuracy": "best_accuracy",
        "AULC": "auc_accuracy",
        f"Epochs to {threshold}": metric_column("epochs_to_accuracy", speed.threshold),
        f"Seconds to {threshold}": metric_column("seconds_to_accuracy", speed.threshold),
        "Instability": "instability",
        "Training accuracy": "train_accuracy",
    }
    columns = [_column(context, speed.trials, metric) for metric in metrics.values()]
    note = (
        "Means over seeds with 95 % confidence intervals; accuracies in per cent, on validation "
        "images, else test images, else training images. AULC is the area under the learning "
        "curve: the mean accuracy over epochs. Instability is the mean size of the reversals of "
        "the loss from epoch to epoch: 0 if it only falls. Training accuracy is that of the last "
        f"epoch, on augmented images ({context.conditions})."
    )
    rows = tuple(zip(context.variants, zip(*columns, strict=True), strict=True))
    title = "Convergence speed and stability"
    return DetailTable("learning", "Training", title, note, ("Variant", *metrics), rows)


def _column(context: ReportContext, trials: pd.DataFrame, metric: str) -> list[Cell]:
    """Return the mean of a metric per variant, and how many seeds never reached a threshold.

    A metric that needs more epochs than a variant has, as the instability does, is left empty.
    """
    averages = means(trials, metric=metric).set_index("variant").reindex(context.variants)
    cells = []
    for variant in context.variants:
        values = trials.loc[trials["variant"] == variant, metric].astype(float)
        never = int(np.isinf(values).sum())
        if never == len(values):
            cells.append(Cell("never", inf))
            continue
        mean, low, high = map(float, averages.loc[variant, ["mean", "low", "high"]])
        missed = f", {never} of {len(values)} never" if never else ""
        cells.append(Cell(f"{_with_interval(metric, mean, (low, high))}{missed}", mean))
    return cells


def _with_interval(metric: str, mean: float, ends: Interval) -> str:
    low, high = (_number(metric, end) for end in ends)
    return f"{_number(metric, mean)} {formatting.interval(low, high)}".rstrip()


def _number(metric: str, value: float) -> str:
    if not isfinite(value):
        return ""
    return formatting.number(value) if in_points(metric) else plain_number(value)
