"""Effects of invented results, by hand."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cnn_ablate.schema import TEST_ACCURACY, Contrast, Effect, Metric
from cnn_ablate.stats import PredictionReader, estimate_effects
from support import fake_results

OFF = fake_results.contrast("b", model_residual=(True, False))
ADAM = fake_results.contrast("c", optimizer_name=("sgd", "adam"))


def effects_of(
    trials: pd.DataFrame,
    contrasts: Sequence[Contrast],
    *,
    metric: Metric = TEST_ACCURACY,
    predictions: PredictionReader | None = None,
    **study: Any,
) -> tuple[Effect, ...]:
    """Estimate the effects of contrasts whose variants have all seeds of the trials."""
    names = [*dict.fromkeys(name for c in contrasts for name in (c.reference, c.variant))]
    study = {"metric": metric, "seeds": tuple(sorted(set(trials["seed"]))), **study}
    record = fake_results.record(list(map(fake_results.variant, names)), contrasts, **study)
    return estimate_effects(trials, record, predictions=predictions)
