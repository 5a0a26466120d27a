"""The first lines of a report: claims, effects, audit and budget in one line each."""

from collections import Counter
from collections.abc import Sequence

from cnn_ablate.report import formatting
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.run_facts import Fact
from cnn_ablate.schema import Effect
from cnn_ablate.text import capital, count


def highlights(context: ReportContext, tally: str) -> tuple[Fact, ...]:
    """Return a line on each of claims, effects, audit and budget, without those that are empty."""
    facts = [
        Fact("Claims", tally),
        Fact("Effects", _effects(context)),
        Fact("Audit", _audit(context)),
        Fact("Budget", context.conditions),
    ]
    return tuple(Fact(fact.name, capital(fact.text)) for fact in facts if fact.text)


def _effects(context: ReportContext) -> str:
    """Count the contrasts beyond the noise of seeds and of test images, and name the largest."""
    estimated = [effect for effect in context.effects if effect.low is not None]
    if not estimated:
        one_seed = any(effect.seeds for effect in context.effects)
        return "one seed per contrast cannot separate an effect from noise" if one_seed else ""
    clear = [effect for effect in estimated if _beyond_noise(effect)]
    contrasts = count(len(estimated), "contrast")
    tally = f"all 95 % CIs exclude zero in {len(clear)} of {contrasts}"
    return f"{tally}; the largest: {_largest(context, clear)}" if clear else tally


def _beyond_noise(effect: Effect) -> bool:
    ends = [(effect.low, effect.high), (effect.images_low, effect.images_high)]
    return all(low > 0 or high < 0 for low, high in ends if low is not None and high is not None)


def _largest(context: ReportContext, effects: Sequence[Effect]) -> str:
    effect = max(effects, key=lambda effect: abs(effect.difference or 0.0))
    interval = formatting.points_interval(effect.low, effect.high)
    difference = formatting.points(effect.difference)
    return f"{context.contrast_name(effect)}, {difference} points {interval}"


def _audit(context: ReportContext) -> str:
    record = context.results.record
    if not record.audited and not record.findings:
        return "not run"
    times = Counter(finding.severity for finding in record.findings)
    kinds = [count(times[kind], kind) for kind in ("error", "warning", "note") if times[kind]]
    return ", ".join(kinds) or "no findings"
