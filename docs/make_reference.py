"""Write the reference of study files from the classes that read them.

Run it as `python docs/make_reference.py`; a test checks that the committed page is up to date.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cnn_ablate.cli.json_values import PilotContrast, PlannedStudy, printed_schema
from cnn_ablate.data import DataSet
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.data.normalize import NORMALIZATIONS
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.options import Options
from cnn_ablate.schema import Claim, Paper, PlannedContrasts, PowerAnalysis
from cnn_ablate.settings import DEFAULT_NAMES, TABLES
from cnn_ablate.study.file_model import DeclaredMetric, StudyFile
from cnn_ablate.value_errors import describe_schema

PAGE = Path(__file__).parent / "reference.md"
PRINTED = Path(__file__).parent / "printed.schema.json"
ABOUT = {
    "data": "Which images, how many of them, and how they are augmented and normalised.",
    "model": "The network. A user-defined one is named `module:Name`: see [own.md](own.md).",
    "optimizer": "How the weights are updated from the gradients.",
    "schedule": "How the learning rate changes.",
    "loss": "The function that training minimises.",
    "training": "Length and method of training, and which weights are evaluated. It has no name.",
}
# The YAML keys of fields whose names are reserved words in Python.
YAML_KEYS = {"from_level": "from", "to_level": "to"}


def page() -> str:
    """Return the page."""
    parts = (head, baseline, augmentations, normalizations, claims, metrics, plan)
    return "\n".join(line for part in parts for line in part()) + "\n"


def head() -> Iterator[str]:
    """Yield the top level of a study file."""
    yield "# Study files: every key"
    yield ""
    yield "Written by `docs/make_reference.py` from the classes that read a study file."
    yield "`cnn-ablate list models` prints the same on the command line, and `cnn-ablate schema`"
    yield "for editors. A key whose default is - is required."
    yield "Files are YAML 1.2: `1e-3` is a number, `on` and `yes` are strings."
    yield ""
    yield "## Top level"
    yield ""
    yield from table(StudyFile, StudyFile.model_fields)
    yield "Factors and designs are described in [designs.md](designs.md)."
    yield ""
    yield "### `paper`"
    yield ""
    yield from table(Paper, Paper.model_fields)


def baseline() -> Iterator[str]:
    """Yield the sections of a baseline and their entries."""
    for section, entries in TABLES.items():
        default = DEFAULT_NAMES.get(section)
        yield f"## `baseline.{section}`"
        yield ""
        yield ABOUT[section] + (f" Without a name: `{default}`." if default else "")
        yield ""
        shared = list(DataSet.model_fields) if section == "data" else []
        if shared:
            yield "Every data set has these keys:"
            yield ""
            yield from table(next(iter(entries.values())), shared)
        for name, entry in entries.items():
            keys = [key for key in entry.model_fields if key not in shared]
            yield from table_entry(name, entry, keys)


def augmentations() -> Iterator[str]:
    """Yield the entries of `augment`."""
    yield "## `baseline.data.augment`"
    yield ""
    yield "A list, applied in this order: `[random_crop, {name: cutout, size: 8}]`."
    yield ""
    for name, entry in AUGMENTS.items():
        yield from table_entry(name, entry, entry.model_fields)


def normalizations() -> Iterator[str]:
    """Yield the names that `normalize` accepts."""
    yield "## `baseline.data.normalize`"
    yield ""
    yield "A name, or `{mean: [...], std: [...]}` of pixels in 0..1."
    yield ""
    yield "| name | mean | standard deviation |"
    yield "|---|---|---|"
    for name, known in NORMALIZATIONS.items():
        yield f"| `{name}` | {', '.join(map(str, known.mean))} | {', '.join(map(str, known.std))} |"
    yield ""


def claims() -> Iterator[str]:
    """Yield the keys and the metrics of claims."""
    yield "## `claims`"
    yield ""
    yield "A number or a limit (`variant`, `metric`, `value`), a direction (`variant` and"
    yield "`reference`, or `factor`, `from` and `to`, with `effect`), or the `rank` of a class."
    yield ""
    yield from table(Claim, Claim.model_fields)


def metrics() -> Iterator[str]:
    """Yield the metrics, with what a study may say of one."""
    yield "## `metrics`"
    yield ""
    yield "Direction, margin and unit of a metric, for instance `metrics: {auroc: {margin: 1}}`."
    yield ""
    yield from table(DeclaredMetric, DeclaredMetric.model_fields)
    yield "Known metrics; those with * may be the `metric` of effects:"
    yield ""
    yield "| metric | unit | better | margin | |"
    yield "|---|---|---|---|---|"
    for name, known in KNOWN_METRICS.items():
        metric = known.metric
        cells = (
            metric.unit,
            metric.better or "",
            f"{metric.margin:g}" if metric.margin else "",
            known.meaning,
        )
        yield f"| `{name}`{' *' if known.may_lead else ''} | {' | '.join(cells)} |"


def plan() -> Iterator[str]:
    """Yield what `cnn-ablate plan --json` prints."""
    yield ""
    yield "## `plan --json`"
    for part in (PlannedStudy, PowerAnalysis, PlannedContrasts, PilotContrast):
        yield ""
        yield (part.__doc__ or "").partition("\n")[0]
        yield ""
        yield "| key | type | |"
        yield "|---|---|---|"
        schema = part.model_json_schema()
        for name, field in part.model_fields.items():
            kind = describe_schema(schema["properties"][name], schema).replace("|", " or ")
            yield f"| `{name}` | {kind} | {field.description or ''} |"


def table_entry(name: str, entry: type[Options], keys: Iterable[str]) -> Iterator[str]:
    """Yield one entry of a table."""
    keys = list(keys)
    if name:
        yield f"### `{name}`"
        yield ""
        yield (entry.__doc__ or "").partition("\n")[0]
        yield ""
    if keys:
        yield from table(entry, keys)


def table(entry: Any, keys: Iterable[str]) -> Iterator[str]:
    """Yield some keys of a class with their types, defaults and meanings."""
    schema: Mapping[str, Any] = entry.model_json_schema()
    yield "| key | type | default | |"
    yield "|---|---|---|---|"
    for key in keys:
        field = entry.model_fields[key]
        kind = describe_schema(schema["properties"][key], schema)
        default = "-" if field.is_required() else as_yaml(field.get_default())
        row = (f"`{YAML_KEYS.get(key, key)}`", kind, default, field.description or "")
        yield f"| {' | '.join(cell.replace('|', ' or ') for cell in row)} |"
    yield ""


def as_yaml(default: Any) -> str:
    """Return a default as YAML writes it."""
    if default is None or default == "":
        return ""
    names = [name for name, known in NORMALIZATIONS.items() if known == default]
    text = names[0] if names else json.dumps(default)
    return f"`{text.strip(chr(34))}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PRINTED.write_text(json.dumps(printed_schema(), indent=1) + "\n", encoding="utf-8")
