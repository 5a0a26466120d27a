"""All tables of a study as data frames, for further analysis."""

from pathlib import Path

import pandas as pd

from cnn_ablate.schema import Effect, Verdict
from cnn_ablate.store.tables import read

# Rebuilt from the trials; `trials` is results.csv.
_REBUILT = ("trials", "epochs", "steps", "classes", "confusion")
# Written with the study when it ran.
_WRITTEN = ("effects", "findings", "claims")
FRAMES = (*_REBUILT, *_WRITTEN)
_NUMBERS = (int, float, int | None, float | None)
# A variant or class called `01` or `NA` keeps its name.
_TEXTS = {
    name: str
    for row in (Effect, Verdict)
    for name, field in row.model_fields.items()
    if field.annotation not in _NUMBERS
}


def frames(root: Path, folder: str) -> dict[str, pd.DataFrame]:
    """Read the tables of a study that was run: trials, epochs, classes, effects and so on.

    Raises:
        UserError: nothing of that name was run.
    """
    results = read(root, folder)
    rebuilt = {name: getattr(results, name) for name in _REBUILT}
    written = {name: _csv(root / folder / f"{name}.csv") for name in _WRITTEN}
    return {**rebuilt, **written}


def _csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame()
    return pd.read_csv(path, dtype=_TEXTS, keep_default_na=False, na_values=[""])
