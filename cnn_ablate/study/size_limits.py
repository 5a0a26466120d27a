"""Limits on the variants and the trials of a study, checked before any of them is built."""

from cnn_ablate.errors import UserError
from cnn_ablate.plan import count_points, crosses_baseline, plan, seeds_of
from cnn_ablate.schema import Plan, Study
from cnn_ablate.settings import resolver
from cnn_ablate.study.problems import Problems

MOST_VARIANTS = 10_000
MOST_TRIALS = 100_000
"""So many are planned in some seconds, and take days on any machine."""


def check_points(study: Study, problems: Problems) -> None:
    """Check the number of combinations that the designs of a study have; raises all errors."""
    try:
        count = count_points(study)
    except UserError as fault:
        problems.add(("design",), fault.what, fault.hint)
    else:
        if count > MOST_VARIANTS:
            what = f"{count:,} combinations are too many: at most {MOST_VARIANTS:,}."
            problems.add(("design",), what, "Use fractional, or name fewer factors.")
    problems.raise_all()


def excess_of_trials(study: Study) -> str:
    """Return why a study has too many trials; empty if it has not."""
    most = count_points(study) + (not crosses_baseline(study))
    if most * len(study.seeds) <= MOST_TRIALS:
        return ""
    variants = plan_one_seed(study).variants
    count = sum(len(seeds_of(variant, study)) for variant in variants)
    if count <= MOST_TRIALS:
        return ""
    return (
        f"{len(variants):,} variants with up to {len(study.seeds):,} seeds are {count:,} trials, "
        f"which are too many: at most {MOST_TRIALS:,}."
    )


def plan_one_seed(study: Study) -> Plan:
    """Return the plan of a study with a single seed, for what depends on its variants only."""
    return plan(study.model_copy(update={"seeds": (0,)}), resolver(study.trainer))
