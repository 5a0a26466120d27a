"""Variants of which some trials diverged or failed."""

from collections.abc import Iterator

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.text import count, listed


def failed_trials(study: TrainedStudy) -> Iterator[Finding]:
    """Find variants with trials that have no result: the mean of the others leaves them out."""
    for variant, trials in study.results.trials.groupby("variant", sort=False):
        lost = trials[trials["status"] != "done"]
        if lost.empty:
            continue
        ways = [f"{n} {status}" for status, n in lost["status"].value_counts().items()]
        left_out = "no result is left" if len(lost) == len(trials) else "means are of the others"
        yield Finding(
            kind="failed trials",
            severity="error" if 2 * len(lost) >= len(trials) else "warning",
            where=f"variant {variant}",
            message=f"{len(lost)} of {count(len(trials), 'seed')} have no result "
            f"({listed(ways)}); {left_out}. Failing is an outcome: report it with the effect.",
            data={"variants": [str(variant)], "failed": len(lost), "meaningless": []},
        )
