"""Write the reference of study files from the classes that read them.

Run it as `python docs/make_reference.py`; a test checks that the committed page is up to date.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cnn_ablate.claims import METRICS
from cnn_ablate.data import DataSet
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.data.normalize import NORMALIZATIONS
from cnn_ablate.messages import describe_schema
from cnn_ablate.options import Options
from cnn_ablate.schema import Claim, Paper
from cnn_ablate.settings import DEFAULT_NAMES, TABLES
from cnn_ablate.study.file import StudyFile

PAGE = Path(__file__).parent / "reference.md"
ABOUT = {
    "data": "Which images, how many of them, and how they are augmented and normalised.",
    "model": "The network. One of your own is named `package.module:Name`: see [own.md](own.md).",
    "optimizer": "How weights follow gradients.",
    "schedule": "How the learning rate moves.",
    "loss": "What is made small.",
    "training": "How long, in what way, and which weights are reported. It has no name.",
}
# As YAML spells what Python may not call a name.
SPELT = {"from_level": "from", "to_level": "to"}


def page() -> str:
    """Give the page."""
    return "\n".join([*head(), *baseline(), *augmentations(), *normalizations(), *claims()]) + "\n"


def head() -> Iterator[str]:
    """Describe the top level."""
    yield "# Study files: every key"
    yield ""
    yield "Written by `docs/make_reference.py` from the classes that read a study file."
    yield "On the command line, `cnn-ablate list models` says the same; for editors,"
    yield "`cnn-ablate schema` does. Where the default is -, the key must stand."
    yield "YAML is 1.2: `1e-3` is a number, `on` and `yes` are words."
    yield ""
    yield "## Top level"
    yield ""
    yield from table(StudyFile, StudyFile.model_fields)
    yield "How factors and designs are written: [designs.md](designs.md)."
    yield ""
    yield "### `paper`"
    yield ""
    yield from table(Paper, Paper.model_fields)


def baseline() -> Iterator[str]:
    """Describe the sections of a baseline and their entries."""
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
            yield from one(name, entry, [key for key in entry.model_fields if key not in shared])


def augmentations() -> Iterator[str]:
    """Describe what `augment` can list."""
    yield "## `baseline.data.augment`"
    yield ""
    yield "A list, applied in its order: `[random_crop, {name: cutout, size: 8}]`."
    yield ""
    for name, entry in AUGMENTS.items():
        yield from one(name, entry, entry.model_fields)


def normalizations() -> Iterator[str]:
    """List the names that `normalize` knows."""
    yield "## `baseline.data.normalize`"
    yield ""
    yield "A name, or `{mean: [...], std: [...]}` of pixels in 0..1."
    yield ""
    yield "| name | mean | deviation |"
    yield "|---|---|---|"
    for name, known in NORMALIZATIONS.items():
        yield f"| `{name}` | {', '.join(map(str, known.mean))} | {', '.join(map(str, known.std))} |"
    yield ""


def claims() -> Iterator[str]:
    """Describe claims, and what they may speak of."""
    yield "## `claims`"
    yield ""
    yield "A number or a limit (`variant`, `metric`, `value`), a direction (`variant` and"
    yield "`reference`, or `factor`, `from` and `to`, with `effect`), or the `rank` of a class."
    yield ""
    yield from table(Claim, Claim.model_fields)
    yield f"Metrics: {', '.join(f'`{name}`' for name in sorted(METRICS))}."


def one(name: str, entry: type[Options], keys: Iterable[str]) -> Iterator[str]:
    """Describe one entry of a table."""
    keys = list(keys)
    if name:
        yield f"### `{name}`"
        yield ""
        yield (entry.__doc__ or "").partition("\n")[0]
        yield ""
    if keys:
        yield from table(entry, keys)


def table(entry: Any, keys: Iterable[str]) -> Iterator[str]:
    """Describe some keys of a class: what they take, their default, what they mean."""
    schema: Mapping[str, Any] = entry.model_json_schema()
    yield "| key | takes | default | |"
    yield "|---|---|---|---|"
    for key in keys:
        field = entry.model_fields[key]
        said = describe_schema(schema["properties"][key], schema)
        default = "-" if field.is_required() else shown(field.get_default())
        row = (f"`{SPELT.get(key, key)}`", said, default, field.description or "")
        yield f"| {' | '.join(cell.replace('|', ' or ') for cell in row)} |"
    yield ""


def shown(default: Any) -> str:
    """Write a default as YAML would."""
    if default is None or default == "":
        return ""
    named = [name for name, known in NORMALIZATIONS.items() if known == default]
    text = named[0] if named else json.dumps(default)
    return f"`{text.strip(chr(34))}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
