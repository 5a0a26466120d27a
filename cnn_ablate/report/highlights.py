"""The first lines of a report: baseline, claims, effects, audit and budget in one line each."""

from collections import Counter
from collections.abc import Sequence

from cnn_ablate.report import formatting
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.run_facts import Fact
from cnn_ablate.schema import Effect
from cnn_ablate.stats import margin_of
from cnn_ablate.text import capital, count, listed, percent, some


def answer(context: ReportContext) -> str:
    """Return one sentence on which contrasts are decided, largest first, and which are not.

    Decided are those that both the family, over seeds, and the test images put on one side of
    zero; negligible ones are shown to be within the margin. Empty if nothing could be tested.
    """
    tested = [effect for effect in context.effects if effect.family]
    if not tested:
        return ""
    tested = sorted(tested, key=lambda effect: -abs(effect.difference or 0.0))
    clear = [effect for effect in tested if effect.direction and _beyond_images(effect)]
    by_images = [e for e in tested if e.direction and not _beyond_images(e)]
    negligible = [effect for effect in tested if effect.negligible]
    open_ones = [e for e in tested if not e.decided and not e.negligible]
    parts = [
        _side(context, [e for e in clear if e.direction < 0], "lowers", "lower"),
        _side(context, [e for e in clear if e.direction > 0], "raises", "raise"),
        _undecided(context, by_images, "decided over seeds but not over test images"),
        _undecided(
            context,
            negligible,
            f"negligible (within {margin_of(context.metric)})",
        ),
        _undecided(context, open_ones, "not decided"),
    ]
    if context.meaningless:
        parts.append(f"{len(context.meaningless)} more cannot be judged")
    return f"Of {count(len(tested), 'contrast')}, {'; '.join(filter(None, parts))}."


def _undecided(context: ReportContext, effects: Sequence[Effect], what: str) -> str:
    verb = "is" if len(effects) == 1 else "are"
    names = some(map(context.contrast_name, effects), 4)
    return f"{len(effects)} {verb} {what}: {names}" if effects else ""


def _side(context: ReportContext, effects: Sequence[Effect], one: str, several: str) -> str:
    named = [f"{context.contrast_name(e)} ({formatting.points(e.difference)})" for e in effects]
    verb = one if len(named) == 1 else several
    return f"{len(named)} {verb} the accuracy: {some(named, 6)} points" if named else ""


def highlights(context: ReportContext, tally: str) -> tuple[Fact, ...]:
    """Return a line on each of baseline, claims, effects, audit and budget, if there is one."""
    facts = [
        Fact("Baseline", _baseline(context)),
        Fact("Claims", tally),
        Fact("Effects", _effects(context)),
        Fact("Audit", _audit(context)),
        Fact("Budget", context.conditions),
    ]
    return tuple(Fact(fact.name, capital(fact.text)) for fact in facts if fact.text)


def _baseline(context: ReportContext) -> str:
    """State the accuracy of the reference, and that of chance."""
    if context.reference not in context.means.index:
        return ""
    mean, low, high = map(float, context.means.loc[context.reference, ["mean", "low", "high"]])
    interval = formatting.interval(formatting.number(low), formatting.number(high))
    name = "" if context.reference == "baseline" else f" ({context.reference})"
    chance = (f"{name} {percent(share)}" for name, share in context.chance.items())
    return f"{formatting.number(mean)} % {interval}{name}; {', '.join(chance)}".strip("; ")


def _effects(context: ReportContext) -> str:
    """Count the contrasts that each family decides, and name the largest of them."""
    tested = [effect for effect in context.effects if effect.family]
    if context.meaningless and not tested:
        return f"none means anything: {listed(dict.fromkeys(context.meaningless.values()))}"
    if not tested:
        too_few = any(effect.seeds for effect in context.effects)
        return "no contrast can be tested: that takes three seeds with a spread" if too_few else ""
    tally = "; ".join(_tally(tested, family) for family in dict.fromkeys(e.family for e in tested))
    clear = [effect for effect in tested if effect.direction and _beyond_images(effect)]
    return f"{tally}; the largest: {_largest(context, clear)}" if clear else tally


def _tally(effects: Sequence[Effect], family: str) -> str:
    members = [effect for effect in effects if effect.family == family]
    decided = sum(effect.decided for effect in members)
    negligible = sum(effect.negligible for effect in members)
    more = f", {negligible} negligible" if negligible else ""
    return f"{decided} of {count(len(members), f'{family} contrast')} decided{more}"


def _beyond_images(effect: Effect) -> bool:
    low, high = effect.images_low, effect.images_high
    return low is None or high is None or low > 0 or high < 0


def _largest(context: ReportContext, effects: Sequence[Effect]) -> str:
    effect = max(effects, key=lambda effect: abs(effect.difference or 0.0))
    difference = formatting.points(effect.difference)
    interval = formatting.family_interval(effect)
    return f"{context.contrast_name(effect)}, {difference} points {interval}"


def _audit(context: ReportContext) -> str:
    record = context.results.record
    if not record.audited and not record.findings:
        return "not run"
    times = Counter(finding.severity for finding in record.findings)
    kinds = [count(times[kind], kind) for kind in ("error", "warning", "note") if times[kind]]
    return ", ".join(kinds) or "no findings"
