"""What must be known beside the numbers of a variant, and whether it is the best of its study."""

from cnn_ablate.report.joint_changes import joint_changes
from cnn_ablate.report.outcomes import outcome
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Contrast, Effect, Finding
from cnn_ablate.stats import decide, seed_differences
from cnn_ablate.text import count

# Kinds of findings that each row states from its own trials or its own contrast.
_OF_ROWS = {"failed trials", "compute settings differ"}


def remark(context: ReportData, name: str, effect: Effect | None) -> str:
    """Return what must be known beside the numbers of a variant: failures, findings of its own."""
    trials = context.results.trials
    own = trials[trials["variant"] == name]
    lost = int((own["status"] != "done").sum())
    failed = [f"{lost} of {count(len(own), 'seed')} failed"] if lost else []
    found = [_mark(f, name) for f in context.findings if name in _accused(context, f)]
    computed = _computed(effect) if effect else []
    remarks = list(dict.fromkeys([*failed, *found, *computed]))
    if not remarks and effect and (reason := context.why_meaningless(effect)):
        remarks = [reason]
    return "; ".join(remarks)


def caveats(context: ReportData, effect: Effect) -> str:
    """Return what else moved in a contrast, for places that name its effect without its row."""
    moved = joint_changes(context.results.record)
    several = ["more settings change"] if effect.variant in moved else []
    return ", ".join([*several, *_computed(effect)])


def _mark(finding: Finding, variant: str) -> str:
    """Return the kind of a finding, and in how many seeds of a variant it is if not in all."""
    seeds = finding.data.get("in_some_seeds", {}).get(variant)
    return f"{finding.kind} in {seeds}" if seeds else finding.kind


def _computed(effect: Effect) -> list[str]:
    return ["compute settings differ"] if effect.compute_differs else []


def _accused(context: ReportData, finding: Finding) -> list[str]:
    """Return the variants that a finding is about; none if that is most of them."""
    if finding.kind in _OF_ROWS:
        return []
    variants = list(finding.data.get("variants", ()))
    most = 2 * len(variants) > len(context.variants) and finding.severity != "error"
    return [] if most else variants


def best_variant(context: ReportData) -> str | None:
    """Return the variant that is better than every other one, decided as one family, if any.

    None is the best of a study of which some trials failed, or some contrasts mean nothing.
    """
    means, trials = context.means["mean"], context.results.trials
    if len(means) < 2 or context.meaningless or (trials["status"] != "done").any():
        return None
    first = str(means.idxmax() if context.metric.better == "higher" else means.idxmin())
    others = [
        Contrast(variant=first, reference=str(name), design="list", factors=(), changed={})
        for name in means.index
        if name != first
    ]
    seeds, sign = context.results.record.study.seeds, 1 if context.metric.better == "higher" else -1
    differences = seed_differences(trials, others, seeds, context.metric)
    decisions = decide([sign * row for row in differences])
    is_ahead = all(d and d.decided and d.low >= 0 for d in decisions)
    return first if is_ahead and first not in _open_variants(context) else None


def _open_variants(context: ReportData) -> set[str]:
    """Return the variants whose own contrast does not say that they are better."""
    effects = (e for e in context.effects if e.metric == context.metric)
    return {e.variant for e in effects if outcome(context, e) != "helps"}
