"""What a study ran on and what of it is done, as short facts with names."""

import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.claims import replaced_values
from cnn_ablate.report import formatting
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import ELSEWHERE, DataFacts, Plan, Record
from cnn_ablate.text import count, count_range, some


@dataclass(frozen=True)
class Fact:
    """A named text."""

    name: str
    text: str


@dataclass(frozen=True)
class Failure:
    """A trial that failed or diverged."""

    variant: str
    seed: int
    status: str
    error: str


def study_sentence(context: ReportData) -> str:
    """Return one sentence on the design of a study: variants, network, data, seeds, factors."""
    record = context.results.record
    variants = count(len(record.plan.variants), "variant")
    seeds = count_range(context.planned_seeds.values(), "seed")
    return f"{variants}{_trained(record)}, with {seeds} each{_purpose(record)}."


def _trained(record: Record) -> str:
    """Return the network and the data, or who trained."""
    if record.study.trainer:
        return " trained elsewhere" if record.study.trainer.imports else f" of {program(record)}"
    models = {variant.settings["model"]["name"] for variant in record.plan.variants}
    network = next(iter(models)) if len(models) == 1 else f"{len(models)} networks"
    data = (formatting.data_name(record.plan.data_name(facts)) for facts in record.data)
    return f" of {network} on {some(data, 5)}"


def program(record: Record) -> str:
    """Return the name of the user's program: the first of its input files in the command."""
    command = record.study.trainer.command if record.study.trainer else ()
    return next((word for word in command if word in record.inputs), next(iter(command), ""))


def _purpose(record: Record) -> str:
    """Return the factors; for designs that are not made of factors, the number of contrasts."""
    factors = [factor.name for factor in record.study.factors]
    if any(design.kind in {"list", "ladder"} for design in record.study.designs):
        return f" and compared in {count(len(record.plan.contrasts), 'contrast')}"
    contribute = "contribute" if len(factors) > 1 else "contributes"
    return f", to measure what {some(factors, 5)} {contribute}" if factors else ""


def training_setup(context: ReportData) -> tuple[Fact, ...]:
    """Return seeds, epochs, data, overrides, time and device of the trials."""
    record, trials = context.results.record, context.trials
    study = record.study
    replaced = replaced_values(study)
    as_specified = not study.profile and not replaced
    facts = [
        Fact("Trials", f"{len(trials)} of {len(context.needed)} done"),
        Fact("Seeds", _seeds(context)),
        Fact("Epochs", _epochs(context)),
        Fact("Command", shlex.join(study.trainer.command) if study.trainer else ""),
        *(Fact("Data set", _data(record, facts)) for facts in record.data),
        Fact("Profile", study.profile),
        Fact("Budget", "full length" if as_specified else ""),
        Fact("Overrides", replaced),
        Fact("Training time", formatting.duration(trials["seconds"].sum() or None)),
        Fact("Device", ", ".join(sorted(set(trials["device"]) - {""}))),
    ]
    return tuple(fact for fact in facts if fact.text)


def _epochs(context: ReportData) -> str:
    """Return the planned epochs where variants differ; of a user's program, those it trained."""
    record = context.results.record
    if record.study.trainer:
        epochs = sorted({int(n) for n in context.trials["epochs"] if n > 0})
    else:
        epochs = sorted({v.settings["training"]["epochs"] for v in record.plan.variants})
    told = record.study.trainer or len(epochs) > 1
    ends = dict.fromkeys((epochs[0], epochs[-1])) if epochs and told else ()
    return " to ".join(map(str, ends))


def _seeds(context: ReportData) -> str:
    """Return the seeds, and the number per variant if variants differ in it."""
    counts = context.planned_seeds.values()
    each = f"; {count_range(counts, 'seed')} per variant" if len(set(counts)) > 1 else ""
    return f"{', '.join(map(str, context.results.record.study.seeds))}{each}"


