"""Variants that were still improving when their training ended."""

from collections.abc import Iterator

import pandas as pd

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import some

# From the mean accuracy of the quarter before to that of the last quarter of the epochs.
RISE = 0.01
# Below this share of its peak the learning rate leaves nothing to gain from more epochs of it.
_ANNEALED = 0.1
LEAST_EPOCHS = 4


def still_improving(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants whose mean accuracy rose by a point between their last two quarters of epochs.

    Their order may change with more epochs, even if the last ones fall below that mean.
    """
    epochs = study.results.epochs
    found = last_rises(epochs)
    rises = {variant: rise for variant, rise in found.items() if rise >= RISE}
    if not rises:
        return
    images = "validation" if epochs["val_accuracy"].notna().any() else "test"
    largest = max(rises, key=lambda name: rises[name])
    rise = f"by {100 * rises[largest]:.1f} points with {largest}"
    if len(rises) == 1:
        where, which = f"variant {largest}", f"{rise}. Longer training may change its rank."
    else:
        where = f"{len(rises)} variants"
        which = f"most {rise} ({some(rises)}). Their order may change with longer training."
    yield Finding(
        kind="still improving",
        severity="warning",
        where=where,
        message=f"Mean {images} accuracy is a point or more higher over the last quarter of the "
        f"epochs than over the quarter before, {which}",
        data={"variants": list(rises), "rises": rises, "meaningless": []},
    )


def last_rises(epochs: pd.DataFrame) -> dict[str, float]:
    """Return by how much the accuracy of the last quarter is above that of the one before.

    One fraction per variant, on validation images if there are any, else on test images. Variants
    of fewer than four epochs are left out, and those whose schedule ends near zero: they are over
    by design.
    """
    by_variant = epochs.groupby("variant", sort=False) if len(epochs) else ()
    rises = {str(variant): _rise(own) for variant, own in by_variant}
    return {variant: rise for variant, rise in rises.items() if rise is not None}


def _rise(epochs: pd.DataFrame) -> float | None:
    by_epoch = epochs.groupby("epoch")[["val_accuracy", "test_accuracy", "lr"]].mean()
    held_out = by_epoch["val_accuracy"].fillna(by_epoch["test_accuracy"]).dropna()
    if len(held_out) < LEAST_EPOCHS or by_epoch["lr"].iloc[-1] < _ANNEALED * by_epoch["lr"].max():
        return None
    quarter = max(1, len(held_out) // 4)
    last, before = held_out.iloc[-quarter:], held_out.iloc[-2 * quarter : -quarter]
    return float(last.mean() - before.mean())
