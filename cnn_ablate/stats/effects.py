"""Effects of contrasts: each variant against its reference, paired by seed."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cnn_ablate.schema import Contrast, Effect
from cnn_ablate.stats import paired
from cnn_ablate.stats.image_noise import image_interval, pooled_mcnemar_p, wilson
from cnn_ablate.stats.multiple_comparisons import adjust_p
from cnn_ablate.stats.pairing import FloatArray, differences, values_by_seed
from cnn_ablate.stats.predictions import PredictionReader, mcnemar, weigh_images
from cnn_ablate.stats.sentences import action, sentence
from cnn_ablate.stats.units import scale

_TUPLES = ("factors", "mcnemar_seeds")
_FLOATS = {name for name, field in Effect.model_fields.items() if field.annotation == float | None}


def estimate_effects(
    trials: pd.DataFrame,
    contrasts: Sequence[Contrast],
    *,
    metric: str = "test_accuracy",
    predictions: PredictionReader | None = None,
) -> tuple[Effect, ...]:
    """Compare each variant with its reference.

    Args:
        trials: Rows of results.csv; only trials that are done count, and only seeds that both
            variants have done.
        contrasts: The family over which Holm adjusts, as far as its members can be tested yet.
        metric: A column of `trials`, its own or one joined from `convergence`.
        predictions: Stored predictions; without them the effects hold nothing about test images.

    Returns:
        One effect per contrast; its numbers are None where too few seeds are done.
    """
    # Only accuracy is a mean over test images, which can be resampled one by one.
    reader = predictions if metric == "test_accuracy" else None
    return _as_family([_effect(trials, contrast, metric, reader) for contrast in contrasts])


def effects_frame(effects: Sequence[Effect]) -> pd.DataFrame:
    """Return the rows of effects.csv: one per effect, with the fields of `schema.Effect`."""
    rows = [{**effect.model_dump(), **_joined(effect)} for effect in effects]
    table = pd.DataFrame(rows, columns=list(Effect.model_fields))
    return table.astype(dict.fromkeys([*_FLOATS, "images"], float))


def _joined(effect: Effect) -> dict[str, str]:
    return {name: "; ".join(map(str, getattr(effect, name))) for name in _TUPLES}


def means(trials: pd.DataFrame, *, metric: str = "test_accuracy", images: int = 0) -> pd.DataFrame:
    """Average a metric over the seeds of each variant; fractions become per cent.

    Returns:
        One row per variant: `variant`, `seeds`, `mean`, `sd`, `low` and `high` (t interval over
        seeds), and `images_low` and `images_high` (Wilson's interval of the mean, if the number of
        `images` is given).
    """
    rows = []
    for variant in dict.fromkeys(trials.loc[trials["status"] == "done", "variant"]):
        values = values_by_seed(trials, [variant], metric)[variant].to_numpy(float)
        if len(values):
            # The mean of floats may exceed 1 by a rounding error, which Wilson's formula refuses.
            accuracy = min(1.0, float(values.mean()) / 100)
            tested = wilson(accuracy * images, images if scale(metric) == 100 else 0)
            row = (variant, len(values), values.mean(), paired.sample_sd(values))
            rows.append((*row, *paired.t_interval(values), *(100 * end for end in tested)))
    names = ["variant", "seeds", "mean", "sd", "low", "high", "images_low", "images_high"]
    return pd.DataFrame(rows, columns=names)


def _effect(
    trials: pd.DataFrame, contrast: Contrast, metric: str, reader: PredictionReader | None
) -> Effect:
    # Both sides of a seed share their random numbers, so their difference has less noise.
    weights = {contrast.variant: 1.0, contrast.reference: -1.0}
    values = differences(values_by_seed(trials, list(weights), metric), weights)
    return Effect(
        variant=contrast.variant,
        reference=contrast.reference,
        design=contrast.design,
        factors=contrast.factors,
        action=action(contrast),
        metric=metric,
        seeds=len(values),
        **_over_seeds(values),
        **(_over_images(trials, weights, reader) if reader else {}),
    )


def _over_seeds(values: FloatArray) -> dict[str, Any]:
    """Compute what the paired differences (seeds,) say of their mean."""
    low, high = paired.t_interval(values)
    bca_low, bca_high = paired.bca_interval(values)
    numbers = {
        "difference": float(values.mean()) if len(values) else math.nan,
        "sd": paired.sample_sd(values),
        "low": low,
        "high": high,
        "bca_low": bca_low,
        "bca_high": bca_high,
        "p": paired.sign_flip_p(values),
        "p_t": paired.t_test_p(values),
        "smallest_p": paired.smallest_p(len(values)),
    }
    return {name: _none_if_nan(value) for name, value in numbers.items()}


def _over_images(
    trials: pd.DataFrame, weights: dict[str, float], reader: PredictionReader
) -> dict[str, Any]:
    """Compute what the test images say, with the trained networks as they are."""
    images = weigh_images(trials, weights, reader)
    if images is None:
        return {}
    # Scores are fractions; effects are in points.
    low, high = image_interval(100 * images.scores)
    variant, reference = weights
    return {
        "images": len(images.net),
        "images_low": low,
        "images_high": high,
        "mcnemar_p": pooled_mcnemar_p(np.rint(images.net).astype(np.int64)),
        "mcnemar_seeds": tuple(mcnemar(trials, variant, reference, reader)["p"].round(9)),
    }


def _as_family(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """Adjust each p for the others, and add the sentences, which state the adjusted p."""
    p = [math.nan if effect.p is None else effect.p for effect in effects]
    holm, bh = adjust_p(p), adjust_p(p, "benjamini_hochberg")
    family = int(np.count_nonzero(~np.isnan(p)))
    # No p can be below the smallest that its seeds allow: adjusting those gives the floor.
    floor = adjust_p([math.nan if e.p is None else e.smallest_p or math.nan for e in effects])
    adjustments = [
        {
            "family": family,
            "p_adjusted": _none_if_nan(holm[i]),
            "p_bh": _none_if_nan(bh[i]),
            "smallest_adjusted": _none_if_nan(floor[i]),
        }
        for i in range(len(effects))
    ]
    complete = [e.model_copy(update=update) for e, update in zip(effects, adjustments, strict=True)]
    return tuple(effect.model_copy(update={"sentence": sentence(effect)}) for effect in complete)


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