def _data(record: Record, facts: DataFacts) -> str:
    images = f"{image_counts(record.plan, facts)}, " if len(record.data) > 1 else ""
    name = formatting.data_name(record.plan.data_name(facts))
    return f"{name}: {images}{len(facts.classes)} classes. {facts.note}".strip()


def image_counts(plan: Plan, facts: DataFacts) -> str:
    """Return the images that a study uses: `6,000 of 50,000 training and 1,000 test images`.

    Training images that are held out are named: `60,000 training, 12,000 of them for validation,`.
    """
    sections = [
        trial.settings["data"] for trial in plan.trials if trial.fingerprint == facts.fingerprint
    ]
    counts = [facts.counts(section) for section in sections]
    held_out = facts.val == 0
    train = _used((used.train + held_out * used.val for used in counts), facts.train)
    test = _used((used.test for used in counts), facts.test)
    held = [used.val for used in counts] if held_out else []
    val = f", {facts.val:,} validation (val/)" if facts.val else ""
    val = f", {_span(held)} of them for validation," if any(held) else val
    return f"{train} training{val} and {test} test images"


def _used(numbers: Iterable[int], available: int) -> str:
    used = set(numbers) or {available}
    return _span(used) if used == {available} else f"{_span(used)} of {available:,}"


def _span(numbers: Collection[int]) -> str:
    return " to ".join(f"{number:,}" for number in dict.fromkeys((min(numbers), max(numbers))))


def failures(context: ReportData) -> tuple[Failure, ...]:
    """Return the trials that failed or diverged."""
    trials = context.results.trials
    failed = trials[trials["status"] != "done"]
    return tuple(
        Failure(row["variant"], int(row["seed"]), row["status"], row["error"])
        for _, row in failed.iterrows()
    )


def missing(context: ReportData) -> tuple[str, ...]:
    """Return the seeds that were not run yet, one text per group of variants that lack the same."""
    ran = set(context.results.trials["trial"])
    seeds_of: dict[str, list[str]] = {}
    for trial in context.needed:
        if trial.id not in ran:
            seeds_of.setdefault(trial.variant, []).append(str(trial.seed))
    variants_of: dict[tuple[str, ...], list[str]] = {}
    for variant, seeds in seeds_of.items():
        variants_of.setdefault(tuple(seeds), []).append(variant)
    return tuple(_gap(seeds, variants) for seeds, variants in variants_of.items())


def _gap(seeds: tuple[str, ...], variants: list[str]) -> str:
    noun = "seeds" if len(seeds) > 1 else "seed"
    return f"{noun} {some(seeds, 5)} of {some(variants, 5)}"


def environment(context: ReportData) -> tuple[Fact, ...]:
    """Return versions, machine, checksums of the data, and dates."""
    record = context.results.record
    imported = record.compute.backend == ELSEWHERE
    facts = [
        Fact("cnn-ablate", record.environment.cnn_ablate),
        *(() if imported else _machine(record)),
        *(Fact(f"Input {path}", f"SHA-256 {sha256}") for path, sha256 in record.inputs.items()),
        *(
            Fact(f"Data {record.plan.data_name(f)}", f"SHA-256 {f.fingerprint}")
            for f in record.data
        ),
        Fact("First trial", "" if imported else _first(context.trials["started"])),
        Fact("Tables written", record.finished),
    ]
    return tuple(fact for fact in facts if fact.text)


def _machine(record: Record) -> Iterator[Fact]:
    """Yield the software and the machine; what a program of the user's runs on is not known."""
    machine = record.environment
    yield Fact("Python", machine.python)
    if not record.study.trainer:
        yield Fact("PyTorch", machine.torch)
    yield Fact("Platform", machine.platform)
    yield Fact("Processor", f"{machine.processor} ({count(machine.cores, 'core')})")
    yield Fact("GPU", machine.gpu)


def _first(times: pd.Series) -> str:
    return str(times.min()) if len(times) else ""
