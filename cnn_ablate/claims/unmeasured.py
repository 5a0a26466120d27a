"""Claims about what a user's own trainer, or a table from elsewhere, does not report."""

from cnn_ablate.claims.metrics import OUTCOMES
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import Claim
from cnn_ablate.store import Results


def unmeasured(results: Results, claim: Claim) -> str:
    """Return what no trial reports and a claim needs; empty if nothing, or if none is done."""
    done = results.trials[results.trials["status"] == "done"]
    is_external = results.record.study.trainer is not None
    if not is_external or done.empty or claim.metric in OUTCOMES:
        return ""
    if (claim.of_class or claim.rank or claim.taken_for) and results.classes.empty:
        return "no predictions are reported"
    known = KNOWN_METRICS.get(claim.metric)
    if known and known.source == "classes":
        return "no predictions are reported" if results.classes.empty else ""
    if known and known.source == "curves":
        return "no curves are reported" if results.epochs.empty else ""
    if claim.metric not in done or done[claim.metric].isna().all():
        name = known.metric.label if known else claim.metric
        return f"no {name} {'are' if known and known.source == 'size' else 'is'} reported"
    return ""
