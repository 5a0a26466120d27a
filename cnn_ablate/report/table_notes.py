"""What must be known of the numbers of an ablation table, as sentences below its title."""

from collections.abc import Sequence

from cnn_ablate.schema import Effect, Metric
from cnn_ablate.stats import FLIPS, margin_of
from cnn_ablate.text import listed


def table_notes(metric: Metric, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return what p cannot be under, and what `no effect` rests on, where a row needs it."""
    notes = (_least_p(effects), _equivalence(metric, effects))
    return tuple(note for note in notes if note)


def _least_p(effects: Sequence[Effect]) -> str:
    """Return the smallest p of sign flips (2 of 2^n), by pairs, where a contrast has it."""
    flipped = {e.seeds for e in effects if e.method == FLIPS and e.p_adjusted == 2 / 2**e.seeds}
    allowed = listed(f"{n} pairs allow no p under {2 / 2**n:.2g}" for n in sorted(flipped))
    return f"{allowed}." if allowed else ""


def _equivalence(metric: Metric, effects: Sequence[Effect]) -> str:
    """Return what shows that there is no effect where the interval of its family does not."""
    ends = [(e.low_family, e.high_family) for e in effects if e.negligible]
    if metric.margin is None or all(abs(x) < metric.margin for x in sum(ends, ()) if x is not None):
        return ""
    tests = f"two one-sided tests put it within {margin_of(metric)}"
    return f"No effect: {tests}; the interval, for all contrasts at once, is wider."
