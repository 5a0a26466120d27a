"""What a study can show before it is run: smallest p, least and most trials, the spread of a pilot.

The words of `cnn-ablate plan`.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cnn_ablate.errors import UserError
from cnn_ablate.runner.prepare import Prepared, data_facts
from cnn_ablate.schema import TEST_ACCURACY, state
from cnn_ablate.stats.families import families
from cnn_ablate.stats.multiple_comparisons import FLIP_PAIRS, LEAST_PAIRS, smallest_adjusted_p
from cnn_ablate.stats.pairing import seed_differences
from cnn_ablate.stats.sample_size import Spread
from cnn_ablate.store import read
from cnn_ablate.text import count, listed


def remarks(prepared: Prepared) -> Iterator[str]:
    """Yield what the seeds of a study can show, in sentences, and the hash of what it states."""
    yield from _looks(prepared)
    plan, family_of = prepared.plan, families(prepared.study, prepared.plan)
    for family in dict.fromkeys(name for name in family_of if name):
        pairs = [n for n, of in zip(plan.paired_seeds, family_of, strict=True) if of == family]
        smallest = smallest_adjusted_p(pairs)
        for seeds, p in sorted(set(zip(pairs, smallest, strict=True))):
            members = count(pairs.count(seeds), f"{family} contrast")
            yield f"{members} with {count(seeds, 'seed')}: {_smallest(p)}."
    is_accuracy = prepared.study.metric.name == TEST_ACCURACY.name
    for images in sorted(_test_images(prepared)) if is_accuracy else ():
        points = f"{100 / images:.2g} point{'s' if images != 100 else ''}"
        yield f"One of {images:,} test images is {points} of accuracy."
    digest = state(prepared.study).hash[:12]
    yield f"Pre-registration hash: {digest} (claims, design, seeds, metric)."


def spreads(prepared: Prepared, pilot: Path) -> list[Spread]:
    """Return the spread that a pilot has seen, per contrast of a study that it has pairs of.

    Args:
        prepared: The study.
        pilot: Folder of the results of a study with the same names of variants.

    Raises:
        UserError: nothing was run there, it is damaged, or it lacks the metric of the study.
    """
    results = read(pilot.parent, pilot.name)
    plan, study = prepared.plan, prepared.study
    family_of = families(study, plan)
    sizes = Counter(family_of)
    if study.metric.name not in results.trials:
        raise UserError(str(pilot), f"has no {study.metric.label}.", "Run it with that metric.")
    seeds_seen = results.record.study.seeds
    rows = seed_differences(results.trials, plan.contrasts, seeds_seen, study.metric)
    return [
        Spread(
            variant=contrast.variant,
            reference=contrast.reference,
            seen=int(np.count_nonzero(~np.isnan(row))),
            sd=float(np.nanstd(row, ddof=1)),
            seeds=seeds,
            contrasts=sizes[family],
            error=study.error,
        )
        for contrast, row, seeds, family in zip(
            plan.contrasts, rows, plan.paired_seeds, family_of, strict=True
        )
        if family and seeds >= LEAST_PAIRS and np.count_nonzero(~np.isnan(row)) >= LEAST_PAIRS
    ]


def _looks(prepared: Prepared) -> Iterator[str]:
    """Yield the least and the most trials of a study with looks."""
    if looks := prepared.study.looks:
        least, most = looks[0] * len(prepared.plan.variants), len(prepared.plan.trials)
        yield (
            f"Looks at {listed(map(str, looks))} seeds: {least:,} trials at best, if the first "
            f"look closes all contrasts, and {most:,} at most."
        )


def _smallest(p: float | None) -> str:
    if p is None:
        return "too few for an interval or a test"
    if p == 0:
        return f"Holm on paired t, which takes differences as normal; {FLIP_PAIRS} seeds need not"
    return f"the smallest adjusted p is {p:.2g} (max-T over sign flips)"


def _test_images(prepared: Prepared) -> set[int]:
    if prepared.inputs:
        return set()
    trials = {trial.variant: trial for trial in prepared.plan.trials}.values()
    return {data_facts(prepared, t).counts(t.settings["data"]).test for t in trials}
