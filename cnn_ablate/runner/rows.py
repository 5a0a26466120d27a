"""What a study will train, one row a variant: as commands print it and programs read it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import Contrast, Trial


def rows(
    survey: Prepared, chosen: Collection[str], seconds: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    """Give a row for each chosen variant; `seconds` are those of one trial, if they are known."""
    first: dict[str, Contrast] = {}
    for contrast in survey.plan.contrasts:
        first.setdefault(contrast.variant, contrast)
    trials: dict[str, list[Trial]] = {}
    for trial in survey.plan.trials:
        trials.setdefault(trial.variant, []).append(trial)
    for variant in survey.plan.variants:
        if variant.name not in chosen:
            continue
        against, own = first.get(variant.name), trials[variant.name]
        yield {
            "variant": variant.name,
            "changed": against.changed if against else {},
            "reference": against.reference if against else None,
            **survey.sizes[variant.name].model_dump(),
            "seeds": [trial.seed for trial in own],
            "trial_ids": [] if survey.missing else [trial.id for trial in own],
            "done": sum(trial.id in survey.done for trial in own),
            **({"seconds": seconds[variant.name]} if seconds else {}),
        }
