"""The methods section of a report: sentences on what was done, and on nothing else."""

from collections.abc import Sequence

from cnn_ablate.report.run_facts import image_counts
from cnn_ablate.schema import Effect, Record
from cnn_ablate.stats.paired import EXACT_SEEDS, RESAMPLES
from cnn_ablate.text import count, count_range, listed


def methods(record: Record, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return one paragraph each on training, effects and claims, as far as they apply."""
    paragraphs = (
        (_trained(record),),
        (
            _levels(effects),
            _intervals(effects),
            _tests(effects),
            _images(effects),
            _designs(record),
        ),
        (_claims(record), _numbers(record), _equivalence(record)),
    )
    return tuple(filter(None, (" ".join(filter(None, sentences)) for sentences in paragraphs)))


def _trained(record: Record) -> str:
    counts = set(record.plan.seed_counts.values())
    seeds = count_range(counts, "seed")
    which = f"{'the first of ' if len(counts) > 1 else ''}{listed(map(str, record.study.seeds))}"
    data = listed(f"{facts.name} ({image_counts(record.plan, facts)})" for facts in record.data)
    return (
        f"{count(len(record.plan.variants), 'variant')} were planned with {seeds} each ({which}), "
        f"on {data}. Each variant is paired with its reference by seed: both use the same random "
        "numbers for the order and the augmentation of the images."
    )


def _levels(effects: Sequence[Effect]) -> str:
    if all(effect.low is None for effect in effects):
        return ""
    return (
        "Accuracies are means over seeds, with Student's t interval over seeds and, separately, "
        "Wilson's interval over test images."
    )


def _intervals(effects: Sequence[Effect]) -> str:
    estimated = [effect for effect in effects if effect.low is not None]
    if not estimated:
        return ""
    has_bca = any(effect.bca_low is not None for effect in estimated)
    bca = "; BCa bootstrap intervals, too narrow for few seeds, are listed too" if has_bca else ""
    return (
        "Effects are means of paired differences with 95 % t intervals, which assume normal "
        f"differences{bca}."
    )


def _tests(effects: Sequence[Effect]) -> str:
    tested = [effect for effect in effects if effect.p is not None]
    if not tested:
        return ""
    most = max(effect.seeds for effect in tested)
    patterns = f"{RESAMPLES:,} random sign patterns" if most > EXACT_SEEDS else "all sign patterns"
    return (
        f"Each p is that of a two-sided sign-flip permutation test of these differences "
        f"({patterns}), adjusted by Holm over {count(tested[0].family, 'contrast')}."
    )


def _images(effects: Sequence[Effect]) -> str:
    images = max((effect.images or 0 for effect in effects), default=0)
    if not images:
        return ""
    return (
        f"The sampling error of the test set is reported separately: a paired bootstrap over its "
        f"{images:,} images, and McNemar's test with seeds as blocks, both conditional on the "
        "trained networks."
    )


def _designs(record: Record) -> str:
    if not {"factorial", "fractional"} & {design.kind for design in record.study.designs}:
        return ""
    pooled = (
        "Main effects and two-way interactions are least-squares estimates with seeds as blocks; "
        "interactions of three or more factors are part of the error."
    )
    if not any(claim.than_at for claim in record.study.claims):
        return pooled
    return (
        f"{pooled} A claim that an effect depends on a level is judged by the per-seed differences "
        "alone, whose intervals are wider if there are few seeds."
    )


def _claims(record: Record) -> str:
    if not record.study.claims:
        return ""
    return "The paper stated its claims before this study; each is judged alone, unadjusted."


def _numbers(record: Record) -> str:
    if all(claim.value is None for claim in record.study.claims):
        return ""
    return (
        "A published number is reproduced if it is a plausible result of one further run, given "
        "the spread over seeds, the size of the test set and the rounding in print."
    )


def _equivalence(record: Record) -> str:
    if all(claim.effect != "none" for claim in record.study.claims):
        return ""
    return (
        "A claim of no effect is confirmed only by an equivalence test: two one-sided t tests "
        "(TOST) must reject every effect beyond the claim's margin."
    )
