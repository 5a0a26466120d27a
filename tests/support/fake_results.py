"""Invented tables of a study, in memory: results without training and without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cnn_ablate.schema import (
    Claim,
    ComputeConfig,
    Contrast,
    DataFacts,
    Design,
    DesignKind,
    Environment,
    Factor,
    Level,
    Plan,
    Record,
    Size,
    Study,
    Trial,
    Variant,
    label,
)

Values = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True)
class Seen:
    """The predictions of one trial."""

    label: np.ndarray
    predicted: np.ndarray


def trials(values: Values, *, metric: str = "test_accuracy", **columns: Any) -> pd.DataFrame:
    """Make results.csv from a metric by variant and seed; None is a trial that failed."""
    rows = [
        {
            "trial": f"{variant}-{seed}",
            "variant": variant,
            "seed": seed,
            "status": "failed" if value is None else "done",
            "epochs": 10,
            "seconds": 60.0,
            "device": "cpu",
            "torch": "2.14.1",
            **columns,
            metric: value,
        }
        for variant, numbers in values.items()
        for seed, value in enumerate(numbers)
    ]
    return pd.DataFrame(rows)


def contrast(
    variant: str = "b", reference: str = "a", design: DesignKind = "one_at_a_time", **changed: Any
) -> Contrast:
    """Contrast two variants; `model_residual=(True, False)` names a change."""
    keys = {key.replace("_", ".", 1): sides for key, sides in changed.items()}
    return Contrast(
        variant=variant, reference=reference, design=design, factors=tuple(keys), changed=keys
    )


def factor(name: str, *values: Any) -> Factor:
    """Make a factor of plain levels."""
    levels = tuple(Level(label=label(value), sets={name: value}) for value in values)
    return Factor(name=name, levels=levels)


def variant(name: str, **levels: Any) -> Variant:
    """Make a variant at levels; `model_residual=False` names one."""
    keys = {key.replace("_", ".", 1): value for key, value in levels.items()}
    settings: dict[str, dict[str, Any]] = {"data": {"name": "cifar10"}}
    for key, value in keys.items():
        section, _, short = key.partition(".")
        settings.setdefault(section, {})[short] = value
    labels = {key: label(value) for key, value in keys.items()}
    return Variant(name=name, settings=settings, levels=labels)


def record(
    variants: Sequence[Variant],
    contrasts: Sequence[Contrast] = (),
    claims: Sequence[Claim] = (),
    **study: Any,
) -> Record:
    """Make the record of a study of these variants."""
    seeds = study.setdefault("seeds", (0, 1, 2))
    note, sizes = study.pop("note", ""), study.pop("sizes", {})
    return Record(
        study=Study(name="invented", written={}, baseline={}, claims=tuple(claims), **study),
        plan=Plan(
            variants=tuple(variants),
            contrasts=tuple(contrasts),
            trials=tuple(_trial(v, seed) for v in variants for seed in seeds),
        ),
        sizes={name: Size(parameters=n, macs=37 * n) for name, n in sizes.items()},
        data=(
            DataFacts(
                name="cifar10",
                fingerprint="f1",
                classes=("cat", "dog"),
                shape=(3, 32, 32),
                train=50_000,
                test=10_000,
                note=note,
            ),
        ),
        compute=ComputeConfig(),
        environment=Environment(
            cnn_ablate="0.1.0", python="3.11", torch="2.14", platform="", processor="", cores=1
        ),
    )


def _trial(variant: Variant, seed: int) -> Trial:
    name = f"{variant.name}-{seed}"
    return Trial(
        id=name,
        key=name,
        variant=variant.name,
        seed=seed,
        settings=variant.settings,
        fingerprint="",
    )


@dataclass(frozen=True)
class Invented:
    """Results as claims are judged by."""

    record: Record
    trials: pd.DataFrame
    epochs: pd.DataFrame = field(default_factory=pd.DataFrame)
    classes: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    seen: Mapping[str, Seen] = field(default_factory=dict)

    def predictions(self, trial: str) -> Seen:
        """Give what a trial predicted; by default it was right on its share of 1,000 images."""
        if trial in self.seen:
            return self.seen[trial]
        accuracy = self.trials.set_index("trial").loc[trial, "test_accuracy"]
        return right_on(range(round(1000 * accuracy)))


def right_on(images: Sequence[int], of: int = 1000) -> Seen:
    """Invent predictions that are right on some images, and wrong on the others."""
    labels = np.zeros(of, dtype=np.int64)
    predicted = np.ones(of, dtype=np.int64)
    predicted[list(images)] = 0
    return Seen(labels, predicted)


def classes_of_one(trials: pd.DataFrame, n: int = 10_000) -> pd.DataFrame:
    """Make classes.csv of one class, which says how many images there were."""
    rows = [{"trial": trial, "class": "cat", "n": n, "accuracy": 0.5} for trial in trials["trial"]]
    return pd.DataFrame(rows)


def designs(kind: DesignKind) -> tuple[Design, ...]:
    """Make the one design of a study."""
    return (Design(kind=kind),)
