"""Tables of numbers beside the figures: each contrast in full, and how variants learn."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, nan

import numpy as np
import pandas as pd

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.table import Cell
from cnn_ablate.schema import Effect
from cnn_ablate.stats import Interval, in_points, means, named, plain


@dataclass(frozen=True)
class Listing:
    """A table of numbers: a name and cells a row."""

    name: str
    section: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def listings(measured: ReportContext) -> tuple[Listing, ...]:
    """Give the tables that have something to show."""
    return tuple(filter(None, (_contrasts(measured), _learning(measured))))


_CONTRASTS = (
    *("Contrast", "Seeds", "Points", "SD", "t interval", "BCa interval"),
    *("p", "p, Holm", "p, BH", "Test images", "McNemar p", "McNemar p by seed"),
)


def _contrasts(measured: ReportContext) -> Listing | None:
    known = [effect for effect in measured.effects if effect.difference is not None]
    if not known:
        return None
    note = (
        "Differences in test accuracy from the reference, in points, paired by seed. All "
        "intervals are 95 %: over seeds by Student's t and by the BCa bootstrap, which is too "
        "narrow for fewer than some twenty, and apart from them over the test images by a paired "
        "bootstrap. p is that of flipping signs over seeds, "
        "alone and adjusted by Holm and by Benjamini and Hochberg; McNemar's p is over test "
        f"images, with seeds as blocks and seed by seed ({measured.conditions})."
    )
    rows = tuple((measured.against(effect), tuple(_numbers(effect))) for effect in known)
    return Listing("contrasts", "Results", "All numbers of each contrast", note, _CONTRASTS, rows)


def _numbers(effect: Effect) -> Iterable[Cell]:
    yield Cell(str(effect.seeds), effect.seeds)
    yield _cell(formats.points(effect.difference), effect.difference)
    yield _cell(formats.number(effect.sd, 2), effect.sd)
    yield _between(effect.low, effect.high)
    yield _between(effect.bca_low, effect.bca_high)
    for p in (effect.p, effect.p_adjusted, effect.p_bh):
        yield _cell(formats.probability(p), p)
    yield _between(effect.images_low, effect.images_high)
    yield _cell(formats.probability(effect.mcnemar_p), effect.mcnemar_p)
    alone = effect.mcnemar_seeds
    yield _cell(", ".join(map(formats.probability, alone)), min(alone, default=None))


def _cell(text: str, value: float | None) -> Cell:
    return Cell(text, nan if value is None else value)


def _between(low: float | None, high: float | None) -> Cell:
    return _cell(formats.between(formats.points(low), formats.points(high)), low)


def _learning(measured: ReportContext) -> Listing | None:
    found = measured.course
    if found is None:
        return None
    near, at = formats.percent(found.threshold), found.threshold
    metrics = {
        "Best accuracy": "best_accuracy",
        "Area under epochs": "auc_accuracy",
        f"Epochs to {near}": named("epochs_to_accuracy", at),
        f"Seconds to {near}": named("seconds_to_accuracy", at),
        "Instability": "instability",
        "Training accuracy": "train_accuracy",
    }
    columns = [_column(measured, found.trials, metric) for metric in metrics.values()]
    note = (
        "Means over seeds with 95 % intervals; accuracies in per cent, on the images that the "
        "curves show. The mean over epochs is the area under the accuracy. Instability is how far "
        "a loss lies from the middle of its two neighbours, on average. The training accuracy is "
        f"that of the last epoch, on the images as augmented ({measured.conditions})."
    )
    rows = tuple(zip(measured.variants, zip(*columns, strict=True), strict=True))
    title = "Speed and steadiness of learning"
    return Listing("learning", "Training", title, note, ("Variant", *metrics), rows)


def _column(measured: ReportContext, trials: pd.DataFrame, metric: str) -> list[Cell]:
    """Give the mean of a metric for each variant; where some seeds never got there, that too.

    What takes more epochs than a variant had, as the instability does, is left empty.
    """
    found = means(trials, metric=metric).set_index("variant").reindex(measured.variants)
    cells = []
    for variant in measured.variants:
        values = trials.loc[trials["variant"] == variant, metric].astype(float)
        never = int(np.isinf(values).sum())
        if never == len(values):
            cells.append(Cell("never", inf))
            continue
        mean, low, high = map(float, found.loc[variant, ["mean", "low", "high"]])
        lost = f", {never} of {len(values)} never" if never else ""
        cells.append(Cell(f"{_shown(metric, mean, (low, high))}{lost}", mean))
    return cells


def _shown(metric: str, mean: float, interval: Interval) -> str:
    low, high = (_written(metric, end) for end in interval)
    return f"{_written(metric, mean)} {formats.between(low, high)}".rstrip()


def _written(metric: str, value: float) -> str:
    if not isfinite(value):
        return ""
    return formats.number(value) if in_points(metric) else plain(value)
