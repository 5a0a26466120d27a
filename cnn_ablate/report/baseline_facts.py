"""What was trained: the settings of the reference as short facts, and as a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from cnn_ablate.report import formatting
from cnn_ablate.report.final_evaluation import weights_tested
from cnn_ablate.report.run_facts import Fact, image_counts
from cnn_ablate.schema import DataFacts, Record, Variant, data_set_name, label
from cnn_ablate.text import capital, count, listed, with_article

# Settings that other facts have, or that every training has.
_ELSEWHERE = {"training": {"epochs", "batch_size", "precision"}, "data": {"augment"}}
_FITTED_BY = {"crop": "a centre crop", "pad": "black padding", "stretch": "stretching"}
_NORMALIZED = {
    "none": "pixels scaled to 0 to 1",
    "half": "normalised with mean 0.5 and standard deviation 0.5",
    "training": "normalised by mean and standard deviation of the training images",
    "cifar10_true": "normalised by mean and standard deviation of all pixels of CIFAR-10",
}


def baseline_facts(record: Record, reference: str) -> tuple[Fact, ...]:
    """Return the settings of the reference: one fact per section, and what training needs most.

    Of each section, the name and the settings that the study file states.
    """
    variant = next(v for v in record.plan.variants if v.name == reference)
    facts = [
        Fact(_title(section), _section(record, variant, section)) for section in variant.settings
    ]
    training = variant.settings.get("training", {})
    facts += [
        Fact("Augmentation", _operations(variant.settings.get("data", {}).get("augment"))),
        Fact("Epochs", str(training.get("epochs", ""))),
        Fact("Batch size", str(training.get("batch_size", ""))),
        Fact("Precision", str(training.get("precision", ""))),
        Fact("Compute settings", _compute(record)),
    ]
    return tuple(fact for fact in facts if fact.text)


def _operations(augment: Sequence[Any] | None) -> str:
    """Return augmentations with their arguments: `random_crop (padding 4), horizontal_flip`."""
    if augment is None:
        return ""
    return ", ".join(map(_operation, augment)) or "none"


def _operation(one: Any) -> str:
    if not isinstance(one, Mapping):
        return label(one)
    arguments = ", ".join(f"{key} {label(value)}" for key, value in one.items() if key != "name")
    return f"{one.get('name', '')}{f' ({arguments})' if arguments else ''}".strip()


def _title(section: str) -> str:
    return {"model": "Network", "training": "Training"}.get(section, capital(section))


def _section(record: Record, variant: Variant, section: str) -> str:
    values = variant.settings[section]
    stated = {**record.study.written.get(section, {}), **_forced(record, section)}
    left_out = {"name", *_ELSEWHERE.get(section, ())}
    shown = {k: v for k, v in values.items() if k in stated and k not in left_out}
    is_data = section == "data"
    name = _data(record, variant.name, values) if is_data else label(values.get("name", ""))
    parts = [name] if "name" in values else []
    parts += [f"{key} {label(value)}" for key, value in shown.items() if value != name]
    if section == "model" and (size := record.sizes.get(variant.name)):
        macs = formatting.magnitude(size.macs)
        parts.append(f"{size.parameters:,} parameters, {macs} MACs per image")
    if is_data:
        parts += [image_counts(record.plan, facts) for facts in _facts(record, variant.name)]
    return ", ".join(parts)


def _facts(record: Record, variant: str) -> list[DataFacts]:
    """Return the facts of the data set that a variant uses; none of an unknown trainer."""
    used = {trial.fingerprint for trial in record.plan.trials if trial.variant == variant}
    return [facts for facts in record.data if facts.fingerprint in used]


def _data(record: Record, variant: str, section: Mapping[str, Any]) -> str:
    """Return the name of the data set of a variant, which its `data` section names, as printed."""
    names = [record.plan.data_name(facts) for facts in _facts(record, variant)]
    return formatting.data_name(next(iter(names), data_set_name(section)))


def _forced(record: Record, section: str) -> dict[str, Any]:
    sets = record.study.forced.items()
    return {key.partition(".")[2]: value for key, value in sets if key.startswith(f"{section}.")}


def _compute(record: Record) -> str:
    compute = record.compute.model_dump()
    return ", ".join(f"{key} {label(value)}" for key, value in compute.items())


def recipe(record: Record, reference: str) -> str:
    """Return one sentence on how the reference is trained; empty for an unknown trainer."""
    settings = _settings(record, reference)
    if not settings:
        return ""
    training, parameters = settings["training"], _parameters(record, reference)
    precision = f", in {training['precision']}" if "precision" in training else ""
    data = _data(record, reference, settings["data"])
    return (
        f"The {reference} is {settings['model'].get('name')}{parameters}, trained on "
        f"{data}{_prepared(settings['data'])} for {count(training.get('epochs', 0), 'epoch')} "
        f"with {_means(settings)}{precision}.{weights_tested(training)}"
    )


def trained_with(record: Record, reference: str) -> str:
    """Return network, optimizer, schedule, batches and augmentation of the reference in words."""
    settings = _settings(record, reference)
    network = f"{settings['model'].get('name')}{_parameters(record, reference)}" if settings else ""
    return f"{network} with {_means(settings)}" if settings else ""


def _parameters(record: Record, reference: str) -> str:
    size = record.sizes.get(reference)
    return f" ({size.parameters:,} parameters)" if size else ""


def _settings(record: Record, reference: str) -> Mapping[str, Any]:
    """Return the settings of the reference; none of an unknown trainer."""
    variant = next((v for v in record.plan.variants if v.name == reference), None)
    settings = variant.settings if variant and not record.study.trainer else {}
    return settings if {"model", "data", "optimizer", "training"} <= settings.keys() else {}


def _prepared(data: Mapping[str, Any]) -> str:
    """Return how images become the input of a network; of a data set, what its settings tell."""
    parts = []
    # A user-defined data set may mean something else by these names.
    if "image_size" in data and ":" not in data["name"]:
        size, by = data["image_size"], _FITTED_BY[data.get("resize", "crop")]
        grey = "read in grey, " if data.get("grey") else ""
        parts.append(f"{grey}fitted to {size} x {size} pixels by {by} and bilinear resizing")
    if normalize := data.get("normalize"):
        parts.append(_normalized(normalize))
    return f" ({', '.join(parts)})" if parts else ""


def _normalized(normalize: str | Mapping[str, Sequence[float]]) -> str:
    if isinstance(normalize, str):
        source = f"normalised by mean and standard deviation of {formatting.data_name(normalize)}"
        return _NORMALIZED.get(normalize, source)
    mean, std = (listed(map(label, normalize[key])) for key in ("mean", "std"))
    return f"normalised with mean {mean} and standard deviation {std}"


def _means(settings: Mapping[str, Any]) -> str:
    training, schedule = settings["training"], settings.get("schedule", {})
    # A schedule with a peak never uses the optimizer's own rate.
    peak = f" up to a learning rate of {label(schedule['max_lr'])}" if "max_lr" in schedule else ""
    rate = () if peak else ("lr",)
    epochs = schedule.get("warmup_epochs")
    warm_up = f" after {count(epochs, 'epoch')} of linear warm-up" if epochs else ""
    parts = [
        _named(settings["optimizer"], *rate, "momentum", "weight_decay"),
        with_article(f"{schedule['name'].replace('_', '-')} schedule{peak}{warm_up}")
        if schedule
        else "",
        f"batches of {training['batch_size']}" if "batch_size" in training else "",
        _augmentation(settings["data"].get("augment") or []),
    ]
    return ", ".join(filter(None, parts))


def _named(section: Mapping[str, Any], *keys: str) -> str:
    words = {"lr": "learning rate", "weight_decay": "weight decay"}
    shown = [f"{words.get(k, k)} {label(section[k])}" for k in keys if section.get(k)]
    name = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}.get(section["name"], section["name"])
    return f"{name} ({', '.join(shown)})" if shown else str(name)


def _augmentation(augment: list[Any]) -> str:
    names = [str(a.get("name") if isinstance(a, Mapping) else a).replace("_", " ") for a in augment]
    return f"augmentation by {listed(names)}" if names else "no augmentation"
