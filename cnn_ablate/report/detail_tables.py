"""Tables of details below the figures: all statistics of each contrast, and convergence."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, nan

import numpy as np
import pandas as pd

from cnn_ablate.metrics import KNOWN_METRICS, at_threshold
from cnn_ablate.report import formatting
from cnn_ablate.report.ablation_table import Cell
from cnn_ablate.report.final_evaluation import curves_note
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Effect, Metric
from cnn_ablate.stats import Interval, means
from cnn_ablate.text import capital, plain_number


@dataclass(frozen=True)
class DetailTable:
    """A table of numbers; each row is a name and its cells."""

    name: str
    section: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def detail_tables(context: ReportData) -> tuple[DetailTable, ...]:
    """Return the tables that have rows."""
    builders = (_contrasts, _variants, _layers, _classes, _convergence)
    return tuple(table for build in builders if (table := build(context)))


_CONTRAST_COLUMNS = (
    *("Contrast", "Family", "Seeds", "Failed", "Difference", "SD", "Family interval", "p"),
    *("p, adjusted", "Decided", "t interval, alone", "Test-set CI", "Seeds and images"),
    *("McNemar p", "Compute"),
)


def _contrasts(context: ReportData) -> DetailTable | None:
    known = [effect for effect in context.effects if effect.seeds or effect.failed]
    if not known:
        return None
    note = (
        f"{capital(context.metric.difference_label)}, from the reference, paired by seed. The "
        "contrasts of a family are tested together: its interval excludes zero just where it "
        "decides, and * marks an end set to zero to agree with the step-down test. p: of the same "
        "test for the contrast alone, and adjusted for the family. The t interval holds for one "
        "contrast alone, and decides nothing. Test-set CI: paired bootstrap over test images; next "
        "to it the noise of seeds and images combined. McNemar p: over test images, seeds as "
        "blocks. Failed: trials of the variant and of its reference. Compute: whether both sides "
        f"were computed in the same way ({context.conditions})."
    )
    rows = tuple((_contrast(context, effect), tuple(_cells(effect))) for effect in known)
    title = "All statistics of each contrast"
    return DetailTable("contrasts", "Results", title, note, _CONTRAST_COLUMNS, rows)


def _contrast(context: ReportData, effect: Effect) -> str:
    reason = context.why_meaningless(effect)
    return f"{context.contrast_name(effect)}{f' (means nothing: {reason})' if reason else ''}"


def _cells(effect: Effect) -> Iterable[Cell]:
    unit = effect.metric.difference_unit
    yield _cell(effect.family or "not tested", None)
    yield Cell(str(effect.seeds), effect.seeds)
    yield Cell(f"{effect.failed}, {effect.failed_reference}", effect.failed)
    yield _cell(formatting.points(effect.difference, unit), effect.difference)
    yield _cell(formatting.number(effect.sd, 2 if unit == formatting.POINTS else 4), effect.sd)
    yield _cell(formatting.family_interval(effect), effect.low_family)
    yield _cell(formatting.p_value(effect.p), effect.p)
    yield _cell(formatting.p_value(effect.p_adjusted), effect.p_adjusted)
    yield Cell("yes" if effect.decided else "no", effect.decided)
    yield _interval(effect.low, effect.high, unit)
    yield _interval(effect.images_low, effect.images_high, unit)
    yield _interval(effect.low_both, effect.high_both, unit)
    yield _cell(formatting.p_value(effect.mcnemar_p), effect.mcnemar_p)
    yield Cell("differs" if effect.compute_differs else "same", effect.compute_differs)


def _cell(text: str, value: float | None) -> Cell:
    return Cell(text, nan if value is None else value)


def _interval(low: float | None, high: float | None, unit: str) -> Cell:
    return _cell(formatting.points_interval(low, high, unit), low)


_VARIANT_COLUMNS = (
    *("Variant", "Mean", "SD", "CI over seeds", "Test-set CI", "Seeds", "Parameters"),
    *("MACs", "Time per trial"),
)


def _variants(context: ReportData) -> DetailTable | None:
    if context.trials.empty:
        return None
    note = (
        f"{capital(context.metric.label)}: mean over seeds with Student's t interval over seeds "
        "and, separately, Wilson's interval over test images. Variants with fewer seeds than "
        "others are compared by their effects, which are paired by seed."
    )
    rows = tuple((name, tuple(_variant(context, name))) for name in context.variants)
    title = "Accuracy, seeds, size and time of each variant"
    return DetailTable("variants", "Results", title, note, _VARIANT_COLUMNS, rows)


def _variant(context: ReportData, name: str) -> Iterable[Cell]:
    trials, metric = context.trials[context.trials["variant"] == name], context.metric
    columns = ["mean", "sd", "low", "high", "images_low", "images_high"]
    known = context.means.reindex([name]).loc[name, columns]
    mean, sd, low, high, *images = map(float, known)
    yield Cell(formatting.level(metric, mean), mean)
    yield Cell(formatting.number(sd, 2), sd)
    for ends in ((low, high), images):
        yield Cell(formatting.level_interval(metric, *ends), ends[0])
    yield Cell(f"{len(trials)} of {context.planned_seeds.get(name, len(trials))}", len(trials))
    for column, text in (("parameters", "{:,.0f}"), ("macs", "{:,.0f}")):
        number = float(trials[column].mean())
        yield Cell(text.format(number) if isfinite(number) else "", number)
    seconds = float(trials["seconds"].mean())
    yield Cell(formatting.duration(seconds), seconds)


def _layers(context: ReportData) -> DetailTable | None:
    layers = context.results.record.layers
    if not layers:
        return None
    rows = tuple(
        (
            layer.name,
            (
                Cell(layer.kind, nan),
                Cell(" x ".join(map(str, layer.shape or ())), nan),
                Cell(f"{layer.parameters:,}", layer.parameters),
                Cell(f"{layer.macs:,}", layer.macs),
            ),
        )
        for layer in layers
    )
    note = f"The network of {context.reference}; outputs and MACs of one image."
    columns = ("Layer", "Kind", "Output", "Parameters", "MACs")
    return DetailTable("layers", "Images", "The network, layer by layer", note, columns, rows)


_CLASS_SHARES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def _classes(context: ReportData) -> DetailTable | None:
    """Return precision, recall and F1 per class, of the reference."""
    classes = context.results.classes
    if not {*_CLASS_SHARES} <= {*classes.columns} or context.reference not in context.variants:
        return None
    own = classes[classes["variant"] == context.reference]
    tested = own[own["n"] > 0].groupby("class", sort=False)
    shares = 100 * tested[[*_CLASS_SHARES]].mean()
    counts = tested["n"].first()
    rows = tuple(
        (
            str(name),
            (
                Cell(f"{counts[name]:,}", counts[name]),
                *(_cell(formatting.number(x), x) for x in values),
            ),
        )
        for name, values in zip(shares.index, shares.to_numpy(), strict=True)
    )
    seeds = context.seeds_of([context.short_names[context.reference]])
    note = (
        f"Of {context.reference}, in per cent, means over seeds ({seeds}). Recall is "
        "the accuracy of a class. A class that is never predicted has no precision."
    )
    columns = ("Class", "Test images", *_CLASS_SHARES.values())
    title = "Precision, recall and F1 per class"
    return DetailTable("class_shares", "Classes", title, note, columns, rows)


def _convergence(context: ReportData) -> DetailTable | None:
    speed = context.learning_speed
    if speed is None:
        return None
    threshold = formatting.whole_percent(speed.threshold)
    metrics = {
        "Best accuracy": KNOWN_METRICS["best_accuracy"].metric,
        "AULC": KNOWN_METRICS["auc_accuracy"].metric,
        f"Epochs to {threshold}": at_threshold("epochs_to_accuracy", speed.threshold),
        f"Seconds to {threshold}": at_threshold("seconds_to_accuracy", speed.threshold),
        "Instability": KNOWN_METRICS["instability"].metric,
        "Training accuracy": KNOWN_METRICS["train_accuracy"].metric,
    }
    columns = [_column(context, speed.trials, metric) for metric in metrics.values()]
    note = (
        "Means over seeds with 95 % confidence intervals; accuracies in per cent, on validation "
        "images, else test images, else training images. AULC is the area under the learning "
        "curve: the mean accuracy over epochs. Instability is the mean size of the reversals of "
        "the loss from epoch to epoch: 0 if it only falls. Training accuracy is that of the last "
        f"epoch, on augmented images ({context.conditions})."
        f"{curves_note(context.results.record, context.variants)}"
    )
    rows = tuple(zip(context.variants, zip(*columns, strict=True), strict=True))
    title = "Convergence speed and stability"
    return DetailTable("learning", "Training", title, note, ("Variant", *metrics), rows)


def _column(context: ReportData, trials: pd.DataFrame, metric: Metric) -> list[Cell]:
    """Return the mean of a metric per variant, and how many seeds never reached a threshold.

    A metric that needs more epochs than a variant has, as the instability does, is left empty.
    """
    averages = means(trials, metric=metric).set_index("variant").reindex(context.variants)
    cells = []
    for variant in context.variants:
        values = trials.loc[trials["variant"] == variant, metric.name].astype(float)
        never = int(np.isinf(values).sum())
        if never == len(values):
            cells.append(Cell("never", inf))
            continue
        mean, low, high = map(float, averages.loc[variant, ["mean", "low", "high"]])
        missed = f", {never} of {len(values)} never" if never else ""
        cells.append(Cell(f"{_with_interval(metric, mean, (low, high))}{missed}", mean))
    return cells


def _with_interval(metric: Metric, mean: float, ends: Interval) -> str:
    """Return a mean with its interval, which ends at zero: no metric of learning is negative."""
    low, high = formatting.in_range(metric, max(ends[0], 0.0), ends[1])
    shown = formatting.interval(_number(metric, low), _number(metric, high))
    return f"{_number(metric, mean)} {shown}".rstrip()


def _number(metric: Metric, value: float) -> str:
    if not isfinite(value):
        return ""
    return formatting.number(value) if metric.is_fraction else plain_number(value)
