"""The runs in a multirun folder of Hydra: the configuration of each, and its metrics.json."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cnn_ablate.errors import UserError
from cnn_ablate.external.run_rows import RunRow, flattened

_CONFIG = ".hydra/config.yaml"
_METRICS = "metrics.json"


def is_multirun(folder: Path) -> bool:
    """Return whether a folder has runs of Hydra."""
    return next(folder.rglob(_CONFIG), None) is not None


def read_multirun(folder: Path) -> Iterator[RunRow]:
    """Yield the runs of a folder; one without metrics has failed.

    Raises:
        UserError: a configuration or a metrics.json cannot be read.
    """
    for config in sorted(folder.rglob(_CONFIG)):
        run = config.parents[1]
        name = run.relative_to(folder).as_posix()
        settings = flattened(_yaml(config))
        if (run / _METRICS).is_file():
            yield RunRow(name, {**settings, "status": "done"}, _json(run / _METRICS))
        else:
            yield RunRow(name, {**settings, "status": "failed"}, {})


def _yaml(path: Path) -> dict[str, Any]:
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError):
        raise UserError(str(path), "cannot be read.") from None
    return values if isinstance(values, dict) else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise UserError(str(path), "cannot be read, or is not JSON.") from None
    if not isinstance(values, dict):
        raise UserError(str(path), "expected a mapping of names to numbers.")
    return values
