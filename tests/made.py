"""A made-up study for tests: invented trials, published through the real store, in no time."""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from cnn_ablate.schema import (
    Claim,
    ClassRow,
    Contrast,
    DataFacts,
    Design,
    Environment,
    EpochRow,
    Factor,
    Finding,
    Level,
    Metrics,
    Paper,
    Plan,
    Recipe,
    Record,
    Size,
    Study,
    Trial,
    TrialResult,
    Variant,
    label,
)
from cnn_ablate.store import Results, Store, write_study

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SIMILAR = (2, 9, 4, 5, 2, 3, 3, 4, 0, 1)  # of each class, the one it is most taken for
BASELINE: dict[str, dict[str, Any]] = {
    "data": {"name": "cifar10", "augment": ["random_crop", "horizontal_flip"]},
    "model": {"name": "cnnnet", "batch_norm": True, "residual": True, "attention": "cbam"},
    "optimizer": {"name": "sgd", "lr": 0.001, "momentum": 0.9},
    "schedule": {"name": "exponential", "gamma": 0.96},
    "loss": {"name": "cross_entropy", "label_smoothing": 0.0},
    "training": {"epochs": 8, "batch_size": 128, "precision": "float32"},
}
# Key moved, level, what it adds to the skill of the network, parameters that it adds.
CHANGES: tuple[tuple[str, Any, float, int], ...] = (
    ("model.batch_norm", False, -0.7, -1_300),
    ("model.residual", False, -0.25, -5_900),
    ("model.attention", "none", 0.0, -300),
    ("model.attention", "se", 0.1, 2_100),
    ("optimizer.lr", 0.01, 0.3, 0),
    ("loss.label_smoothing", 0.1, 0.05, 0),
    ("data.augment", [], -0.5, 0),
)


@dataclass(frozen=True)
class Made:
    """How large a made-up study is, and what is wrong with it."""

    variants: int = 8
    seeds: int = 4
    images: int = 400
    epochs: int = 8
    factorial: bool = False
    failed: int = 0
    missing: int = 0
    title: str = "What normalisation, shortcuts and attention buy a small CNN"
    names: Sequence[str] = ()
    classes: Sequence[str] = CLASSES
    profile: str = ""
    claims: bool = True
    findings: bool = True


@dataclass(frozen=True)
class Cell:
    """One variant to be: its name, its settings and how good it is."""

    name: str
    sets: dict[str, Any]
    skill: float
    parameters: int


def results(root: Path, made: Made | None = None) -> Results:
    """Publish every trial of a made-up study and give its results, as a run would."""
    made = made or Made()
    cells, store, study = _cells(made), Store(root), _study(made)
    trials = [_trial(cell, seed, made) for cell in cells for seed in range(made.seeds)]
    kept = trials[: len(trials) - made.missing]
    skills = {cell.name: cell for cell in cells}
    for index, trial in enumerate(kept):
        cell = skills[trial.variant]
        lost = index >= len(kept) - made.failed
        store.publish(_failure(trial) if lost else result(trial, cell, made))
    return write_study(store, _record(study, cells, tuple(trials), made))


def result(trial: Trial, cell: Cell, made: Made) -> TrialResult:
    """Invent all that one finished trial leaves behind."""
    labels, probability = _predictions(trial, cell.skill, made)
    predicted = probability.argmax(axis=1)
    accuracy = float((labels == predicted).mean())
    epochs = _epochs(trial, accuracy, made.epochs)
    npz = io.BytesIO()
    np.savez(npz, label=labels, predicted=predicted, probability=probability)
    return TrialResult(
        trial=trial,
        status="done",
        recipe=Recipe(),
        metrics=Metrics(
            parameters=cell.parameters,
            dead_parameters=0,
            macs=cell.parameters * 37,
            train_loss=epochs[-1].train_loss,
            test_loss=1 - accuracy,
            test_accuracy=accuracy,
            val_accuracy=epochs[-1].val_accuracy,
            epochs=made.epochs,
            selected_epoch=made.epochs,
            seconds=made.epochs * (20 + cell.parameters / 1e6 + trial.seed),
            images_per_second=2100.0,
            peak_memory_mb=410.0,
        ),
        epochs=epochs,
        steps=tuple((step, 2.3 - accuracy * step / 800) for step in range(100, 900, 100)),
        classes=tuple(_classes(labels, predicted, made.classes)),
        predictions=npz.getvalue(),
        torch="2.14.1",
        started="2026-03-01T10:00:00",
    )


