"""Claims to verdicts: find what a claim compares, judge it, and ask whether it is comparable."""

from collections.abc import Callable

from cnn_ablate.claims.classes import judge_rank, judge_taken_for
from cnn_ablate.claims.comparability import has_other_budget, obstacle, reserve
from cnn_ablate.claims.descriptions import published
from cnn_ablate.claims.draft_verdict import NO_SEED, ONE_SEED, DraftVerdict, NoAnswerError
from cnn_ablate.claims.evidence import Evidence, gather
from cnn_ablate.claims.metrics import Results
from cnn_ablate.claims.published_effects import judge_direction, judge_direction_alone, judge_none
from cnn_ablate.claims.published_values import judge_level, judge_limit
from cnn_ablate.plan import NotInPlanError, Weights, claim_weights
from cnn_ablate.schema import Claim, Verdict
from cnn_ablate.stats import PredictionReader, level, signed
from cnn_ablate.text import capital

_NEVER_APART = (
    "both sides come to the same in every seed; at this budget their difference may never count"
)


def judge_claims(
    results: Results, predictions: PredictionReader | None = None
) -> tuple[Verdict, ...]:
    """Return the verdict on every claim of a study; some are open while it is half finished.

    The paper stated each claim before anything was measured here, so each is judged alone, by 95 %
    intervals that are not adjusted for the other claims.

    Args:
        results: The study as far as it was run.
        predictions: A reader that has read some predictions already; by default a new one.
    """
    reader = predictions or PredictionReader(results.predictions)
    return tuple(_verdict(results, claim, reader) for claim in results.record.study.claims)


def _verdict(results: Results, claim: Claim, predictions: PredictionReader) -> Verdict:
    weights: Weights = {}
    try:
        weights = _weights(results, claim)
        draft = _draft(results, claim, weights, predictions)
    except (NoAnswerError, NotInPlanError) as error:
        draft = DraftVerdict("undetermined", str(error))
    hindrance = obstacle(results.record, claim, draft, weights)
    return Verdict(
        claim=claim.id,
        verdict="not comparable" if hindrance else draft.verdict,
        published=published(claim),
        measured=draft.measured,
        interval=draft.interval,
        reason=f"{capital(draft.reason)}.",
        condition=hindrance or reserve(results.record, claim, weights),
    )


def _weights(results: Results, claim: Claim) -> Weights:
    """Return the weights of the variants, unless a profile or --set made them all one."""
    record = results.record
    weights = claim_weights(record.plan, claim)
    if record.study.forced and claim.reference and not any(weights.values()):
        name = claim.variant or record.plan.variants[0].name
        name = record.plan.same.get(name, name)
        raise NoAnswerError(f"{name} and {claim.reference} are the same in this run")
    return weights


def _draft(
    results: Results, claim: Claim, weights: Weights, predictions: PredictionReader
) -> DraftVerdict:
    if claim.taken_for or claim.rank:
        judge_class = judge_taken_for if claim.taken_for else judge_rank
        return judge_class(results, claim, _done(results, weights))
    if claim.is_empty:
        raise NoAnswerError("the claim states neither a number nor a direction")
    evidence = gather(results, claim, weights, predictions)
    if len(evidence.values) < 2:
        return _one_seed(claim, evidence)
    # A difference of zero at a short budget may just be one that had no time to appear.
    if claim.compares and evidence.is_zero and has_other_budget(results.record, claim):
        raise NoAnswerError(_NEVER_APART)
    return _judge(results, claim)(claim, evidence)


def _judge(results: Results, claim: Claim) -> Callable[[Claim, Evidence], DraftVerdict]:
    if not claim.compares:
        return judge_limit if claim.effect in {"higher", "lower"} else judge_level
    if claim.effect == "none":
        return judge_none
    # At another budget the size of an effect is not comparable, but its direction is.
    sized = claim.value is not None and has_other_budget(results.record, claim)
    return judge_direction_alone if sized else judge_direction


def _one_seed(claim: Claim, evidence: Evidence) -> DraftVerdict:
    if not len(evidence.values):
        raise NoAnswerError(NO_SEED)
    written = signed if claim.compares else level
    return DraftVerdict("undetermined", ONE_SEED, written(evidence.mean, evidence.metric))


def _done(results: Results, weights: Weights) -> list[str]:
    """Return the ids of the finished trials of the variants."""
    trials = results.trials
    return list(trials.loc[(trials["status"] == "done") & trials["variant"].isin(weights), "trial"])
