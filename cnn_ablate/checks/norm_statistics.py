"""Batch-norm statistics that have not settled: the network learned, and cannot show it."""

from collections.abc import Iterator, Mapping
from typing import Any

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import count_range, percent, some

# torch's running averages keep 0.9 of their value at each step: within so few steps they lag behind
# weights that still move fast. Ordinary overfitting takes many more steps than this.
_FEW_STEPS = 200
# Training accuracy is measured while the weights move, so that it is below that of the last ones.
_GAP = 0.15


def unsettled_norm(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants that test far under their own training accuracy after few steps.

    In evaluation mode batch normalisation uses running averages of what training saw. Where these
    lag behind the weights, a network that learned well tests like one that did not.
    """
    gaps = {name: gap for name, _ in study.by_variant if (gap := _gap(study, name))}
    if not gaps:
        return
    steps = count_range((study.steps(name) for name in gaps), "step")
    named = some(
        f"{name} ({percent(test)} after {percent(train)} in training)"
        for name, (train, test) in gaps.items()
    )
    yield Finding(
        kind="normalisation statistics not settled",
        severity="error",
        where=study.where(gaps),
        message=f"Tests far under its training accuracy: {named}. After {steps} the running "
        "averages of batch normalisation lag behind the weights. Train longer, or set "
        "`training.recalibrate_norm: true`.",
        data={"variants": list(gaps), "meaningless": study.contrasts_of(list(gaps))},
    )


def _gap(study: TrainedStudy, variant: str) -> tuple[float, float] | None:
    """Return training and test accuracy if they are far apart after few steps; else None."""
    if not 0 < study.steps(variant) < _FEW_STEPS:
        return None
    if not _may_have_batch_norm(study.settings[variant]["model"]):
        return None
    trials = study.done[study.done["variant"] == variant]
    train = float(study.last_epochs["train_accuracy"].reindex(trials["trial"]).mean())
    test = float(trials["test_accuracy"].mean())
    return (train, test) if train - test >= _GAP else None


def _may_have_batch_norm(model: Mapping[str, Any]) -> bool:
    """Return whether the settings leave batch normalisation possible; unknown networks may."""
    return model.get("batch_norm", True) is not False and model.get("norm", "batch") == "batch"
