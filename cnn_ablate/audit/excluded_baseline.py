"""Find studies whose baseline is excluded, with which variants were to be compared."""

from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.plan.designs import BASELINE
from cnn_ablate.schema import Finding
from cnn_ablate.text import some


def excluded_baseline(subject: Subject) -> Iterator[Finding]:
    """Find a baseline that a rule under `exclude` leaves out; its contrasts go with it."""
    plan = subject.plan
    if BASELINE.name not in plan.excluded:
        return
    compared = {name for pair in plan.contrasts for name in (pair.variant, pair.reference)}
    alone = [variant.name for variant in plan.variants if variant.name not in compared]
    left = f": {some(alone)} {'is' if len(alone) == 1 else 'are'} compared with nothing"
    yield Finding(
        kind="excluded-baseline",
        severity="error" if alone and not subject.study.before else "warning",
        where="exclude",
        message=(
            "A rule under `exclude` leaves out the baseline, and with it its contrasts"
            f"{left if alone else ''}. Narrow the rule, or choose another baseline."
        ),
        data={"alone": alone},
    )
