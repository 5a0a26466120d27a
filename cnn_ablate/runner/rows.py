"""What a study will train, one row a variant: as commands print it and programs read it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cnn_ablate.runner.survey import Survey
from cnn_ablate.schema import Contrast


def rows(
    survey: Survey, chosen: Collection[str], seconds: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    """Give a row for each chosen variant; `seconds` are those of one trial, if they are known."""
    first: dict[str, Contrast] = {}
    for contrast in survey.plan.contrasts:
        first.setdefault(contrast.variant, contrast)
    seeds = survey.plan.seeds()
    ids: dict[str, list[str]] = {}
    for trial in survey.plan.trials:
        ids.setdefault(trial.variant, []).append(trial.id)
    for variant in survey.plan.variants:
        if variant.name not in chosen:
            continue
        against = first.get(variant.name)
        yield {
            "variant": variant.name,
            "changed": against.changed if against else {},
            "reference": against.reference if against else None,
            **survey.sizes[variant.name].model_dump(),
            "seeds": list(seeds[variant.name]),
            "trial_ids": [] if survey.missing else ids[variant.name],
            "done": sum(trial in survey.done for trial in ids[variant.name]),
            **({"seconds": seconds[variant.name]} if seconds else {}),
        }
