"""The result of a trial with its curves and predictions, as it was stored: what trackers copy."""

import csv
import io

from cnn_ablate.schema import EpochRow, Trial, TrialResult
from cnn_ablate.store import Store


def stored_result(store: Store, trial: Trial) -> TrialResult | None:
    """Read the result of a trial with its epochs and predictions; None if there is none.

    Raises:
        UserError: the trial is damaged.
    """
    result = store.result(trial)
    if result is None or result.status != "done":
        return result
    text = store.read_file(trial, "epochs.csv").decode()
    rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(io.StringIO(text))]
    epochs = tuple(EpochRow.model_validate_strings(row) for row in rows)
    predictions = store.read_file(trial, "predictions.npz")
    return result.model_copy(update={"epochs": epochs, "predictions": predictions})
