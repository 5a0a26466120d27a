"""Read the files that earlier versions wrote: nothing is trained again after an upgrade.

Early versions called the compute settings `recipe`, with `compiled`, `stack` and `micro_batch` in
place of `backend` and `width`. Their recipes.json, with settings per network, is not read: a study
has one set of compute settings.
"""

import json
from typing import Any

import pandas as pd

from cnn_ablate.schema import Record, TrialResult

# Columns of results.csv that this version names in another way.
REPLACED = ("compiled", "stack", "micro_batch")


def parse_trial(payload: bytes) -> TrialResult:
    """Parse a trial.json of any version; raises ValueError."""
    return TrialResult.model_validate_json(_upgraded(payload))


def parse_record(payload: bytes) -> Record:
    """Parse a study.json of any version; raises ValueError."""
    return Record.model_validate_json(_upgraded(payload))


def upgrade_results(table: pd.DataFrame) -> pd.DataFrame:
    """Return a results.csv of any version with the columns of this one."""
    if "stack" not in table:
        return table
    backend = table["compiled"].map({True: "compiled", False: "eager"})
    renamed = table.rename(columns={"compiled": "backend", "stack": "width"})
    return renamed.assign(backend=backend).drop(columns="micro_batch")


def _upgraded(payload: bytes) -> bytes:
    """Return a trial.json or study.json of any version in the format of this one."""
    # Most files are of this version, and need not be parsed twice.
    if b'"micro_batch"' not in payload:
        return payload
    document = json.loads(payload)
    if isinstance(document, dict) and isinstance(document.get("recipe"), dict):
        document["compute"] = _compute(document.pop("recipe"))
    return json.dumps(document).encode()


def _compute(recipe: dict[str, Any]) -> dict[str, Any]:
    unchanged = {key: value for key, value in recipe.items() if key not in REPLACED}
    backend = "compiled" if recipe.get("compiled") else "eager"
    return {**unchanged, "backend": backend, "width": recipe.get("stack", 1)}
