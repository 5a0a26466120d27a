"""Claims to verdicts: find what a claim compares, judge it, and ask whether it is comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cnn_ablate.claims.class_claims import judge_rank, judge_taken_for, without_images
from cnn_ablate.claims.comparability import early, has_other_budget, obstacle, reserve
from cnn_ablate.claims.comparisons import Comparison, Contrast, decisions, find_contrast
from cnn_ablate.claims.descriptions import published
from cnn_ablate.claims.draft_verdict import NO_SEED, ONE_SEED, DraftVerdict, NoAnswerError
from cnn_ablate.claims.evidence import Evidence, gather
from cnn_ablate.claims.failed_trials import doubted, failed_trials
from cnn_ablate.claims.failure_claims import failure_evidence, judge_failures
from cnn_ablate.claims.metrics import EXACT, OUTCOMES
from cnn_ablate.claims.published_effects import judge_direction, judge_none
from cnn_ablate.claims.published_values import judge_level, judge_limit
from cnn_ablate.claims.unmeasured import unmeasured
from cnn_ablate.metrics import metric_of
from cnn_ablate.plan import NotInPlanError, Weights, claim_weights
from cnn_ablate.schema import Claim, Effect, Verdict
from cnn_ablate.stats import Decision, PredictionReader, level, signed
from cnn_ablate.stats.group_sequential import spent
from cnn_ablate.store import Results
from cnn_ablate.text import capital


@dataclass(frozen=True)
class _Case:
    """A claim with what was measured of it, or with the problem that nothing was."""

    claim: Claim
    weights: Weights
    evidence: Evidence | None = None
    contrast: Contrast | None = None
    problem: str = ""

    @property
    def comparison(self) -> Comparison | None:
        """The claim as one of a family; None if it compares nothing that seeds could change."""
        if self.evidence is None or self.evidence.exact or not self.claim.compares:
            return None
        return Comparison(self.claim, self.weights, self.evidence, self.contrast)


def judge_claims(
    results: Results,
    effects: Sequence[Effect] = (),
    predictions: PredictionReader | None = None,
    meaningless: Mapping[tuple[str, str], str] | None = None,
) -> tuple[Verdict, ...]:
    """Return the verdict on every claim of a study; some are open while it is half finished.

    Args:
        results: The study as far as it was run.
        effects: Of its contrasts, with the decisions of their families.
        predictions: A reader that has read some predictions already; by default a new one.
        meaningless: Contrasts, as (variant, reference), that mean nothing, each with the reason.
    """
    reader = predictions or PredictionReader(results.predictions)
    cases = [_case(results, claim, reader, effects) for claim in results.record.study.claims]
    comparisons = [case.comparison for case in cases]
    decided = decisions([c for c in comparisons if c is not None])
    return tuple(
        _verdict(results, case, decided.get(case.claim.id), meaningless or {}) for case in cases
    )


def _case(
    results: Results, claim: Claim, predictions: PredictionReader, effects: Sequence[Effect]
) -> _Case:
    weights: Weights = {}
    try:
        weights = _weights(results, claim)
        if claim.rank or claim.taken_for:
            return _Case(claim, weights)
        if claim.metric in OUTCOMES:
            metric = metric_of(results.record.study, claim)
            evidence = failure_evidence(results.trials, weights, metric)
        else:
            evidence = gather(results, claim, weights, predictions)
    except (NoAnswerError, NotInPlanError) as error:
        return _Case(claim, weights, problem=str(error))
    if claim.is_empty:
        return _Case(claim, weights, problem="the claim states neither a number nor a direction")
    contrast = find_contrast(claim, weights, evidence.metric, effects)
    if contrast and evidence.images is None and evidence.known_images is None:
        evidence = replace(evidence, known_images=contrast.image_interval)
    if contrast and contrast.effect.look and (looks := results.record.study.looks):
        share = spent(len(looks), results.record.study.error)[contrast.effect.look - 1]
        evidence = replace(evidence, error=share)
    return _Case(claim, weights, evidence, contrast)


def _weights(results: Results, claim: Claim) -> Weights:
    """Return the weights of the variants, unless a profile or --set made them all one."""
    record = results.record
    weights = claim_weights(record.plan, claim)
    if record.study.forced and claim.reference and not any(weights.values()):
        name = claim.variant or record.plan.variants[0].name
        name = record.plan.same.get(name, name)
        raise NoAnswerError(f"{name} and {claim.reference} are the same in this run")
    return weights


def _verdict(
    results: Results,
    case: _Case,
    decision: Decision | None,
    meaningless: Mapping[tuple[str, str], str],
) -> Verdict:
    claim, record = case.claim, results.record
    try:
        draft = doubted(_draft(results, case, decision), _doubt(results, case, meaningless))
    except NoAnswerError as error:
        draft = DraftVerdict("inconclusive", str(error))
    if claim.compares and has_other_budget(record, claim):
        draft = early(draft)
    hindrance = (
        unmeasured(results, claim)
        or without_images(results, claim)
        or obstacle(record, claim, draft, case.weights)
    )
    return Verdict(
        claim=claim.id,
        verdict="not comparable" if hindrance else draft.verdict,
        published=published(claim, metric_of(record.study, claim)),
        measured=draft.measured,
        interval=draft.interval,
        reason=f"{capital(draft.reason)}.",
        condition=hindrance or reserve(record, claim, case.weights),
    )


def _draft(results: Results, case: _Case, decision: Decision | None) -> DraftVerdict:
    claim, evidence = case.claim, case.evidence
    if case.problem:
        raise NoAnswerError(case.problem)
    if evidence is None:
        judge_class = judge_taken_for if claim.taken_for else judge_rank
        return judge_class(results, claim, _done(results, case.weights))
    if len(evidence.values) < 2 and not evidence.exact:
        return _one_seed(claim, evidence)
    if claim.metric in OUTCOMES:
        return judge_failures(claim, evidence, decision)
    if claim.compares:
        if claim.effect == "none":
            return judge_none(claim, evidence, decision)
        # At another budget the size of an effect is not comparable, but its direction is.
        sized = not has_other_budget(results.record, claim)
        return judge_direction(claim, evidence, decision, sized=sized)
    judge = judge_limit if claim.effect in {"higher", "lower"} else judge_level
    return judge(claim, evidence)


def _doubt(results: Results, case: _Case, meaningless: Mapping[tuple[str, str], str]) -> str:
    """Return why a definite verdict would rest on too little; empty if it would not."""
    if case.claim.metric in {*EXACT, *OUTCOMES}:
        return ""
    failed = failed_trials(results.trials, case.weights)
    if failed:
        return f"{failed}, and no verdict rests on the mean of the others"
    reasons = (why for pair, why in meaningless.items() if set(pair) <= set(case.weights))
    reason = next(reasons, "")
    return f"the difference means nothing: {reason}" if reason else ""


def _one_seed(claim: Claim, evidence: Evidence) -> DraftVerdict:
    if not len(evidence.values):
        raise NoAnswerError(NO_SEED)
    written = signed if claim.compares else level
    return DraftVerdict("inconclusive", ONE_SEED, written(evidence.mean, evidence.metric))


def _done(results: Results, weights: Weights) -> list[str]:
    """Return the ids of the finished trials of the variants."""
    trials = results.trials
    return list(trials.loc[(trials["status"] == "done") & trials["variant"].isin(weights), "trial"])
