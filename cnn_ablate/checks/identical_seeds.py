"""Variants whose seeds are all equal, so that they say nothing of noise."""

from collections.abc import Iterator

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import count, percent

# Two seeds may agree on a small test set by chance.
_LEAST_SEEDS = 3


def identical_seeds(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants of which all seeds test alike: an interval of width zero is none."""
    for variant, trials in study.done.groupby("variant", sort=False):
        values = trials["test_accuracy"]
        if len(trials) < _LEAST_SEEDS or values.nunique() > 1:
            continue
        yield Finding(
            kind="identical seeds",
            severity="warning",
            where=f"variant {variant}",
            message=f"All {count(len(trials), 'seed')} test at exactly {percent(values.iloc[0])}. "
            "Either nothing is learned, or nothing depends on the seed; the zero spread is no "
            "certainty.",
            data={"variants": [str(variant)], "meaningless": []},
        )
