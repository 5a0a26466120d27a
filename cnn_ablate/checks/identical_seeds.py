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
    named = some(f"{name} ({percent(value)})" for name, value in alike)
    yield Finding(
        kind="identical seeds",
        severity="warning",
        where=study.where(names),
        message=f"All seeds test exactly alike: {named}. Either nothing is learned, or all "
        "is, or nothing depends on the seed; the zero spread is no certainty.",
        data={"variants": names, "meaningless": []},
    )
