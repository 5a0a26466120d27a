"""What a study ran on, what of it is done, and what is not: in words."""

from dataclasses import dataclass

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.schema import DataFacts, Record, label
from cnn_ablate.stats import count, count_range, images


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


def sentence(measured: ReportContext) -> str:
    """Say in one sentence what the study does."""
    record = measured.results.record
    models = {variant.settings["model"]["name"] for variant in record.plan.variants}
    network = next(iter(models)) if len(models) == 1 else f"{len(models)} networks"
    data = formats.several(facts.name for facts in record.data)
    variants = count(len(record.plan.variants), "variant")
    seeds = count_range(record.plan.seed_counts.values(), "seed")
    what = _purpose(record)
    return f"{variants} of {network} on {data}, with {seeds} each{what}."


def _purpose(record: Record) -> str:
    """Name the factors, or how many contrasts there are where the factors do not tell."""
    factors = [factor.name for factor in record.study.factors]
    if any(design.kind in {"list", "ladder"} for design in record.study.designs):
        return f" and compared in {count(len(record.plan.contrasts), 'contrast')}"
    contribute = "contribute" if len(factors) > 1 else "contributes"
    return f", to measure what {formats.several(factors)} {contribute}" if factors else ""


def budget(measured: ReportContext) -> tuple[Fact, ...]:
    """List what the trials were given."""
    record, trials = measured.results.record, measured.trials
    study = record.study
    forced = [f"{key} = {label(value)}" for key, value in study.forced.items()]
    epochs = sorted({variant.settings["training"]["epochs"] for variant in record.plan.variants})
    facts = [
        Fact("Trials", f"{len(trials)} of {len(record.plan.trials)} done"),
        Fact("Seeds", _seeds(record)),
        Fact("Epochs", " to ".join(str(n) for n in dict.fromkeys((epochs[0], epochs[-1])))),
        *(Fact("Data", _data(record, facts)) for facts in record.data),
        Fact("Profile", study.profile or ("" if forced else "the study's own budget")),
        Fact("Set for all", "; ".join(forced)),
        Fact("Trained for", formats.duration(trials["seconds"].sum()) if len(trials) else ""),
        Fact("Device", ", ".join(sorted(set(trials["device"])))),
    ]
    return tuple(fact for fact in facts if fact.text)


def _seeds(record: Record) -> str:
    """List the seeds, and how many of them the variants have where that differs."""
    counts = record.plan.seed_counts.values()
    each = f"; {count_range(counts, 'seed')} a variant" if len(set(counts)) > 1 else ""
    return f"{', '.join(map(str, record.study.seeds))}{each}"


def _data(record: Record, facts: DataFacts) -> str:
    size = f"{facts.name}: {images(record.plan, facts)}"
    return f"{size}, {len(facts.classes)} classes. {facts.note}".strip()


def failures(measured: ReportContext) -> tuple[Failure, ...]:
    """List the trials that failed or diverged."""
    trials = measured.results.trials
    lost = trials[trials["status"] != "done"]
    return tuple(
        Failure(row["variant"], int(row["seed"]), row["status"], row["error"])
        for _, row in lost.iterrows()
    )


def missing(measured: ReportContext) -> tuple[str, ...]:
    """Say which seeds of which variants were not run yet."""
    ran = set(measured.results.trials["trial"])
    gaps: dict[str, list[str]] = {}
    for trial in measured.results.record.plan.trials:
        if trial.id not in ran:
            gaps.setdefault(trial.variant, []).append(str(trial.seed))
    alike: dict[tuple[str, ...], list[str]] = {}
    for variant, seeds in gaps.items():
        alike.setdefault(tuple(seeds), []).append(variant)
    return tuple(_gap(seeds, variants) for seeds, variants in alike.items())


def _gap(seeds: tuple[str, ...], variants: list[str]) -> str:
    noun = "seeds" if len(seeds) > 1 else "seed"
    return f"{noun} {formats.several(seeds)} of {formats.several(variants)}"


def environment(measured: ReportContext) -> tuple[Fact, ...]:
    """List where the study ran, and on what data to the byte."""
    record = measured.results.record
    where = record.environment
    compute = "; ".join(f"{key} {label(value)}" for key, value in record.compute.model_dump().items())
    facts = [
        Fact("cnn-ablate", where.cnn_ablate),
        Fact("Python", where.python),
        Fact("PyTorch", where.torch),
        Fact("Platform", where.platform),
        Fact("Processor", f"{where.processor} ({count(where.cores, 'core')})"),
        Fact("GPU", where.gpu),
        Fact("Recipe of most trials", compute),
        *(Fact(f"Data {facts.name}", f"SHA-256 {facts.fingerprint}") for facts in record.data),
        Fact("First trial", measured.trials["started"].min() if len(measured.trials) else ""),
        Fact("Tables written", record.finished),
    ]
    return tuple(fact for fact in facts if fact.text)
