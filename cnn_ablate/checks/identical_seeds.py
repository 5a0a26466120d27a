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
    alike = {
        str(name): values.iloc[0]
        for name, values in seeds
        if len(values) >= _LEAST_SEEDS and values.nunique() == 1
    }
    saturated = [name for name, value in alike.items() if value == 1]
    others = [name for name in alike if name not in saturated]
    if saturated:
        message = (
            f"All seeds test at 100 %: {some(saturated)}. The task is saturated: these test images "
            "cannot show which of two such variants is better, and the zero spread is no certainty."
        )
        yield _finding(study, saturated, message)
    if others:
        named = some(f"{name} ({percent(alike[name])})" for name in others)
        message = (
            f"All seeds test exactly alike: {named}. Either nothing is learned, or nothing depends "
            "on the seed; the zero spread is no certainty."
        )
        yield _finding(study, others, message)


def _finding(study: TrainedStudy, variants: list[str], message: str) -> Finding:
    return Finding(
        kind="identical seeds",
        severity="warning",
        where=study.where(variants),
        message=message,
        data={"variants": variants, "meaningless": []},
    )
