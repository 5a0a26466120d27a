"""Shell completion: names that can be found without importing torch."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The tables of the command `list`; a test compares them with the real ones.
TABLES = (
    *("activations", "attention", "augments", "datasets", "designs", "inits", "losses"),
    *("metrics", "models", "norms", "optimizers", "schedules", "training"),
)
DEVICES = ("auto", "cpu", "cuda", "mps")


def studies(incomplete: str) -> list[str]:
    """Complete a study: shipped studies, YAML files here, and studies that were run."""
    from cnn_ablate.find_study import shipped_studies

    files = (str(path) for path in sorted(Path().glob("*.y*ml")))
    ran = (path.parent.name for path in sorted(Path("results").glob("*/study.json")))
    return _matching(incomplete, *shipped_studies(), *files, *ran)


def tables(incomplete: str) -> list[str]:
    """Complete a table of the command `list`."""
    return _matching(incomplete, *TABLES)


def devices(incomplete: str) -> list[str]:
    """Complete a device."""
    return _matching(incomplete, *DEVICES)


def profiles(incomplete: str) -> list[str]:
    """Complete a profile of the study on the same command line."""
    from ruamel.yaml import YAML

    from cnn_ablate.find_study import study_path

    try:
        document = YAML(typ="safe", pure=True).load(study_path(_study()))
        return _matching(incomplete, "smoke", *document.get("profiles", {}))
    except Exception:  # noqa: BLE001 - the command itself will report the error
        return _matching(incomplete, "smoke")


def variants(incomplete: str) -> list[str]:
    """Complete a variant of a study that was run."""
    path = Path("results") / Path(_study()).stem / "study.json"
    if not path.is_file():
        return []
    plan = json.loads(path.read_bytes())["plan"]
    return _matching(incomplete, *(variant["name"] for variant in plan["variants"]))


def datasets(incomplete: str) -> list[str]:
    """Complete a data set."""
    return _matching(incomplete, *_entry_names("data"))


def models(incomplete: str) -> list[str]:
    """Complete a network."""
    return _matching(incomplete, *_entry_names("model"))


def _study() -> str:
    """Return the study among the words typed so far; shells pass them in the environment."""
    typed = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return next((word for word in typed.split()[2:] if not word.startswith("-")), "")


def _entry_names(section: str) -> Iterator[str]:
    """Yield the names that the JSON Schema for editors lists for a section."""
    from cnn_ablate.find_study import schema_path

    schema: dict[str, Any] = json.loads(schema_path().read_bytes())
    options = schema["$defs"]["values"]["properties"][f"{section}.name"]["anyOf"]
    yield from (option["const"] for option in options if "const" in option)


def _matching(incomplete: str, *names: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
