"""Variants that were still improving when their training ended."""

from collections.abc import Iterator

import pandas as pd

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import some

# Points of accuracy gained over the last quarter of the epochs.
_RISE = 0.01
# Below this share of its peak the learning rate leaves nothing to gain from more epochs of it.
_ANNEALED = 0.1
_LEAST_EPOCHS = 4


def still_improving(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants whose held-out accuracy still rose by a point in the last quarter.

    Their order may change with more epochs. Schedules that end near zero are left out: they are
    over by design.
    """
    epochs = study.results.epochs
    by_variant = epochs.groupby("variant", sort=False) if len(epochs) else ()
    rises = {str(variant): rise for variant, own in by_variant if (rise := _rise(own)) >= _RISE}
    if not rises:
        return
    largest = max(rises, key=lambda name: rises[name])
    yield Finding(
        kind="still improving",
        severity="warning",
        where=f"variant {largest}" if len(rises) == 1 else f"{len(rises)} variants",
        message=f"Held-out accuracy still rose over the last quarter of the epochs, most by "
        f"{100 * rises[largest]:.1f} points with {largest} ({some(rises)}). Their order may change "
        "with longer training.",
        data={"variants": list(rises), "rises": rises, "meaningless": []},
    )


def _rise(epochs: pd.DataFrame) -> float:
    """Return by how much the accuracy of the last quarter is above that of the one before."""
    by_epoch = epochs.groupby("epoch")[["val_accuracy", "test_accuracy", "lr"]].mean()
    held_out = by_epoch["val_accuracy"].fillna(by_epoch["test_accuracy"]).dropna()
    if len(held_out) < _LEAST_EPOCHS or by_epoch["lr"].iloc[-1] < _ANNEALED * by_epoch["lr"].max():
        return 0.0
    quarter = max(1, len(held_out) // 4)
    last, before = held_out.iloc[-quarter:], held_out.iloc[-2 * quarter : -quarter]
    return float(last.mean() - before.mean())
