"""What an outsider wants to know first: what held, what counts, what is doubtful, at what cost."""

from collections import Counter
from collections.abc import Sequence

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.run_facts import Fact
from cnn_ablate.schema import Effect
from cnn_ablate.stats import count


def glance(measured: ReportContext, tally: str) -> tuple[Fact, ...]:
    """Give a line to claims, effects, audit and budget each, as far as there is one."""
    facts = [
        Fact("Claims", tally),
        Fact("Effects", _effects(measured)),
        Fact("Audit", _audit(measured)),
        Fact("Budget", measured.conditions),
    ]
    return tuple(Fact(fact.name, formats.capital(fact.text)) for fact in facts if fact.text)


def _effects(measured: ReportContext) -> str:
    """Count the contrasts beyond the noise of seeds and of test images, and name the largest."""
    known = [effect for effect in measured.effects if effect.low is not None]
    if not known:
        one = any(effect.seeds for effect in measured.effects)
        return "one seed a contrast cannot tell an effect from noise" if one else ""
    clear = [effect for effect in known if _beyond_noise(effect)]
    said = f"{len(clear)} of {count(len(known), 'contrast')} with 95 % intervals clear of zero"
    return f"{said}; the largest: {_largest(measured, clear)}" if clear else said


def _beyond_noise(effect: Effect) -> bool:
    ends = [(effect.low, effect.high), (effect.images_low, effect.images_high)]
    return all(low > 0 or high < 0 for low, high in ends if low is not None and high is not None)


def _largest(measured: ReportContext, effects: Sequence[Effect]) -> str:
    effect = max(effects, key=lambda effect: abs(effect.difference or 0.0))
    interval = formats.between(formats.points(effect.low), formats.points(effect.high))
    return f"{measured.against(effect)}, {formats.points(effect.difference)} points {interval}"


def _audit(measured: ReportContext) -> str:
    record = measured.results.record
    if not record.audited and not record.findings:
        return "not made"
    times = Counter(finding.severity for finding in record.findings)
    kinds = [count(times[kind], kind) for kind in ("error", "warning", "note") if times[kind]]
    return ", ".join(kinds) or "nothing found"
