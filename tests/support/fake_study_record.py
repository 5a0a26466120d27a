"""What a made-up study says: its variants, factors, claims and findings, all invented."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnn_ablate.schema import (
    Claim,
    ComputeConfig,
    Contrast,
    DataFacts,
    Design,
    Environment,
    Factor,
    Finding,
    Level,
    Paper,
    Plan,
    Record,
    Size,
    Study,
    Trial,
    Variant,
    label,
)

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
class FakeStudy:
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
    forced: Mapping[str, Any] = field(default_factory=dict)
    claims: bool = True
    findings: bool = True
    samples: int = 60
    channels: int = 3


@dataclass(frozen=True)
class FakeVariant:
    """One variant to be: its name, its settings and how good it is."""

    name: str
    sets: dict[str, Any]
    skill: float
    parameters: int


def variants_of(made: FakeStudy) -> list[FakeVariant]:
    """List the variants to be, the baseline first."""
    baseline = FakeVariant("baseline", {}, 2.6, 2_134_902)
    if made.factorial:
        return [baseline, *_crossed(baseline)]
    cells = [baseline]
    for index in range(made.variants - 1):
        key, level, skill, parameters = _change(index)
        name = "".join(made.names[index : index + 1]) or _name({key: level})
        cells.append(FakeVariant(name, {key: level}, 2.6 + skill, 2_134_902 + parameters))
    return cells


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


def settings_of(sets: dict[str, Any], made: FakeStudy) -> dict[str, dict[str, Any]]:
    """Replace some keys of the baseline's settings."""
    settings = {section: dict(values) for section, values in BASELINE.items()}
    settings["training"]["epochs"] = made.epochs
    for key, value in sets.items():
        section, _, name = key.partition(".")
        settings[section][name] = value
    return settings


def study_of(made: FakeStudy) -> Study:
    """Say what the study file would say."""
    moved: dict[str, dict[str, Any]] = {}
    for cell in variants_of(made):
        for key, value in cell.sets.items():
            moved.setdefault(key, {})[label(value)] = value
    kind = "factorial" if made.factorial else "one_at_a_time"
    return Study(
        name="made_up",
        title=made.title,
        paper=Paper(title="An invented paper", authors="A. Author, B. Author", year=2026),
        source="ablations/made_up.yaml",
        profile=made.profile,
        written=settings_of({}, made),
        baseline=settings_of({}, made),
        factors=tuple(_factor(key, levels) for key, levels in moved.items()),
        designs=(Design(kind=kind, factors=tuple(moved)),),
        seeds=tuple(range(made.seeds)),
        forced=dict(made.forced) or ({"training.batch_size": 128} if made.profile else {}),
        before={"training.epochs": 30, "data.name": None} if made.forced else {},
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


def record_of(study: Study, cells: list[FakeVariant], trials: tuple[Trial, ...], made: FakeStudy) -> Record:
    """Note the study as it was run."""
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
        compute=ComputeConfig(),
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


def _variant(cell: FakeVariant, study: Study) -> Variant:
    settings = {section: dict(values) for section, values in study.baseline.items()}
    for key, value in cell.sets.items():
        section, _, name = key.partition(".")
        settings[section][name] = value
    levels = {}
    for factor in study.factors:
        section, _, name = factor.name.partition(".")
        levels[factor.name] = label(settings[section][name])
    return Variant(name=cell.name, settings=settings, levels=levels)


def _contrast(cell: FakeVariant, baseline: FakeVariant, study: Study) -> Contrast:
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
