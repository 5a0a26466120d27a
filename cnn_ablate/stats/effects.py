"""Effects of contrasts: each variant against its reference, paired by seed."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import TEST_ACCURACY, Contrast, Effect, Metric, Record
from cnn_ablate.stats.decisions import ContrastDecision, decide_contrasts
from cnn_ablate.stats.failure_rates import Failures, count_failures
from cnn_ablate.stats.family_tests import FISHER
from cnn_ablate.stats.image_noise import image_interval, percentiles, pooled_mcnemar_p, wilson
from cnn_ablate.stats.multiple_comparisons import decide
from cnn_ablate.stats.paired_differences import sample_sd, t_interval
from cnn_ablate.stats.pairing import FloatArray, compute_settings, seed_differences, values_by_seed
from cnn_ablate.stats.predictions import PredictionReader, resample_images, weigh_images
from cnn_ablate.stats.sentences import action, sentence

_COLUMNS = [name for name, field in Effect.model_fields.items() if not field.exclude]
_FLOATS = {name for name, field in Effect.model_fields.items() if field.annotation == float | None}

# Metrics that are computed from the predictions for test images.
_OVER_IMAGES = {TEST_ACCURACY.name} | {
    name for name, known in KNOWN_METRICS.items() if known.source == "predictions"
}


def estimate_effects(
    trials: pd.DataFrame,
    record: Record,
    *,
    metric: Metric | None = None,
    predictions: PredictionReader | None = None,
    over_images: Mapping[tuple[str, str, str], dict[str, Any]] = MappingProxyType({}),
) -> tuple[Effect, ...]:
    """Compare each variant with its reference.

    Args:
        trials: Rows of results.csv; only trials that are done have a value, and only seeds count
            that both variants have done.
        record: The study with its contrasts, and the families in which they are tested.
        metric: A column of `trials`, whose effects are not tested; by default that of the study.
        predictions: Stored predictions; without them the effects hold nothing about test images.
        over_images: What was known about test images, by variant, reference and metric.

    Returns:
        One effect per contrast; its numbers are None where too few seeds are done.
    """
    contrasts, seeds = record.plan.contrasts, record.study.seeds
    measure = metric or record.study.metric
    rows = seed_differences(trials, contrasts, seeds, measure)
    untested = [ContrastDecision()] * len(rows)
    decisions = untested if metric else decide_contrasts(record, trials, rows)
    settings = compute_settings(trials)
    return tuple(
        _effect(
            _names(contrast, settings)
            | {"metric": measure}
            | over_images.get((*contrast.sides, measure.name), {})
            | _over_images(trials, contrast, measure, predictions),
            row[: decision.seeds],
            # The reference may have more seeds for other contrasts, and have failed there.
            count_failures(trials, contrast.sides, seeds[: decision.seeds or paired_seeds]),
            decision,
        )
        for contrast, row, paired_seeds, decision in zip(
            contrasts, rows, record.plan.paired_seeds, decisions, strict=True
        )
    )


def effects_frame(effects: Sequence[Effect]) -> pd.DataFrame:
    """Return the rows of effects.csv: one per effect, with the columns of `schema.Effect`."""
    rows = [{**effect.model_dump(), "factors": "; ".join(effect.factors)} for effect in effects]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.astype(dict.fromkeys([*_FLOATS, "look", "images"], float))


def means(trials: pd.DataFrame, *, metric: Metric = TEST_ACCURACY, images: int = 0) -> pd.DataFrame:
    """Average a metric over the seeds of each variant; fractions become per cent.

    Returns:
        One row per variant: `variant`, `seeds`, `mean`, `sd`, `low` and `high` (t interval over
        seeds, none if all are equal), and `images_low` and `images_high` (Wilson's interval of the
        mean, if the number of `images` is given).
    """
    rows = []
    for variant in dict.fromkeys(trials.loc[trials["status"] == "done", "variant"]):
        values = values_by_seed(trials, [variant], metric)[variant].to_numpy(float)
        if len(values):
            # The mean of floats may exceed 1 by a rounding error, which Wilson's formula refuses.
            accuracy = min(1.0, float(values.mean()) / 100)
            tested = wilson(accuracy * images, images if metric.name == TEST_ACCURACY.name else 0)
            row = (variant, len(values), values.mean(), sample_sd(values))
            # A width of zero would look like certainty.
            ends = t_interval(values) if np.ptp(values) else (np.nan, np.nan)
            rows.append((*row, *ends, *(100 * end for end in tested)))
    names = ["variant", "seeds", "mean", "sd", "low", "high", "images_low", "images_high"]
    return pd.DataFrame(rows, columns=names)


def _names(contrast: Contrast, settings: dict[str, set[tuple[str, ...]]]) -> dict[str, Any]:
    ours, theirs = (settings.get(name) for name in (contrast.variant, contrast.reference))
    return {
        **contrast.model_dump(include={"variant", "reference", "design", "factors"}),
        "action": action(contrast),
        "compute_differs": bool(ours and theirs and ours != theirs),
    }


def _effect(
    known: dict[str, Any], row: FloatArray, failures: Failures, decided: ContrastDecision
) -> Effect:
    """Return an effect from what is known of it and its differences by seed, NaN for no pair."""
    pairs = row[~np.isnan(row)]
    effect = Effect(
        **known,
        seeds=len(pairs),
        failed=failures.failed,
        failed_reference=failures.failed_reference,
        **_over_seeds(pairs),
        **_decided(row, failures, decided),
    )
    update = {**_over_both(effect), "negligible": _is_negligible(effect, decided)}
    effect = effect.model_copy(update=update)
    words = sentence(effect, pairs, failures, decided.outcome)
    return effect.model_copy(update={"sentence": words})


def _over_seeds(pairs: FloatArray) -> dict[str, Any]:
    """Compute what the paired differences (seeds,) say of their mean.

    Two differences, or equal ones, have an interval on paper that means nothing.
    """
    spread = len(pairs) > 2 and np.ptp(pairs) > 0
    low, high = t_interval(pairs) if spread else (math.nan, math.nan)
    mean = float(pairs.mean()) if len(pairs) else math.nan
    numbers = {"difference": mean, "sd": sample_sd(pairs), "low": low, "high": high}
    return {name: _none_if_nan(value) for name, value in numbers.items()}


def _decided(row: FloatArray, failures: Failures, decided: ContrastDecision) -> dict[str, Any]:
    """Return what the family says, and the p of the same test of this contrast alone."""
    decision = decided.decision
    if decision is None:
        return {}
    [alone] = decide([row])
    p = failures.p if decision.method == FISHER or alone is None else alone.p_adjusted
    return {
        "family": decided.family,
        "counted_in": decided.family,
        "method": decision.method,
        "p": p,
        "p_adjusted": decision.p_adjusted,
        "low_family": _none_if_nan(decision.low),
        "high_family": _none_if_nan(decision.high),
        "decided": decision.decided and decided.outcome in {None, "decided"},
        "look": decided.look,
    }


def _is_negligible(effect: Effect, decided: ContrastDecision) -> bool:
    """Return whether a contrast that is not decided is shown to be within the margin.

    By the equivalence test of its look, or else by the interval of its family; and where test
    images are known, over them, too.
    """
    if effect.decided or effect.low_family is None or effect.metric.margin is None:
        return False
    ends = [effect.images_low, effect.images_high]
    if decided.outcome is None:
        ends += [effect.low_family, effect.high_family]
    elif decided.outcome != "negligible":
        return False
    return all(abs(end) < effect.metric.margin for end in ends if end is not None)


def _over_images(
    trials: pd.DataFrame, contrast: Contrast, metric: Metric, reader: PredictionReader | None
) -> dict[str, Any]:
    """Compute what the test images say, with the trained networks as they are."""
    if reader is None or metric.name not in _OVER_IMAGES:
        return {}
    weights = {contrast.variant: 1.0, contrast.reference: -1.0}
    images = weigh_images(trials, weights, reader)
    if images is None:
        return {}
    if metric.name != TEST_ACCURACY.name:
        draws = resample_images(trials, weights, metric, reader)
        if draws is None:
            return {}
        low, high = percentiles(draws)
        return {"images": len(images.net), "images_low": low, "images_high": high}
    # Scores are fractions; effects are in points.
    low, high = image_interval(100 * images.scores)
    return {
        "images": len(images.net),
        "images_low": low,
        "images_high": high,
        "mcnemar_p": pooled_mcnemar_p(np.rint(images.net).astype(np.int64)),
    }


def _over_both(effect: Effect) -> dict[str, float]:
    """Combine the noise of seeds and of test images, which are independent, about the mean."""
    ends = (effect.low, effect.high, effect.images_low, effect.images_high)
    low, high, images_low, images_high = (math.nan if end is None else end for end in ends)
    half = math.hypot(high - low, images_high - images_low) / 2
    if math.isnan(half) or effect.difference is None:
        return {}
    return {"low_both": effect.difference - half, "high_both": effect.difference + half}


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
