"""What is decided about a contrast, in a word: the same in table, lists and text."""

from collections.abc import Sequence
from typing import Literal

from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Effect, Metric
from cnn_ablate.stats import FISHER

Outcome = Literal[
    "helps",
    "costs",
    "no effect",
    "open",
    "fails more",
    "fails less",
    "identical",
    "same training",
    "not tested",
    "means nothing",
]
"""`no effect`: it is shown to be within the margin; `identical`: no seed moves at all; `same
training`: the audit has shown that both sides train alike, so that a difference is numerical noise.
"""


def outcome(context: ReportData, effect: Effect) -> Outcome:
    """Return what the data decide: over seeds, by the family, and over test images."""
    if context.why_meaningless(effect):
        return "means nothing"
    if not effect.family:
        return _untested(context, effect)
    if effect.method == FISHER and effect.decided:
        return "fails more" if effect.failed > effect.failed_reference else "fails less"
    if effect.decided:
        return _direction(context.metric, effect)
    return "no effect" if effect.negligible else "open"


def adjusted_for(effects: Sequence[Effect], family: str) -> str:
    """Return for how many contrasts a family is adjusted; empty if for those that it tests.

    Contrasts that mean nothing are not tested, and count in their family all the same.
    """
    tested = sum(effect.family == family for effect in effects)
    untested = sum(effect.counted_in == family and not effect.family for effect in effects)
    if not untested:
        return ""
    return f"adjusted for {tested + untested}, of which {void(untested)}"


def void(contrasts: int, more: str = "") -> str:
    """Return that so many contrasts mean nothing: `1 means nothing`, `2 more mean nothing`."""
    return f"{contrasts}{more} {'means' if contrasts == 1 else 'mean'} nothing"


def is_beyond_images(effect: Effect) -> bool:
    """Return whether the interval over test images, if it is known, excludes zero."""
    low, high = effect.images_low, effect.images_high
    return low is None or high is None or low > 0 or high < 0


def _untested(context: ReportData, effect: Effect) -> Outcome:
    if effect.seeds > 1 and not effect.failed and effect.difference == 0 == effect.sd:
        return "identical"
    return "same training" if (effect.variant, effect.reference) in context.inert else "not tested"


def _direction(metric: Metric, effect: Effect) -> Outcome:
    improves = metric.improves(effect.direction)
    if improves is None or not is_beyond_images(effect):
        return "open"
    return "helps" if improves else "costs"
