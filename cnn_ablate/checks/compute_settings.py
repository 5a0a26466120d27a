"""Contrasts whose two sides were computed in different ways."""

from collections.abc import Iterator

from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import ComputeConfig, Finding
from cnn_ablate.stats import compute_settings
from cnn_ablate.text import count, listed, some


def compute_differs(study: TrainedStudy) -> Iterator[Finding]:
    """Find contrasts with other compute settings on their two sides.

    Layout and backend change the order of sums, and so the last bits: after many steps two equal
    trainings may differ by points.
    """
    columns = [name for name in ComputeConfig.model_fields if name in study.done]
    used = compute_settings(study.done)
    contrasts = study.results.record.plan.contrasts
    known = [(c.variant, c.reference) for c in contrasts if {c.variant, c.reference} <= used.keys()]
    differing = [pair for pair in known if used[pair[0]] != used[pair[1]]]
    if not differing:
        return
    names = [
        column
        for i, column in enumerate(columns)
        if any({row[i] for row in used[a]} != {row[i] for row in used[b]} for a, b in differing)
    ]
    variants = some(dict.fromkeys(variant for variant, _ in differing))
    yield Finding(
        kind="compute settings differ",
        severity="warning",
        where=f"{len(differing)} of {count(len(known), 'contrast')}",
        message=f"Variant and reference differ in {listed(names)}: {variants}. A "
        "part of such an effect is numerical noise. Run with `--fresh` to train all sides alike.",
        data={"variants": [v for v, _ in differing], "contrasts": differing, "meaningless": []},
    )