def _cells(made: Made) -> list[Cell]:
    baseline = Cell("baseline", {}, 2.6, 2_134_902)
    if made.factorial:
        return [baseline, *_crossed(baseline)]
    cells = [baseline]
    for index in range(made.variants - 1):
        key, level, skill, parameters = _change(index)
        name = "".join(made.names[index : index + 1]) or _name({key: level})
        cells.append(Cell(name, {key: level}, 2.6 + skill, 2_134_902 + parameters))
    return cells


def _crossed(baseline: Cell) -> Iterator[Cell]:
    for mask in range(1, 8):
        moved = [CHANGES[bit] for bit in range(3) if mask >> bit & 1]
        sets = {key: level for key, level, _, _ in moved}
        skill = baseline.skill + sum(change[2] for change in moved) - 0.2 * (mask & 3 == 3)
        parameters = baseline.parameters + sum(change[3] for change in moved)
        yield Cell(_name(sets), sets, skill, parameters)


def _change(index: int) -> tuple[str, Any, float, int]:
    if index < len(CHANGES):
        return CHANGES[index]
    return "training.batch_size", 4 * (index + 1), 0.02 * (index % 5 - 2), 0


def _name(sets: dict[str, Any]) -> str:
    return ",".join(f"{key.partition('.')[2]}={label(value)}" for key, value in sets.items())


def _settings(sets: dict[str, Any], made: Made) -> dict[str, dict[str, Any]]:
    settings = {section: dict(values) for section, values in BASELINE.items()}
    settings["training"]["epochs"] = made.epochs
    for key, value in sets.items():
        section, _, name = key.partition(".")
        settings[section][name] = value
    return settings


def _trial(cell: Cell, seed: int, made: Made) -> Trial:
    settings = _settings(cell.sets, made)
    content = json.dumps([settings, seed, cell.name, made.images], sort_keys=True)
    key = hashlib.sha256(content.encode()).hexdigest()
    readable = "".join(sign if sign.isalnum() or sign in "=.,+" else "_" for sign in cell.name)
    return Trial(
        id=f"{readable[:60]}-{key[:8]}",
        key=key,
        variant=cell.name,
        seed=seed,
        settings=settings,
        fingerprint="f1" * 32,
    )


def _failure(trial: Trial) -> TrialResult:
    error = "the loss was not finite at batch 40 of epoch 2."
    return TrialResult(trial=trial, status="diverged", error=error, recipe=Recipe())


def _predictions(trial: Trial, skill: float, made: Made) -> tuple[np.ndarray, np.ndarray]:
    n, k = made.images, len(made.classes)
    test = np.random.default_rng(7)  # the same images are hard for all
    own = np.random.default_rng([trial.seed, crc32(trial.variant.encode())])
    labels = np.arange(n) % k
    logits = 0.8 * test.normal(size=(n, k)) + 0.5 * own.normal(size=(n, k))
    logits[np.arange(n), labels] += skill + 0.6 * np.cos(labels)
    similar = np.array([SIMILAR[i % 10] % k for i in range(k)])
    logits[np.arange(n), similar[labels]] += 0.9
    odds = np.exp(1.4 * logits)
    return labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def _epochs(trial: Trial, accuracy: float, epochs: int) -> tuple[EpochRow, ...]:
    rng = np.random.default_rng([trial.seed, len(trial.variant)])
    rows = []
    for epoch in range(1, epochs + 1):
        reached = accuracy * (1 - np.exp(-3 * epoch / epochs)) + 0.01 * rng.normal()
        rows.append(
            EpochRow(
                epoch=epoch,
                lr=trial.settings["optimizer"]["lr"] * 0.96 ** (epoch - 1),
                train_loss=2.3 * (1.05 - reached),
                train_accuracy=reached + 0.03 * epoch / epochs,
                val_loss=2.3 * (1.1 - reached),
                val_accuracy=reached,
                seconds=20.0,
            )
        )
    return tuple(rows)


