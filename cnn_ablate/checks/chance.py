"""Variants that are no better than naming the most frequent class."""

from collections.abc import Iterator

import pandas as pd
import scipy

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import percent, some


def at_chance(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants whose test accuracy is not beyond chance, and references among them.

    An exact binomial test per trial, one-sided at 5 %, against the share of the most frequent
    class: a network that always names it learns nothing.
    """
    unlearned = {name: _count_at_chance(study, trials) for name, trials in study.by_variant}
    wholly = [name for name, trials in study.by_variant if unlearned[name] == len(trials)]
    partly = {n: k for n, k in unlearned.items() if k and n not in wholly}
    floor = percent(max(study.floor.values(), default=0.0))
    remedy = "Train longer, or change the learning rate."
    if wholly:
        means = study.done.groupby("variant")["test_accuracy"].mean()
        named = some(f"{name} ({percent(means[name])})" for name in wholly)
        yield Finding(
            kind="at chance",
            severity="error",
            where=study.where(wholly),
            message=f"No better than naming the most frequent class ({floor}) in any seed: "
            f"{named}. {remedy}",
            data={"variants": wholly, "meaningless": study.contrasts_of(wholly)},
        )
        yield from _references_at_chance(study, wholly)
    if partly:
        affected = {name: study.of_seeds(name, k) for name, k in partly.items()}
        named = some(f"{name} ({seeds})" for name, seeds in affected.items())
        yield Finding(
            kind="at chance",
            severity="warning",
            where=study.where(partly),
            message=f"No better than naming the most frequent class ({floor}) in some seeds: "
            f"{named}. {remedy}",
            data={"variants": list(partly), "in_some_seeds": affected, "meaningless": []},
        )


def _references_at_chance(study: TrainedStudy, at_chance: list[str]) -> Iterator[Finding]:
    contrasts = study.results.record.plan.contrasts
    for name in at_chance:
        compared = [c.variant for c in contrasts if c.reference == name]
        if compared:
            yield Finding(
                kind="reference at chance",
                severity="error",
                where=study.where([name]),
                message=f"The effects of {some(compared)} are differences from a network that "
                "learned nothing: they mean nothing.",
                data={"variants": [name], "meaningless": [(v, name) for v in compared]},
            )


def _count_at_chance(study: TrainedStudy, trials: pd.DataFrame) -> int:
    return sum(
        _is_at_chance(accuracy, study.test_images.get(trial, 0), study.floor.get(trial, 0.0))
        for trial, accuracy in zip(trials["trial"], trials["test_accuracy"], strict=True)
    )


def _is_at_chance(accuracy: float, images: int, floor: float) -> bool:
    if not images:
        return False
    correct = round(accuracy * images)
    return bool(scipy.stats.binomtest(correct, images, floor, alternative="greater").pvalue > 0.05)
