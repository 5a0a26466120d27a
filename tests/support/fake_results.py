"""Invented results of a study in memory, without training and without a store."""

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
ENVIRONMENT = Environment(
    cnn_ablate="0.1.0",
    python="3.11.9",
    torch="2.14.1",
    platform="Linux",
    processor="made-up processor",
    cores=2,
)


@dataclass(frozen=True)
class FakePredictions:
    """The predictions of one trial."""

    label: np.ndarray
    predicted: np.ndarray


def trials(values: Values, *, metric: str = "test_accuracy", **columns: Any) -> pd.DataFrame:
    """Return a results table from a metric per variant and seed; None is a failed trial."""
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
    """Return a contrast of two variants; `model_residual=(True, False)` is a change."""
    keys = {key.replace("_", ".", 1): sides for key, sides in changed.items()}
    return Contrast(
        variant=variant, reference=reference, design=design, factors=tuple(keys), changed=keys
    )


def factor(name: str, *values: Any) -> Factor:
    """Return a factor whose levels are single values."""
    levels = tuple(Level(label=label(value), sets={name: value}) for value in values)
    return Factor(name=name, levels=levels)


def variant(name: str, **levels: Any) -> Variant:
    """Return a variant with some levels; `model_residual=False` is one."""
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
    """Return the record of a study of these variants."""
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
        data=(data_facts(("cat", "dog"), note=note),),
        compute=ComputeConfig(),
        environment=ENVIRONMENT,
    )


def data_facts(classes: Sequence[str], *, test: int = 10_000, note: str = "") -> DataFacts:
    """Return the facts of a data set of the size of CIFAR-10."""
    return DataFacts(
        name="cifar10",
        fingerprint="f1" * 32,
        classes=tuple(classes),
        shape=(3, 32, 32),
        train=50_000,
        test=test,
        note=note,
    )


def _trial(variant: Variant, seed: int) -> Trial:
    name = f"{variant.name}-{seed}"
    return Trial(
        id=name,
        key=name,
        variant=variant.name,
        seed=seed,
        settings=variant.settings,
        fingerprint="f1" * 32,
    )


@dataclass(frozen=True)
class FakeResults:
    """Results in memory, as statistics and claims read them."""

    record: Record
    trials: pd.DataFrame
    epochs: pd.DataFrame = field(default_factory=pd.DataFrame)
    classes: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    seen: Mapping[str, FakePredictions] = field(default_factory=dict)

    def predictions(self, trial: str) -> FakePredictions:
        """Return the predictions of a trial, by default correct on its share of 1,000 images."""
        if trial in self.seen:
            return self.seen[trial]
        accuracy = self.trials.set_index("trial").loc[trial, "test_accuracy"]
        return correct_on(range(round(1000 * accuracy)))


def correct_on(images: Sequence[int], of: int = 1000) -> FakePredictions:
    """Return predictions that are correct on some images and wrong on all others."""
    labels = np.zeros(of, dtype=np.int64)
    predicted = np.ones(of, dtype=np.int64)
    predicted[list(images)] = 0
    return FakePredictions(labels, predicted)


def single_class(trials: pd.DataFrame, n: int = 10_000) -> pd.DataFrame:
    """Return a classes table of one class, which holds the number of test images."""
    rows = [{"trial": trial, "class": "cat", "n": n, "accuracy": 0.5} for trial in trials["trial"]]
    return pd.DataFrame(rows)


def designs(kind: DesignKind) -> tuple[Design, ...]:
    """Return the designs of a study that has one."""
    return (Design(kind=kind),)
