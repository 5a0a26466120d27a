"""What the results of a study rest on, and what speaks against them, in one line each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnn_ablate.checks import LEAST_EPOCHS, RISE, last_rises
from cnn_ablate.report.joint_changes import joint_changes
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.report.unplanned_looks import unplanned_looks
from cnn_ablate.schema import count_findings
from cnn_ablate.stats import FLIP_PAIRS
from cnn_ablate.text import count, count_range, listed, some

_FEW_IMAGES = 1000


@dataclass(frozen=True)
class Support:
    """A reason to trust the results, or not to; `section` of the page has more of it.

    `is_sound` is None where nothing could be looked for.
    """

    is_sound: bool | None
    text: str
    section: str = ""

    @property
    def kind(self) -> str:
        """What it is called where its mark cannot be seen."""
        return {True: "sound", False: "weak", None: "untested"}[self.is_sound]

    @property
    def mark(self) -> str:
        """What it begins with: a tick, an exclamation mark, or a dash."""
        return {True: "✓", False: "!", None: "\N{EN DASH}"}[self.is_sound]


def support(context: ReportData, gaps: Sequence[str]) -> tuple[Support, ...]:
    """Return what results rest on; `gaps` are the seeds that were not run yet."""
    return tuple(reason for reason in _reasons(context, gaps) if reason.text)


def _reasons(context: ReportData, gaps: Sequence[str]) -> Iterator[Support]:
    seeds = [effect.seeds for effect in context.effects if effect.seeds]
    if seeds:
        few = min(seeds) < FLIP_PAIRS
        normal = ": too few for sign flips, so tests assume normally distributed differences"
        why = normal if few and max(seeds) > 2 else ""
        yield Support(not few, f"{count_range(seeds, 'seed')} per contrast{why}", "methods")
    if looks := unplanned_looks(context.results.record):
        yield Support(False, looks.caveat, "methods")
    if context.images:
        one = f"{100 / context.images:.2g} points"
        is_large = context.images >= _FEW_IMAGES
        yield Support(is_large, f"{context.images:,} test images: one image is {one}", "methods")
    if gaps:
        yield Support(False, "not finished", "missing")
    yield _converged(context)
    yield _checked(context)
    yield _selected(context)
    yield _audited(context)


def _converged(context: ReportData) -> Support:
    if context.epochs.empty:
        return Support(True, "")
    gained = f"gained {100 * RISE:.0f} point or more between the last two quarters of"
    rising = [finding for finding in context.findings if finding.kind == "still improving"]
    if rising:
        return Support(False, f"{rising[0].where} {gained} the epochs", "training")
    tested, trained = len(last_rises(context.results.epochs)), len(context.variants)
    if not tested:
        short = context.epochs["epoch"].max() < LEAST_EPOCHS
        why = f"under {LEAST_EPOCHS} epochs" if short else "learning rates end near zero"
        sound = False if short else None
        return Support(sound, f"convergence was not tested: {why}", "training")
    which = "no variant" if tested >= trained else f"none of the {tested} variants tested"
    return Support(True, f"{which} {gained} its epochs", "training")


def _checked(context: ReportData) -> Support:
    grave = [f.kind for f in context.findings if f.severity == "error"]
    if grave:
        return Support(False, f"checks: {listed(dict.fromkeys(grave))}", "check")
    lost = any(finding.kind == "failed trials" for finding in context.findings)
    failed = "" if lost else "no trial failed and "
    return Support(not lost, f"{failed}no check found an error after training")


def _selected(context: ReportData) -> Support:
    """Return in how many variants the audit found choices that training makes on test images."""
    found = [f for f in context.results.record.findings if f.kind == "test-selection"]
    variants = {name for finding in found for name in finding.data.get("variants", ())}
    if not variants:
        return Support(True, "")
    who = count(len(variants), "variant")
    makes = "makes" if len(variants) == 1 else "make"
    text = f"{who} {makes} choices on test images: accuracy is biased upwards"
    return Support(False, text, "audit")


def _audited(context: ReportData) -> Support:
    record = context.results.record
    if not record.audited and not record.findings:
        return Support(False, "not audited", "audit")
    text = f"audit before training: {count_findings(record.findings) or 'no findings'}"
    if moved := joint_changes(record):
        text += f"; more settings change than the name says in {some(moved, 3)}"
    grave = any(finding.severity != "note" for finding in record.findings)
    return Support(not (grave or moved), text, "audit")
