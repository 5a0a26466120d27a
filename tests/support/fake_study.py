"""Publish the invented results of a study through the real store, without training."""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from cnn_ablate.schema import (
    ClassRow,
    ComputeConfig,
    EpochRow,
    Metrics,
    Trial,
    TrialResult,
)
from cnn_ablate.store import (
    Results,
    Store,
    TrainingImages,
    read,
    write_samples,
    write_study,
)
from support.fake_study_record import (
    SIMILAR,
    FakeStudy,
    FakeVariant,
    record_of,
    settings_of,
    study_of,
    variants_of,
)


def publish(root: Path, fake: FakeStudy | None = None) -> Results:
    """Publish every trial of an invented study and return its results, as a run would."""
    fake = fake or FakeStudy()
    variants, store, study = variants_of(fake), Store(root), study_of(fake)
    trials = [_trial(variant, seed, fake) for variant in variants for seed in range(fake.seeds)]
    kept = trials[: len(trials) - fake.missing]
    by_name = {variant.name: variant for variant in variants}
    for index, trial in enumerate(kept):
        failed = index >= len(kept) - fake.failed
        result = _failure(trial) if failed else trial_result(trial, by_name[trial.variant], fake)
        store.publish(result)
    if fake.samples:
        samples = _samples(fake)
        write_samples(store, study.folder, samples, TrainingImages(samples[:8], samples[8:16]))
    return write_study(store, record_of(study, variants, tuple(trials), fake))


def publish_again(results: Results, name: str, fake: FakeStudy) -> Results:
    """Publish the trials of one variant again, as those of another study, and read all results."""
    [variant] = [variant for variant in variants_of(fake) if variant.name == name]
    for trial in results.record.plan.trials:
        if trial.variant == name:
            results.store.publish(trial_result(trial, variant, fake))
    return read(results.store.root, results.record.study.folder)


def trial_result(trial: Trial, variant: FakeVariant, fake: FakeStudy) -> TrialResult:
    """Return the invented result of one finished trial."""
    labels, probability = _predictions(trial, variant.skill, fake)
    predicted = probability.argmax(axis=1)
    accuracy = float((labels == predicted).mean())
    epochs = _epochs(trial, accuracy, fake.epochs)
    npz = io.BytesIO()
    np.savez(npz, label=labels, predicted=predicted, probability=probability)
    return TrialResult(
        trial=trial,
        status="done",
        compute=ComputeConfig(),
        metrics=Metrics(
            parameters=variant.parameters,
            dead_parameters=0,
            macs=variant.parameters * 37,
            train_loss=epochs[-1].train_loss,
            test_loss=1 - accuracy,
            test_accuracy=accuracy,
            val_accuracy=epochs[-1].val_accuracy,
            epochs=fake.epochs,
            selected_epoch=fake.epochs,
            seconds=fake.epochs * (20 + variant.parameters / 1e6 + trial.seed),
            images_per_second=2100.0,
            peak_memory_mb=410.0,
        ),
        epochs=epochs,
        steps=tuple((step, 2.3 - accuracy * step / 800) for step in range(100, 900, 100)),
        classes=tuple(_classes(labels, predicted, fake.classes)),
        predictions=npz.getvalue(),
        torch="2.14.1",
        started="2026-03-01T10:00:00",
    )


def _trial(variant: FakeVariant, seed: int, fake: FakeStudy) -> Trial:
    settings = settings_of(variant.sets, fake)
    content = json.dumps([settings, seed, variant.name, fake.images], sort_keys=True)
    key = hashlib.sha256(content.encode()).hexdigest()
    readable = "".join(sign if sign.isalnum() or sign in "=.,+" else "_" for sign in variant.name)
    return Trial(
        id=f"{readable[:60]}-seed{seed}-{key[:8]}",
        key=key,
        variant=variant.name,
        seed=seed,
        settings=settings,
        fingerprint="f1" * 32,
    )


def _failure(trial: Trial) -> TrialResult:
    error = "the loss was not finite at batch 40 of epoch 2."
    return TrialResult(trial=trial, status="diverged", error=error, compute=ComputeConfig())


def _predictions(trial: Trial, skill: float, fake: FakeStudy) -> tuple[np.ndarray, np.ndarray]:
    n, k = fake.images, len(fake.classes)
    test = np.random.default_rng(7)  # the same images are hard for all
    own = np.random.default_rng([trial.seed, crc32(trial.variant.encode())])
    labels = np.arange(n) % k
    logits = 0.8 * test.normal(size=(n, k)) + 0.5 * own.normal(size=(n, k))
    logits[np.arange(n), labels] += skill + 0.6 * np.cos(labels)
    similar = np.array([SIMILAR[i % 10] % k for i in range(k)])
    logits[np.arange(n), similar[labels]] += 0.9
    odds = np.exp(1.4 * logits)
    return labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def _samples(fake: FakeStudy) -> np.ndarray:
    """Return small images (n, channels, 16, 16): noise over a slope that depends on the class."""
    y, x = np.mgrid[-1:1:16j, -1:1:16j]
    turns = 2 * np.pi * np.arange(fake.samples) / len(fake.classes)
    slopes = np.cos(turns)[:, None, None] * x + np.sin(turns)[:, None, None] * y
    noise = np.random.default_rng(8).normal(size=(fake.samples, fake.channels, 16, 16))
    return (128 + 60 * slopes[:, None] + 20 * noise).clip(0, 255).astype(np.uint8)


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