def _classes(
    labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> Iterator[ClassRow]:
    for index, name in enumerate(classes):
        hits = int(((labels == index) & (predicted == index)).sum())
        n, called = int((labels == index).sum()), int((predicted == index).sum())
        precision, recall = hits / max(called, 1), hits / max(n, 1)
        yield ClassRow(
            class_name=name,
            n=n,
            correct=hits,
            accuracy=recall,
            precision=precision,
            recall=recall,
            f1=2 * precision * recall / max(precision + recall, 1e-9),
        )


def _study(made: Made) -> Study:
    moved: dict[str, dict[str, Any]] = {}
    for cell in _cells(made):
        for key, value in cell.sets.items():
            moved.setdefault(key, {})[label(value)] = value
    kind = "factorial" if made.factorial else "one_at_a_time"
    return Study(
        name="made_up",
        title=made.title,
        paper=Paper(title="An invented paper", authors="A. Author, B. Author", year=2026),
        source="ablations/made_up.yaml",
        profile=made.profile,
        written=_settings({}, made),
        baseline=_settings({}, made),
        factors=tuple(_factor(key, levels) for key, levels in moved.items()),
        designs=(Design(kind=kind, factors=tuple(moved)),),
        seeds=tuple(range(made.seeds)),
        forced={"training.epochs": made.epochs} if made.profile else {},
        claims=_claims() if made.claims else (),
        assumptions=("The paper names no batch size: 128 is assumed.",),
    )


def _factor(key: str, levels: dict[str, Any]) -> Factor:
    section, _, name = key.partition(".")
    own = BASELINE[section][name]
    values = {label(own): own, **levels}
    return Factor(
        name=key,
        levels=tuple(Level(label=text, sets={key: value}) for text, value in values.items()),
    )


def _claims() -> tuple[Claim, ...]:
    return (
        Claim(
            id="accuracy",
            quote="our network reaches 86 % on the test set",
            place="table 2",
            variant="baseline",
            value=0.86,
        ),
        Claim(
            id="batch-norm-helps",
            quote="batch normalisation raises the accuracy",
            factor="model.batch_norm",
            from_level="false",
            to_level="true",
            effect="higher",
        ),
        Claim(
            id="cbam-no-gain",
            quote="CBAM makes no significant difference",
            factor="model.attention",
            from_level="none",
            to_level="cbam",
            effect="none",
        ),
        Claim(id="parameters", variant="baseline", metric="parameters", value=2_134_902),
    )


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            kind="moved_together",
            severity="warning",
            where="ablations/made_up.yaml:14:5",
            message="lr=0.01 also changes the schedule's warm-up, so the rate alone earns nothing.",
        ),
        Finding(
            kind="seeds",
            severity="note",
            where="seeds",
            message="With 4 seeds the smallest two-sided sign-flip p is 0.125.",
        ),
    )


def _record(study: Study, cells: list[Cell], trials: tuple[Trial, ...], made: Made) -> Record:
    baseline, *others = cells
    variants = tuple(_variant(cell, study) for cell in cells)
    return Record(
        study=study,
        plan=Plan(
            variants=variants,
            contrasts=tuple(_contrast(cell, baseline, study) for cell in others),
            trials=trials,
        ),
        sizes={
            cell.name: Size(parameters=cell.parameters, macs=cell.parameters * 37) for cell in cells
        },
        data=(
            DataFacts(
                name="cifar10",
                fingerprint="f1" * 32,
                classes=tuple(made.classes),
                shape=(3, 32, 32),
                train=50_000,
                test=made.images,
            ),
        ),
        recipe=Recipe(),
        environment=Environment(
            cnn_ablate="0.1.0",
            python="3.11.9",
            torch="2.14.1",
            platform="Linux",
            processor="made-up processor",
            cores=2,
        ),
        findings=_findings() if made.findings else (),
        command="cnn-ablate run ablations/made_up.yaml",
        started="2026-03-01T10:00:00",
        finished="2026-03-01T11:12:00",
    )


def _variant(cell: Cell, study: Study) -> Variant:
    settings = {section: dict(values) for section, values in study.baseline.items()}
    for key, value in cell.sets.items():
        section, _, name = key.partition(".")
        settings[section][name] = value
    levels = {}
    for factor in study.factors:
        section, _, name = factor.name.partition(".")
        levels[factor.name] = label(settings[section][name])
    return Variant(name=cell.name, settings=settings, levels=levels)


def _contrast(cell: Cell, baseline: Cell, study: Study) -> Contrast:
    changed = {}
    for key, value in cell.sets.items():
        section, _, name = key.partition(".")
        changed[key] = (study.baseline[section][name], value)
    return Contrast(
        variant=cell.name,
        reference=baseline.name,
        design=study.designs[0].kind,
        factors=tuple(changed),
        changed=changed,
    )
