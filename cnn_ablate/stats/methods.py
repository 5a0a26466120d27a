"""How a study was run and judged, in words: only what was really done is said."""

from collections.abc import Sequence

from cnn_ablate.schema import Effect, Record
from cnn_ablate.stats.paired import DRAWS, EXACT_SEEDS
from cnn_ablate.stats.words import count, count_range, images, listed


def methods(record: Record, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Describe how the study was run, how effects were measured, and how claims were judged.

    A paragraph for each of the three, without those that there is nothing to say of.
    """
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
    return tuple(filter(None, (" ".join(filter(None, said)) for said in paragraphs)))


def _trained(record: Record) -> str:
    counts = set(record.plan.seed_counts.values())
    seeds = count_range(counts, "seed")
    which = f"{'the first of ' if len(counts) > 1 else ''}{listed(map(str, record.study.seeds))}"
    data = listed(f"{facts.name} ({images(record.plan, facts)})" for facts in record.data)
    return (
        f"{count(len(record.plan.variants), 'variant')} were planned with "
        f"{seeds} each ({which}), on {data}. A variant is paired with its reference by seed: both "
        "draw the same random numbers for the order and the augmentation of the images."
    )


def _levels(effects: Sequence[Effect]) -> str:
    if all(effect.low is None for effect in effects):
        return ""
    return (
        "Accuracies are means over seeds, with Student's interval over seeds and, apart from it, "
        "Wilson's over test images."
    )


def _intervals(effects: Sequence[Effect]) -> str:
    known = [effect for effect in effects if effect.low is not None]
    if not known:
        return ""
    bca = any(effect.bca_low is not None for effect in known)
    beside = "; BCa bootstrap intervals, too narrow for few seeds, stand beside them" if bca else ""
    return (
        "Effects are means of the paired differences with 95 % intervals of Student's t, which "
        f"take them as normal{beside}."
    )


def _tests(effects: Sequence[Effect]) -> str:
    tested = [effect for effect in effects if effect.p is not None]
    if not tested:
        return ""
    most = max(effect.seeds for effect in tested)
    patterns = f"{DRAWS:,} random patterns" if most > EXACT_SEEDS else "all patterns"
    return (
        f"Each p comes from flipping the signs of these differences ({patterns}, two-sided), "
        f"adjusted by Holm over {count(tested[0].family, 'contrast')}."
    )


def _images(effects: Sequence[Effect]) -> str:
    images = max((effect.images or 0 for effect in effects), default=0)
    if not images:
        return ""
    return (
        f"The noise of the test set is reported apart: a paired bootstrap over its {images:,} "
        "images, and McNemar's test with the seeds as blocks, both for the networks as they are."
    )


def _designs(record: Record) -> str:
    if not {"factorial", "fractional"} & {design.kind for design in record.study.designs}:
        return ""
    pooled = (
        "Main effects and two-way interactions are least-squares estimates with the seeds as "
        "blocks; interactions of three and more factors count as noise."
    )
    if not any(claim.than_at for claim in record.study.claims):
        return pooled
    return (
        f"{pooled} A claim that an effect depends on a level is judged by the differences of each "
        "seed alone, whose intervals are wider where seeds are few."
    )


def _claims(record: Record) -> str:
    if not record.study.claims:
        return ""
    return "Claims were stated before by the paper, and each is judged alone, without adjustment."


def _numbers(record: Record) -> str:
    if all(claim.value is None for claim in record.study.claims):
        return ""
    return (
        "A published number counts as reproduced if one further run could have given it, by the "
        "spread of the seeds, the size of the test set and the rounding in print."
    )


def _equivalence(record: Record) -> str:
    if all(claim.effect != "none" for claim in record.study.claims):
        return ""
    return (
        "That something has no effect is concluded only if two one-sided t tests reject every "
        "effect beyond the claim's margin."
    )
