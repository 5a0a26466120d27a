"""Which weights are tested after training, and how that differs from the curves of training."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cnn_ablate.schema import Record
from cnn_ablate.text import count, listed

_WEIGHTS = {
    "last": "The weights of the last epoch",
    "best_val": "The weights with the best validation accuracy",
    "best_test": "The weights with the best test accuracy",
}
_AVERAGES = {
    "swa": "The weights averaged over the last epochs (SWA)",
    "ema": "A moving average of the weights (EMA)",
}
_REESTIMATED = "statistics of batch normalisation re-estimated on the training images"


def weights_tested(training: Mapping[str, Any]) -> str:
    """Return a sentence on the weights that are tested, by the `training` section of settings."""
    average = training.get("average")
    weights = _AVERAGES.get(str(average)) or _WEIGHTS.get(training.get("select", "last"))
    if weights is None:
        return ""
    verb = "is" if average == "ema" else "are"
    again = f", with {_REESTIMATED}" if _reestimates(training) else ""
    views = training.get("tta")
    mean = f", and predictions averaged over {count(len(views), 'view')} per image" if views else ""
    return f" {weights} {verb} tested{again}{mean}."


def curves_note(record: Record, shown: Collection[str]) -> str:
    """Return a sentence where results are measured otherwise than the curves; else nothing.

    Args:
        record: The study.
        shown: The names of the variants that have results.
    """
    if record.study.trainer:
        return ""
    trainings = [v.settings.get("training", {}) for v in record.plan.variants if v.name in shown]
    changes = dict.fromkeys(change for each in trainings for change in _changes(each))
    if not changes:
        return ""
    what = listed(changes, "or")
    return f" Results of variants with {what} are measured with that, these values without."


def _changes(training: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is done between the last epoch and the test, and not after each epoch."""
    if training.get("average") in _AVERAGES:
        yield "averaged weights"
    if _reestimates(training):
        yield _REESTIMATED
    views = training.get("tta") or ["identity"]
    if len(views) > 1:
        yield "predictions averaged over views"
    elif views != ["identity"]:
        yield "changed test images"


def _reestimates(training: Mapping[str, Any]) -> bool:
    return bool(training.get("recalibrate_norm")) or training.get("average") == "swa"
