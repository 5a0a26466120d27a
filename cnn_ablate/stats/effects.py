"""Contrasts to effects: each variant against its reference, paired by seed."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cnn_ablate.schema import Contrast, Effect
from cnn_ablate.stats import paired
from cnn_ablate.stats.multiple_comparisons import adjusted
from cnn_ablate.stats.pairing import FloatArray, by_seed, differences, scale
from cnn_ablate.stats.predictions import (
    Answers,
    Reader,
    answers,
    image_interval,
    mcnemar,
    pooled_mcnemar_p,
    weigh_images,
    wilson,
)
from cnn_ablate.stats.words import action, sentence

_TUPLES = ("factors", "mcnemar_seeds")
_FLOATS = {name for name, field in Effect.model_fields.items() if field.annotation == float | None}


def effects(
    trials: pd.DataFrame,
    contrasts: Sequence[Contrast],
    *,
    metric: str = "test_accuracy",
    read: Reader | None = None,
) -> pd.DataFrame:
    """Compare each variant with its reference: the rows of effects.csv.

    Args:
        trials: Rows of results.csv; only those that are done count, and only seeds that both sides
            have done.
        contrasts: The family over which Holm adjusts, as far as it can be tested yet.
        metric: A column of `trials`, its own or one joined from `derived`.
        read: Gives the stored predictions of a trial; without it nothing is said of test images.

    Returns:
        One row a contrast; the columns are the fields of `schema.Effect`, NaN where too few seeds
        are done to say.
    """
    return frame(measure(trials, contrasts, metric=metric, read=read))


def measure(
    trials: pd.DataFrame,
    contrasts: Sequence[Contrast],
    *,
    metric: str = "test_accuracy",
    read: Reader | None = None,
) -> tuple[Effect, ...]:
    """Do the same, and give values instead of a table."""
    answer = answers(read) if read and metric == "test_accuracy" else None
    return _as_family([_effect(trials, contrast, metric, answer) for contrast in contrasts])


def frame(found: Sequence[Effect]) -> pd.DataFrame:
    """Turn effects into rows."""
    rows = [{**effect.model_dump(), **_joined(effect)} for effect in found]
    table = pd.DataFrame(rows, columns=list(Effect.model_fields))
    return table.astype(dict.fromkeys([*_FLOATS, "images"], float))


def _joined(effect: Effect) -> dict[str, str]:
    return {name: "; ".join(map(str, getattr(effect, name))) for name in _TUPLES}


def means(trials: pd.DataFrame, *, metric: str = "test_accuracy", images: int = 0) -> pd.DataFrame:
    """Average a metric over the seeds of each variant; fractions become per cent.

    Returns:
        Columns `variant`, `seeds`, `mean`, `sd`, `low` and `high` (t interval over seeds), and
        `images_low` and `images_high` (Wilson's, of the mean, if the number of `images` is given).
    """
    rows = []
    for variant in dict.fromkeys(trials.loc[trials["status"] == "done", "variant"]):
        values = by_seed(trials, [variant], metric)[variant].to_numpy(float)
        if len(values):
            accuracy = min(1.0, float(values.mean()) / 100)
            tested = wilson(accuracy * images, images if scale(metric) == 100 else 0)
            row = (variant, len(values), values.mean(), paired.spread(values))
            rows.append((*row, *paired.t_interval(values), *(100 * end for end in tested)))
    names = ["variant", "seeds", "mean", "sd", "low", "high", "images_low", "images_high"]
    return pd.DataFrame(rows, columns=names)


def _effect(
    trials: pd.DataFrame, contrast: Contrast, metric: str, answer: Answers | None
) -> Effect:
    weights = {contrast.variant: 1.0, contrast.reference: -1.0}
    found = differences(by_seed(trials, list(weights), metric), weights)
    tested = _images(trials, weights, answer) if answer else {}
    return Effect(
        variant=contrast.variant,
        reference=contrast.reference,
        design=contrast.design,
        factors=contrast.factors,
        action=action(contrast),
        metric=metric,
        seeds=len(found),
        **_seeds(found),
        **tested,
    )


def _seeds(found: FloatArray) -> dict[str, Any]:
    low, high = paired.t_interval(found)
    bca_low, bca_high = paired.bca_interval(found)
    values = {
        "difference": float(found.mean()) if len(found) else math.nan,
        "sd": paired.spread(found),
        "low": low,
        "high": high,
        "bca_low": bca_low,
        "bca_high": bca_high,
        "p": paired.sign_flip_p(found),
        "p_t": paired.t_test_p(found),
        "smallest_p": paired.smallest_p(len(found)),
    }
    return {name: _known(value) for name, value in values.items()}


def _images(trials: pd.DataFrame, weights: dict[str, float], answer: Answers) -> dict[str, Any]:
    images = weigh_images(trials, weights, answer)
    if images is None:
        return {}
    low, high = image_interval(100 * images.scores)
    variant, reference = weights
    return {
        "images": len(images.net),
        "images_low": low,
        "images_high": high,
        "mcnemar_p": pooled_mcnemar_p(np.rint(images.net).astype(np.int64)),
        "mcnemar_seeds": tuple(mcnemar(trials, variant, reference, answer)["p"].round(9)),
    }


def _as_family(found: Sequence[Effect]) -> tuple[Effect, ...]:
    """Adjust each p by the others, and say each effect in words."""
    p = [math.nan if effect.p is None else effect.p for effect in found]
    holm, bh = adjusted(p), adjusted(p, "benjamini_hochberg")
    family = int(np.count_nonzero(~np.isnan(p)))
    # No p can be under the least that its seeds allow, and so none after Holm under theirs.
    least = adjusted([math.nan if e.p is None else e.smallest_p or math.nan for e in found])
    adjustments = [
        {
            "family": family,
            "p_adjusted": _known(holm[i]),
            "p_bh": _known(bh[i]),
            "smallest_adjusted": _known(least[i]),
        }
        for i, effect in enumerate(found)
    ]
    complete = [e.model_copy(update=update) for e, update in zip(found, adjustments, strict=True)]
    return tuple(effect.model_copy(update={"sentence": sentence(effect)}) for effect in complete)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
