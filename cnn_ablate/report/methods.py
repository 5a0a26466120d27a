"""The methods section of a report: sentences on what was done, and on nothing else."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cnn_ablate.claims.preregistered import (
    design_stated,
    later_edits,
    results_seen,
    stated,
)
from cnn_ablate.report.baseline_facts import recipe
from cnn_ablate.report.formatting import data_name
from cnn_ablate.report.outcomes import adjusted_for
from cnn_ablate.report.run_facts import image_counts, program
from cnn_ablate.report.unplanned_looks import unplanned_looks
from cnn_ablate.schema import Claim, Effect, Record, split_varies
from cnn_ablate.stats import FISHER, FLIP_PAIRS, FLIPS, HOLM, variance_ratios
from cnn_ablate.text import count, count_range, grouped, listed, percent, some


def methods(
    record: Record, trials: pd.DataFrame, effects: Sequence[Effect], reference: str = "baseline"
) -> tuple[str, ...]:
    """Return one paragraph each on training, effects and claims, as far as they apply."""
    paragraphs = (
        (recipe(record, reference), _trained(record), _pairing(record, trials)),
        (
            _levels(effects),
            _families(record, effects),
            _tests(effects),
            _looks(record, effects),
            _images(effects),
            _designs(record),
        ),
        (_claims(record), _design_log(record), _numbers(record), _equivalence(record)),
    )
    return tuple(filter(None, (" ".join(filter(None, sentences)) for sentences in paragraphs)))


def _trained(record: Record) -> str:
    counts = set(record.plan.seed_counts.values())
    seeds = f"{count_range(counts, 'seed')} each"
    which = f"{'the first of ' if len(counts) > 1 else ''}{listed(map(str, record.study.seeds))}"
    if record.study.looks:
        seeds = f"looks at {listed(map(str, record.study.looks))} seeds"
        which = f"the first of {listed(map(str, record.study.seeds))}"
    planned = f"{count(len(record.plan.variants), 'variant')} were planned with {seeds}"
    return f"{planned} ({which}){_trainer(record)}"


def _trainer(record: Record) -> str:
    """Return on what data, or by what program, trials were trained, and what pairs them."""
    trainer = record.study.trainer
    if trainer is None:
        data = listed(
            f"{data_name(record.plan.data_name(facts))} ({image_counts(record.plan, facts)})"
            for facts in record.data
        )
        return (
            f", on {data}. Each variant is paired with its reference by seed: both use the same "
            f"random numbers for the order and the augmentation of the images.{_splits(record)}"
        )
    paired = "Each variant is paired with its reference by seed; what they share is up to"
    if trainer.imports:
        return (
            ". All trials were trained elsewhere, and their numbers were imported as they are. "
            f"{paired} the program that trained them."
        )
    return (
        f", each trained by the study's own command ({program(record)}), which reports its numbers "
        f"itself. {paired} that program."
    )


def _splits(record: Record) -> str:
    """Return what intervals over seeds cover where the training images vary with the seed."""
    sections = [v.settings["data"] for v in record.plan.variants]
    varied = [section for section in sections if split_varies(section)]
    if not varied:
        return ""
    folds = {round(1 / s["val_fraction"]) for s in varied if s.get("val_split") == "folds"}
    chosen = "The training and validation images were chosen anew per seed"
    if folds:
        chosen = f"Seeds validated in turn on each of {count_range(folds, 'fold')} of the images"
    alike = "" if len(varied) == len(sections) else " that vary them"
    return (
        f" {chosen}, alike in all variants{alike}: intervals over seeds cover this choice among "
        "the images at hand. For other images they may be too narrow, since the training images of "
        "seeds overlap (Nadeau and Bengio 2003)."
    )


def _pairing(record: Record, trials: pd.DataFrame) -> str:
    ratios = variance_ratios(trials, record.plan.contrasts, record.study.metric)
    if not ratios:
        return ""
    ratio, contrasts = np.median(ratios), count(len(ratios), "contrast")
    return (
        f"A paired difference has {ratio:.2f} times the variance that it would have without "
        f"pairing (median of {contrasts} with three seeds or more)."
    )


def _levels(effects: Sequence[Effect]) -> str:
    if all(effect.seeds < 2 for effect in effects):
        return ""
    images = any(effect.images for effect in effects)
    wilson = " and, separately, Wilson's interval over test images" if images else ""
    return f"Accuracies are means over seeds, with Student's t interval over seeds{wilson}."


def _families(record: Record, effects: Sequence[Effect]) -> str:
    sizes: Counter[str] = Counter(effect.family for effect in effects)
    if not sizes["primary"] + sizes["exploratory"]:
        return ""
    chosen = "as the study lists them" if record.study.primary else "all planned seeds"
    known = {"primary": chosen, "exploratory": ""}
    remarks = {n: "; ".join(filter(None, (known[n], adjusted_for(effects, n)))) for n in known}
    members = listed(
        f"{sizes[name]} {name}{f' ({remark})' if remark else ''}"
        for name, remark in remarks.items()
        if sizes[name]
    )
    untested = sum(not (e.family or (e.counted_in and sizes[e.counted_in])) for e in effects)
    left_out = f"; {count(untested, 'contrast')} could not be tested" if untested else ""
    looks = unplanned_looks(record)
    return (
        f"Effects are means of paired differences. Contrasts are tested in families: {members}"
        f"{left_out}. A family makes any false decision with a probability of at most "
        f"{percent(record.study.error)}, and its intervals hold for all its contrasts at once"
        f"{looks.qualification if looks else ''}."
    )


def _tests(effects: Sequence[Effect]) -> str:
    used = {effect.method: _METHODS[effect.method] for effect in effects if effect.method}
    return " ".join(words for method, words in _METHODS.items() if method in used)


_METHODS = {
    FLIPS: (
        f"Contrasts with {FLIP_PAIRS} pairs or more: step-down max-T over joint sign flips "
        "(Westfall and Young 1993), which takes differences as symmetric; intervals from flips of "
        "centred differences."
    ),
    HOLM: (
        f"Contrasts with fewer than {FLIP_PAIRS} pairs: Holm on paired t tests, which takes "
        "differences as normal."
    ),
    FISHER: (
        "Contrasts of which trials failed: Fisher's exact test of how often both sides failed, "
        "adjusted by Holm; the means of the trials left are not tested."
    ),
}


def _looks(record: Record, effects: Sequence[Effect]) -> str:
    if not record.study.looks or all(effect.look is None for effect in effects):
        return ""
    taken = [f"{look.seeds} seeds ({count(look.trials, 'trial')})" for look in record.looks]
    reached = max(effect.look or 0 for effect in effects)
    told = listed(taken) if taken else f"{record.study.looks[reached - 1]} seeds at most"
    return (
        f"Seeds were added where the answer was open: looks were taken at {told}. The error is "
        "spent over the planned looks: each interval is that of its look, and a contrast is "
        "negligible where two one-sided t tests put it within the margin at the error of its look."
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
    if record.study.paper:
        return "The claims are those of a paper, which stated them before this study."
    times = Counter(_when(record, claim) for claim in record.study.claims)
    words = listed(f"{number} {when}" for (_, when), number in sorted(times.items()))
    return f"Claims by the log of this study: {words}."


def _when(record: Record, claim: Claim) -> tuple[int, str]:
    """Return the place of the time in `_STATED`, and in words when a claim was stated."""
    when, results = stated(record, claim), results_seen(record, claim)
    return [*_STATED].index(when), f"{when} {results}" if results else _STATED[when]


def _design_log(record: Record) -> str:
    if not record.log:
        return ""
    parts = grouped((when, part) for part, when in design_stated(record).items())
    words = (f"{listed(parts[when])} {_STATED[when]}" for when in _STATED if when in parts)
    return f"Design by the log of this study: {'; '.join(words)}.{_later_edits(record)}"


def _later_edits(record: Record) -> str:
    """Return what the log shows of changes after results: the dates, and the edits if known."""
    edits = {day: some(words, 4) for day, words in later_edits(record).items()}
    if not edits:
        return ""
    dated = listed(f"on {day} ({words})" if words else f"on {day}" for day, words in edits.items())
    shown = dated.replace("->", "\N{RIGHTWARDS ARROW}")
    return f" After the first results, the study was changed {shown}."


_STATED = {
    "before its data": "stated before their data",
    "changed after": "changed after them",
    "added after": "added after them",
    "no log": "with trials that are older than the log",
}


def _numbers(record: Record) -> str:
    if all(claim.value is None for claim in record.study.claims):
        return ""
    return (
        "The interval beside a published number is the prediction interval of one further run, "
        "with room for the rounding in print; the number is reproduced if it is inside of it, and "
        "if the interval is narrow enough to mean that."
    )


def _equivalence(record: Record) -> str:
    if all(claim.effect != "none" for claim in record.study.claims):
        return ""
    return (
        "A claim of no effect is confirmed only by an equivalence test: two one-sided t tests "
        "(TOST) must reject every effect beyond the claim's margin."
    )
