"""What a study can show before it is run: smallest p, detectable effects, the spread of a pilot."""

from collections import Counter
from pathlib import Path

import numpy as np

from cnn_ablate.errors import UserError
from cnn_ablate.runner.prepare import Prepared, data_facts
from cnn_ablate.schema import (
    TEST_ACCURACY,
    PlannedContrasts,
    PlannedImages,
    PlannedLooks,
    PowerAnalysis,
    state,
)
from cnn_ablate.stats.families import families
from cnn_ablate.stats.group_sequential import spent
from cnn_ablate.stats.multiple_comparisons import (
    FLIPS,
    HOLM,
    LEAST_PAIRS,
    smallest_adjusted_p,
)
from cnn_ablate.stats.pairing import seed_differences
from cnn_ablate.stats.sample_size import Precision, Spread
from cnn_ablate.store import read


def power_analysis(prepared: Prepared) -> PowerAnalysis:
    """Return what a study can show before it is run."""
    is_accuracy = prepared.study.metric.name == TEST_ACCURACY.name
    images = sorted(_test_images(prepared)) if is_accuracy else ()
    return PowerAnalysis(
        contrasts=_contrasts(prepared),
        looks=_looks(prepared),
        test_images=tuple(PlannedImages(images=n, points=100 / n) for n in images),
        preregistration_hash=state(prepared.study).hash,
    )


def spreads(prepared: Prepared, pilot: Path) -> list[Spread]:
    """Return the spread that a pilot has seen, per contrast of a study that it has pairs of.

    Args:
        prepared: The study.
        pilot: Folder of the results of a study with the same names of variants.

    Raises:
        UserError: nothing was run there, it is damaged, or it lacks the metric of the study.
    """
    results = read(pilot.parent, pilot.name, is_copy=True)
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


def _contrasts(prepared: Prepared) -> tuple[PlannedContrasts, ...]:
    """Return the contrasts by family and number of seeds."""
    plan, family_of = prepared.plan, families(prepared.study, prepared.plan)
    looks, error = prepared.study.looks, prepared.study.error
    # Of a study with looks it is what the last one shows, with the error that is spent there.
    error = spent(len(looks), error)[-1] if looks else error
    planned = []
    for family in dict.fromkeys(name for name in family_of if name):
        pairs = [n for n, of in zip(plan.paired_seeds, family_of, strict=True) if of == family]
        smallest = dict(zip(pairs, smallest_adjusted_p(pairs), strict=True))
        tested = sum(n >= LEAST_PAIRS for n in pairs)
        for seeds in sorted(smallest):
            p = smallest[seeds]
            precision = Precision(sd=1.0, seeds=seeds, contrasts=max(tested, 1), error=error)
            planned.append(
                PlannedContrasts(
                    family=family,
                    contrasts=pairs.count(seeds),
                    seeds=seeds,
                    method="" if p is None else FLIPS if p else HOLM,
                    smallest_p=p or None,
                    # In standard deviations: without a pilot the spread is unknown.
                    half_width=None if p is None else precision.half_width,
                    smallest_effect=None if p is None else precision.smallest_effect,
                )
            )
    return tuple(planned)


def _looks(prepared: Prepared) -> PlannedLooks | None:
    """Return the least and the most trials of a study with looks."""
    looks, plan = prepared.study.looks, prepared.plan
    if not looks:
        return None
    return PlannedLooks(
        seeds=looks, fewest_trials=looks[0] * len(plan.variants), most_trials=len(plan.trials)
    )


def _test_images(prepared: Prepared) -> set[int]:
    if prepared.inputs or not prepared.knows_image_counts:
        return set()
    trials = {trial.variant: trial for trial in prepared.plan.trials}.values()
    return {data_facts(prepared, t).counts(t.settings["data"]).test for t in trials}
