"""The result of a trial with its curves and predictions, as it was stored: what trackers copy."""

import csv
import io

from cnn_ablate.schema import EpochRow, Trial, TrialResult
from cnn_ablate.store import Store


def read_trial(store: Store, trial: Trial) -> TrialResult | None:
    """Read the result of a trial with its epochs and predictions; None if there is none.

    Raises:
        UserError: the trial is damaged.
    """
    folder = store.open(trial)
    if folder is None or folder.result.status != "done":
        return folder.result if folder else None
    text = folder.read("epochs.csv").decode()
    rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(io.StringIO(text))]
    epochs = tuple(EpochRow.model_validate_strings(row) for row in rows)
    predictions = folder.read("predictions.npz")
    return folder.result.model_copy(update={"epochs": epochs, "predictions": predictions})
