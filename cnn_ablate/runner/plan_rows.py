"""The plan of a study as rows, for commands to print and for programs to read."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cnn_ablate.runner.prepare import Prepared, training_steps
from cnn_ablate.schema import Size, Trial
from cnn_ablate.text import count


def plan_rows(
    prepared: Prepared, variants: Collection[str], seconds: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    """Yield one row per variant of the plan, as commands print it and programs read it.

    Args:
        prepared: The study.
        variants: Names of the variants to list.
        seconds: Estimated seconds per trial, by variant; may be empty.
    """
    # Of several contrasts of a variant, its row has the first.
    contrasts = {contrast.variant: contrast for contrast in reversed(prepared.plan.contrasts)}
    trials: dict[str, list[Trial]] = {}
    for trial in prepared.plan.trials:
        trials.setdefault(trial.variant, []).append(trial)
    for name in (v.name for v in prepared.plan.variants if v.name in variants):
        contrast, of_variant = contrasts.get(name), trials[name]
        yield {
            "variant": name,
            "changed": contrast.changed if contrast else {},
            "reference": contrast.reference if contrast else None,
            **({} if prepared.inputs else _work(prepared, of_variant[0])),
            "seeds": [trial.seed for trial in of_variant],
            "trial_ids": [] if prepared.missing else [trial.id for trial in of_variant],
            "done": None if prepared.missing else sum(t.id in prepared.done for t in of_variant),
            **({"seconds": seconds[name]} if seconds else {}),
        }


def _work(prepared: Prepared, trial: Trial) -> dict[str, int | None]:
    """Return size and steps of a trial, None where the network or its images are unknown."""
    size = prepared.sizes.get(trial.variant)
    sizes = size.model_dump() if size else dict.fromkeys(Size.model_fields)
    steps = training_steps(prepared, trial) if prepared.knows_image_counts else None
    return {**sizes, "steps": steps}


def data_remarks(prepared: Prepared) -> Iterator[str]:
    """Yield what differs from what its folder suggests, in a sentence, per data set."""
    for facts in prepared.data:
        if facts.left_out:
            yield f"{prepared.plan.data_name(facts)}: {facts.note}"
        if facts.val:
            fractions = {v.settings["data"]["val_fraction"] for v in prepared.plan.variants}
            but = ", where data.val_fraction is not set" if any(fractions) else ""
            images = f"{count(facts.val, 'image')} of {prepared.plan.data_name(facts)}"
            yield f"{images}, in val/, for validation{but}."
