"""Variants whose seeds are all equal, so that they say nothing of noise."""

from collections.abc import Iterator

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import percent, some

# Two seeds may agree on a small test set by chance.
_LEAST_SEEDS = 3


def identical_seeds(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants of which all seeds test alike: an interval of width zero is none."""
    seeds = study.done.groupby("variant", sort=False)["test_accuracy"]
    alike = [
        (str(name), values.iloc[0])
        for name, values in seeds
        if len(values) >= _LEAST_SEEDS and values.nunique() == 1
    ]
    if not alike:
        return
    names = [name for name, _ in alike]
    right = [name for name, value in alike if value == 1]
    others = [f"{name} ({percent(value)})" for name, value in alike if value < 1]
    messages = (_saturated(right) if right else "", _unexplained(others) if others else "")
    yield Finding(
        kind="identical seeds",
        severity="warning",
        where=study.where(names),
        message=f"{' '.join(filter(None, messages))} The zero spread is no certainty.",
        data={"variants": names, "meaningless": []},
    )


def _saturated(variants: list[str]) -> str:
    return (
        f"All seeds test at 100 %: {some(variants)}. The task is saturated: these test images "
        "cannot show which of two such variants is better."
    )


def _unexplained(variants: list[str]) -> str:
    return (
        f"All seeds test exactly alike: {some(variants)}. Either nothing is learned, or nothing "
        "depends on the seed."
    )
