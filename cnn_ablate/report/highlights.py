"""The first screen of a report: the answer in a sentence, the baseline, and changes by outcome."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from cnn_ablate.report import formatting
from cnn_ablate.report.baseline_facts import trained_with
from cnn_ablate.report.outcomes import Outcome, adjusted_for, is_beyond_images, outcome, void
from cnn_ablate.report.report_data import MANY, ReportData
from cnn_ablate.report.row_remarks import caveats
from cnn_ablate.report.run_facts import Fact, image_counts
from cnn_ablate.report.variant_labels import change, level_change
from cnn_ablate.schema import Effect
from cnn_ablate.stats import margin_of
from cnn_ablate.text import capital, count, listed, percent

# Most names in a list.
_MOST = 6
_UNTESTED: dict[Outcome, str] = {
    "identical": "identical results",
    "same training": "the same training",
    "not tested": "not tested",
}


@dataclass(frozen=True)
class OutcomeList:
    """The changes with one outcome, the largest first.

    Each has its name, decided and open ones their effect, and decided ones what must be known
    beside it. In a large factorial design, where each change of a level is made at many levels of
    the other factors, it has instead in how many of these contrasts it has the outcome.
    """

    name: str
    outcome: str
    total: int
    changes: tuple[tuple[str, str, str], ...]
    more: int = 0


def answer(context: ReportData) -> str:
    """Return one sentence on how many contrasts are decided, and which are the largest.

    Decided are those that both the family, over seeds, and the test images put on one side of
    zero; negligible ones are shown to be within the margin. Empty if nothing could be tested.
    """
    tested = [effect for effect in _effects(context) if effect.family]
    if not tested:
        return ""
    groups = _by_outcome(context, tested)
    by_images = [e for e in groups["open"] if e.direction and not is_beyond_images(e)]
    open_ones = [e for e in groups["open"] if e not in by_images]
    failing = [*groups["fails more"], *groups["fails less"]]
    parts = [
        _side(context, groups["helps"], "helps", "help"),
        _side(context, groups["costs"], "costs", "cost"),
        _counted(failing, "changes how often trials fail", "change how often trials fail"),
        _counted(
            groups["no effect"],
            *(f"{w} no effect beyond {margin_of(context.metric)}" for w in ("has", "have")),
        ),
        _counted(
            by_images, *(f"{w} decided over seeds but not over test images" for w in ("is", "are"))
        ),
        _counted(open_ones, "is open", "are open"),
    ]
    if context.meaningless:
        parts.append(void(len(context.meaningless), " more"))
    found = [part for part in parts if part]
    kind = "change" if len(tested) == len(_effects(context)) else "tested change"
    if len(found) == 1 and not context.meaningless:
        return _said_of_all(len(tested), kind, _overridden(context), found[0])
    among = " ".join(filter(None, (f"Of {count(len(tested), kind)}", _overridden(context))))
    return f"{among}, {'; '.join(found)}."


def _said_of_all(changes: int, kind: str, condition: str, counted: str) -> str:
    """Return the one outcome that all changes have: `Both changes help`, for `2 help`."""
    every = {1: f"the only {kind}", 2: f"both {kind}s"}.get(changes, f"all {changes:,} {kind}s")
    subject = ", ".join(filter(None, (condition, every)))
    return f"{capital(subject)} {counted.partition(' ')[2]}."


def _overridden(context: ReportData) -> str:
    """Return that the answer holds for other settings than those of the study file, if it does."""
    study = context.results.record.study
    if not study.forced:
        return ""
    return f"under profile {study.profile}" if study.profile else "with settings overridden"


def outcome_lists(context: ReportData) -> tuple[OutcomeList, ...]:
    """Return the changes by outcome: those that help, cost, are open, and so on."""
    groups = _by_outcome(context, _effects(context))
    names: dict[Outcome, str] = {
        "helps": "Helps",
        "costs": "Costs",
        "no effect": f"No effect beyond {margin_of(context.metric)}",
        "open": "Open",
        "fails more": "Fails more often",
        "fails less": "Fails less often",
        "means nothing": "Means nothing",
        **{name: capital(words) for name, words in _UNTESTED.items()},
    }
    return tuple(
        _outcome_list(context, name, key, groups[key]) for key, name in names.items() if groups[key]
    )


def _outcome_list(
    context: ReportData, name: str, key: Outcome, effects: Sequence[Effect]
) -> OutcomeList:
    word, total = key.replace(" ", "-"), len(effects)
    if times := _level_changes(context):
        mine = Counter(level_change(context, effect) for effect in effects).most_common()
        shares = tuple((change, f"in {n} of {times[change]}", "") for change, n in mine[:_MOST])
        return OutcomeList(name, word, total, shares, max(0, len(mine) - _MOST))
    decided = key in {"helps", "costs"}
    sized = decided or key == "open"
    shown = [
        (
            _name(context, effect),
            formatting.points(effect.difference, context.metric.difference_unit) if sized else "",
            caveats(context, effect) if decided else "",
        )
        for effect in effects[:_MOST]
    ]
    return OutcomeList(name, word, total, tuple(shown), max(0, total - _MOST))


def _level_changes(context: ReportData) -> Counter[str]:
    """Count the contrasts per change of a level; empty if they are few, or not of one factor."""
    effects = _effects(context)
    changes = [level_change(context, effect) for effect in effects]
    is_large = len(effects) > MANY and {e.design for e in effects} == {"factorial"}
    return Counter(changes) if is_large and all(changes) else Counter()


def _effects(context: ReportData) -> list[Effect]:
    """Return the effects in the metric of the study, the largest first.

    Those of a variant whose reference has no results are among them, as not tested.
    """
    own = [e for e in context.effects if e.metric == context.metric]
    shown = context.variants
    own = [e for e in own if e.seeds or e.failed or e.failed_reference or e.variant in shown]
    return sorted(own, key=lambda effect: -abs(effect.difference or 0.0))


def _by_outcome(context: ReportData, effects: Sequence[Effect]) -> dict[Outcome, list[Effect]]:
    groups: dict[Outcome, list[Effect]] = {name: [] for name in get_args(Outcome)}
    for effect in effects:
        groups[outcome(context, effect)].append(effect)
    return groups


def _name(context: ReportData, effect: Effect) -> str:
    usual = effect.reference == context.reference
    if effect.design == "factorial" and (moved := level_change(context, effect)):
        return moved if usual else f"{moved} at {effect.reference}"
    versus = "" if usual else f" vs {effect.reference}"
    return f"{change(context, effect)}{versus}"


def _counted(effects: Sequence[Effect], one: str, several: str) -> str:
    return f"{len(effects)} {one if len(effects) == 1 else several}" if effects else ""


def _side(context: ReportData, effects: Sequence[Effect], one: str, several: str) -> str:
    """Return how many changes help or cost, and the largest of them."""
    if not effects:
        return ""
    difference_unit = context.metric.difference_unit
    largest = (
        f"{_name(context, effects[0])}, {formatting.points(effects[0].difference, difference_unit)}"
    )
    unit = " points" if context.metric.is_fraction else f" {context.metric.unit}".rstrip()
    most = "most: " if len(effects) > 1 else ""
    known = caveats(context, effects[0])
    doubt = f"; {known}" if known else ""
    return f"{_counted(effects, one, several)} ({most}{largest}{unit}{doubt})"


def highlights(context: ReportData, tally: str) -> tuple[Fact, ...]:
    """Return the baseline, chance, what was run, and the claims, if there are any."""
    facts = [
        Fact(capital(context.reference), _baseline(context)),
        *(Fact(capital(name), percent(share)) for name, share in context.metric_chance.items()),
        Fact("Run", capital(context.budget)),
        Fact("Data", _data(context)),
        Fact("Trained", trained_with(context.results.record, context.reference)),
        Fact("Decided", capital(_decided(context))),
        Fact("Claims", capital(tally)),
    ]
    return tuple(fact for fact in facts if fact.text)


def _data(context: ReportData) -> str:
    """Return the images that networks were trained and tested on, per data set."""
    record = context.results.record
    if not record.data and context.images:
        return f"{context.images:,} test images"
    return "; ".join(
        f"{formatting.data_name(record.plan.data_name(facts))}, {image_counts(record.plan, facts)}"
        for facts in record.data
    )


def _baseline(context: ReportData) -> str:
    """Return the value of the reference with its interval: `87.0 % [86.7, 87.2]`."""
    if context.reference not in context.means.index:
        return ""
    metric = context.metric
    mean, low, high = map(float, context.means.loc[context.reference, ["mean", "low", "high"]])
    shown = f"{formatting.level(metric, mean)}{' %' if metric.is_fraction else f' {metric.unit}'}"
    if int((context.trials["variant"] == context.reference).sum()) < 3:
        return shown.strip()
    return f"{shown.strip()} {formatting.level_interval(metric, low, high)}".strip()


def _decided(context: ReportData) -> str:
    """Count the contrasts that each family decides, or state why none is tested."""
    tested = [effect for effect in context.effects if effect.family]
    if context.meaningless and not tested:
        reasons = listed(dict.fromkeys(context.meaningless.values()))
        return f"none: {void(len(context.meaningless))}, because {reasons}"
    if not tested:
        too_few = any(effect.seeds for effect in context.effects)
        return "no contrast can be tested: that takes three seeds with a spread" if too_few else ""
    families = dict.fromkeys(effect.family for effect in tested)
    return "; ".join(_tally(context.effects, family) for family in families)


def _tally(effects: Sequence[Effect], family: str) -> str:
    members = [effect for effect in effects if effect.family == family]
    times = Counter(decided=0)
    times.update(
        "decided" if e.decided else "negligible" for e in members if e.decided or e.negligible
    )
    more = f", {times['negligible']} negligible" if times["negligible"] else ""
    adjusted = adjusted_for(effects, family)
    remark = f" ({adjusted})" if adjusted else ""
    return f"{times['decided']} of {count(len(members), f'{family} contrast')}{remark}{more}"
