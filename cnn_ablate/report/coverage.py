"""What a study ran on, what of it is done, and what is not: in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from cnn_ablate.report import words
from cnn_ablate.report.measured import Measured
from cnn_ablate.schema import DataFacts, label


@dataclass(frozen=True)
class Fact:
    """A name and what there is to say under it."""

    name: str
    text: str


@dataclass(frozen=True)
class Failure:
    """A trial that came to no result."""

    variant: str
    seed: int
    status: str
    error: str


def sentence(measured: Measured) -> str:
    """Say in one sentence what the study does."""
    record = measured.results.record
    models = {variant.settings["model"]["name"] for variant in record.plan.variants}
    network = next(iter(models)) if len(models) == 1 else f"{len(models)} networks"
    data = words.listed(facts.name for facts in record.data)
    factors = words.listed(factor.name for factor in record.study.factors)
    what = f", to measure what {factors} contribute" if factors else ""
    variants = words.count(len(record.plan.variants), "variant")
    seeds = words.count(len(record.study.seeds), "seed")
    return f"{variants} of {network} on {data}, each trained with {seeds}{what}."


def budget(measured: Measured) -> tuple[Fact, ...]:
    """List what the trials were given."""
    record, trials = measured.results.record, measured.trials
    study = record.study
    forced = [f"{key} = {label(value)}" for key, value in study.forced.items()]
    epochs = sorted({variant.settings["training"]["epochs"] for variant in record.plan.variants})
    facts = [
        Fact("Trials", f"{len(trials)} of {len(record.plan.trials)} done"),
        Fact("Seeds", ", ".join(map(str, study.seeds))),
        Fact("Epochs", " to ".join(str(n) for n in dict.fromkeys((epochs[0], epochs[-1])))),
        *(Fact("Data", _data(facts)) for facts in record.data),
        Fact("Profile", study.profile or "the study's own budget"),
        Fact("Set for all", "; ".join(forced)),
        Fact("Trained for", f"{words.duration(trials['seconds'].sum())} in all"),
        Fact("Device", ", ".join(sorted(set(trials["device"])))),
    ]
    return tuple(fact for fact in facts if fact.text)


def _data(facts: DataFacts) -> str:
    size = f"{facts.name}: {facts.train:,} training and {facts.test:,} test images"
    return f"{size}, {len(facts.classes)} classes. {facts.note}".strip()


def failures(measured: Measured) -> tuple[Failure, ...]:
    """List the trials that failed or diverged."""
    trials = measured.results.trials
    lost = trials[trials["status"] != "done"]
    return tuple(
        Failure(row["variant"], int(row["seed"]), row["status"], row["error"])
        for _, row in lost.iterrows()
    )


def missing(measured: Measured) -> tuple[str, ...]:
    """Say of each variant which seeds were not run yet."""
    ran = set(measured.results.trials["trial"])
    gaps: dict[str, list[int]] = {}
    for trial in measured.results.record.plan.trials:
        if trial.id not in ran:
            gaps.setdefault(trial.variant, []).append(trial.seed)
    return tuple(f"{variant}: {_seeds(seeds)}" for variant, seeds in gaps.items())


def _seeds(seeds: Iterable[int]) -> str:
    known = [str(seed) for seed in seeds]
    return f"seed{'s' if len(known) > 1 else ''} {words.listed(known, at_most=12)}"


def environment(measured: Measured) -> tuple[Fact, ...]:
    """List where the study ran, and on what data to the byte."""
    record = measured.results.record
    where = record.environment
    recipe = "; ".join(f"{key} {label(value)}" for key, value in record.recipe.model_dump().items())
    facts = [
        Fact("cnn-ablate", where.cnn_ablate),
        Fact("Python", where.python),
        Fact("PyTorch", where.torch),
        Fact("Platform", where.platform),
        Fact("Processor", f"{where.processor} ({words.count(where.cores, 'core')})"),
        Fact("Recipe", recipe),
        *(Fact(f"Data {facts.name}", f"SHA-256 {facts.fingerprint}") for facts in record.data),
        Fact("Started", record.started),
        Fact("Finished", record.finished),
    ]
    return tuple(fact for fact in facts if fact.text)
