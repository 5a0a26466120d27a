"""The invented study that `fake_study` publishes: its variants, factors, claims and findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnn_ablate.schema import (
    Claim,
    ComputeConfig,
    Contrast,
    Design,
    Finding,
    Paper,
    Plan,
    Record,
    Size,
    Study,
    Trial,
    Variant,
    label,
)
from support.fake_results import ENVIRONMENT, data_facts, factor

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SIMILAR = (2, 9, 4, 5, 2, 3, 3, 4, 0, 1)  # per class, the one it is most often confused with
BASELINE: dict[str, dict[str, Any]] = {
    "data": {"name": "cifar10", "augment": ["random_crop", "horizontal_flip"]},
    "model": {"name": "cnnnet", "batch_norm": True, "residual": True, "attention": "cbam"},
    "optimizer": {"name": "sgd", "lr": 0.001, "momentum": 0.9},
    "schedule": {"name": "exponential", "gamma": 0.96},
    "loss": {"name": "cross_entropy", "label_smoothing": 0.0},
    "training": {"epochs": 8, "batch_size": 128, "precision": "float32"},
}
# Changed key, its level, and what it adds to the skill of the network and to its parameters.
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
class FakeStudy:
    """The size of an invented study, and what is wrong with it."""

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
    forced: Mapping[str, Any] = field(default_factory=dict)
    claims: bool = True
    findings: bool = True
    samples: int = 60
    channels: int = 3


@dataclass(frozen=True)
class FakeVariant:
    """One variant: its name, the settings it changes and how well it classifies."""

    name: str
    sets: dict[str, Any]
    skill: float
    parameters: int


def variants_of(fake: FakeStudy) -> list[FakeVariant]:
    """Return the variants, the baseline first."""
    baseline = FakeVariant("baseline", {}, 2.6, 2_134_902)
    if fake.factorial:
        return [baseline, *_crossed(baseline)]
    variants = [baseline]
    for index in range(fake.variants - 1):
        key, level, skill, parameters = _change(index)
        name = "".join(fake.names[index : index + 1]) or _name({key: level})
        variants.append(FakeVariant(name, {key: level}, 2.6 + skill, 2_134_902 + parameters))
    return variants


def _crossed(baseline: FakeVariant) -> Iterator[FakeVariant]:
    for mask in range(1, 8):
        moved = [CHANGES[bit] for bit in range(3) if mask >> bit & 1]
        sets = {key: level for key, level, _, _ in moved}
        skill = baseline.skill + sum(change[2] for change in moved) - 0.2 * (mask & 3 == 3)
        parameters = baseline.parameters + sum(change[3] for change in moved)
        yield FakeVariant(_name(sets), sets, skill, parameters)


def _change(index: int) -> tuple[str, Any, float, int]:
    if index < len(CHANGES):
        return CHANGES[index]
    return "training.batch_size", 4 * (index + 1), 0.02 * (index % 5 - 2), 0


def _name(sets: dict[str, Any]) -> str:
    return ",".join(f"{key.partition('.')[2]}={label(value)}" for key, value in sets.items())


def settings_of(sets: Mapping[str, Any], fake: FakeStudy) -> dict[str, dict[str, Any]]:
    """Return the baseline's settings with some keys replaced."""
    settings = {section: dict(values) for section, values in BASELINE.items()}
    for key, value in {"training.epochs": fake.epochs, **sets}.items():
        section, _, name = key.partition(".")
        settings[section][name] = value
    return settings


def study_of(fake: FakeStudy) -> Study:
    """Return the study as it would be read from a file."""
    levels: dict[str, dict[str, Any]] = {}
    for variant in variants_of(fake):
        for key, value in variant.sets.items():
            levels.setdefault(key, {})[label(value)] = value
    kind = "factorial" if fake.factorial else "one_at_a_time"
    return Study(
        name="made_up",
        title=fake.title,
        paper=Paper(title="An invented paper", authors="A. Author, B. Author", year=2026),
        source="ablations/made_up.yaml",
        profile=fake.profile,
        written=settings_of({}, fake),
        baseline=settings_of({}, fake),
        factors=tuple(
            factor(key, _value(BASELINE, key), *values.values()) for key, values in levels.items()
        ),
        designs=(Design(kind=kind, factors=tuple(levels)),),
        seeds=tuple(range(fake.seeds)),
        forced=dict(fake.forced) or ({"training.batch_size": 128} if fake.profile else {}),
        before={"training.epochs": 30, "data.name": None} if fake.forced else {},
        claims=_claims() if fake.claims else (),
        assumptions=("The paper names no batch size: 128 is assumed.",),
    )


def _value(settings: dict[str, dict[str, Any]], key: str) -> Any:
    section, _, name = key.partition(".")
    return settings[section][name]


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


def record_of(
    study: Study, variants: list[FakeVariant], trials: tuple[Trial, ...], fake: FakeStudy
) -> Record:
    """Return the record of the study as it was run."""
    baseline, *others = variants
    return Record(
        study=study,
        plan=Plan(
            variants=tuple(_variant(variant, study, fake) for variant in variants),
            contrasts=tuple(_contrast(variant, baseline, study) for variant in others),
            trials=trials,
        ),
        sizes={
            variant.name: Size(parameters=variant.parameters, macs=variant.parameters * 37)
            for variant in variants
        },
        data=(data_facts(fake.classes, test=fake.images),),
        compute=ComputeConfig(),
        environment=ENVIRONMENT,
        findings=_findings() if fake.findings else (),
        command="cnn-ablate run ablations/made_up.yaml",
        started="2026-03-01T10:00:00",
        finished="2026-03-01T11:12:00",
    )


def _variant(variant: FakeVariant, study: Study, fake: FakeStudy) -> Variant:
    settings = settings_of(variant.sets, fake)
    levels = {one.name: label(_value(settings, one.name)) for one in study.factors}
    return Variant(name=variant.name, settings=settings, levels=levels)


def _contrast(variant: FakeVariant, baseline: FakeVariant, study: Study) -> Contrast:
    changed = {key: (_value(study.baseline, key), value) for key, value in variant.sets.items()}
    return Contrast(
        variant=variant.name,
        reference=baseline.name,
        design=study.designs[0].kind,
        factors=tuple(changed),
        changed=changed,
    )
