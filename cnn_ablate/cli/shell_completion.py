"""What the shell completes: names that are found without importing torch."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What `list` lists; a test holds this to its tables.
TABLES = (
    *("activations", "attention", "augments", "datasets", "inits", "losses", "models", "norms"),
    *("optimizers", "schedules", "training"),
)
DEVICES = ("auto", "cpu", "cuda", "mps")


def studies(incomplete: str) -> list[str]:
    """Complete a study: shipped ones, files here, and what was run."""
    from cnn_ablate.study_paths import shipped_studies

    files = (str(path) for path in sorted(Path().glob("*.y*ml")))
    ran = (path.parent.name for path in sorted(Path("results").glob("*/study.json")))
    return _starting(incomplete, *shipped_studies(), *files, *ran)


def tables(incomplete: str) -> list[str]:
    """Complete a table of entries."""
    return _starting(incomplete, *TABLES)


def devices(incomplete: str) -> list[str]:
    """Complete a device."""
    return _starting(incomplete, *DEVICES)


def profiles(incomplete: str) -> list[str]:
    """Complete a profile of the study on the same command line."""
    from ruamel.yaml import YAML

    from cnn_ablate.study_paths import study_path

    try:
        said = YAML(typ="safe", pure=True).load(study_path(_study()))
        return _starting(incomplete, "smoke", *said.get("profiles", {}))
    except Exception:  # noqa: BLE001 - the command itself will say what is wrong
        return _starting(incomplete, "smoke")


def variants(incomplete: str) -> list[str]:
    """Complete a variant of a study that was run."""
    path = Path("results") / Path(_study()).stem / "study.json"
    if not path.is_file():
        return []
    plan = json.loads(path.read_bytes())["plan"]
    return _starting(incomplete, *(variant["name"] for variant in plan["variants"]))


def datasets(incomplete: str) -> list[str]:
    """Complete a data set."""
    return _starting(incomplete, *_named("data"))


def models(incomplete: str) -> list[str]:
    """Complete a network."""
    return _starting(incomplete, *_named("model"))


def _study() -> str:
    """Give the study among the words typed so far, which bash and other shells pass on."""
    typed = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return next((word for word in typed.split()[2:] if not word.startswith("-")), "")


def _named(section: str) -> Iterator[str]:
    """Give the names of a section as the schema for editors has them."""
    from cnn_ablate.study_paths import schema_path

    schema: dict[str, Any] = json.loads(schema_path().read_bytes())
    options = schema["$defs"]["values"]["properties"][f"{section}.name"]["anyOf"]
    yield from (option["const"] for option in options if "const" in option)


def _starting(incomplete: str, *names: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
