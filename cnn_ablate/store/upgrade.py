"""Read the files that earlier versions wrote: nothing is trained again after an upgrade.

Until 0.1.0 the compute settings were called `recipe`, with `compiled`, `stack` and `micro_batch`
in place of `backend` and `width`.
"""

import json
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from cnn_ablate.schema import ComputeConfig, Record, TrialResult

_COMPUTE = TypeAdapter(dict[str, ComputeConfig])
_OLD_COMPUTE = ("compiled", "stack", "micro_batch")


def parse_trial(payload: bytes) -> TrialResult:
    """Parse a trial.json of any version; raises ValueError."""
    return TrialResult.model_validate_json(_upgraded(payload))


def parse_record(payload: bytes) -> Record:
    """Parse a study.json of any version; raises ValueError."""
    return Record.model_validate_json(_upgraded(payload))


def parse_compute(payload: bytes) -> dict[str, ComputeConfig]:
    """Parse a compute.json, or a recipes.json as it was called before; raises ValueError."""
    return _COMPUTE.validate_json(_upgraded(payload))


def upgrade_results(table: pd.DataFrame) -> pd.DataFrame:
    """Return a results.csv of any version with the columns of this one."""
    if "stack" not in table:
        return table
    backend = table["compiled"].map({True: "compiled", False: "eager"})
    renamed = table.rename(columns={"compiled": "backend", "stack": "width"})
    return renamed.assign(backend=backend).drop(columns="micro_batch")


def upgrade(document: Any) -> Any:
    """Return the JSON value of a file of any version in the format of this one."""
    if not isinstance(document, dict):
        return document
    if "recipe" in document:
        renamed = {"compute" if key == "recipe" else key: document[key] for key in document}
        return {**renamed, "compute": _upgrade_compute(document["recipe"])}
    return {key: _upgrade_compute(value) for key, value in document.items()}


def _upgrade_compute(value: Any) -> Any:
    """Return compute settings in today's format; anything else as it is."""
    if not isinstance(value, dict) or not value.keys() >= {*_OLD_COMPUTE}:
        return value
    same = {key: value[key] for key in value if key not in _OLD_COMPUTE}
    backend = "compiled" if value["compiled"] else "eager"
    return {**same, "backend": backend, "width": value["stack"]}


def _upgraded(payload: bytes) -> bytes:
    # Most files are of this version, and need not be parsed twice.
    if b'"micro_batch"' not in payload:
        return payload
    return json.dumps(upgrade(json.loads(payload))).encode()
