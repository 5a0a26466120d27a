"""Claims to verdicts."""

from collections.abc import Callable

from cnn_ablate.claims.classes import judge_rank, judge_taken_for
from cnn_ablate.claims.comparability import has_other_budget, obstacle, reserve
from cnn_ablate.claims.directions import judge_direction, judge_direction_alone, judge_none
from cnn_ablate.claims.evidence import Evidence, gather
from cnn_ablate.claims.judgement import NO_SEED, ONE_SEED, Judgement, NoAnswerError, says_nothing
from cnn_ablate.claims.metrics import Results
from cnn_ablate.claims.published_values import judge_level, judge_limit
from cnn_ablate.claims.sides import Weights, weights
from cnn_ablate.claims.wording import level, published, signed
from cnn_ablate.schema import Claim, Verdict
from cnn_ablate.stats import Answers, answers

_NEVER_APART = (
    "both sides come to the same in every seed; at this budget their difference may never count"
)


def verdicts(results: Results) -> tuple[Verdict, ...]:
    """Judge every claim of a study by what was measured; a half-finished study leaves some open.

    The paper stated each claim before anything was measured here, so each is judged alone, by 95 %
    intervals that are not adjusted for the other claims.
    """
    answer = answers(results.predictions)
    return tuple(_verdict(results, claim, answer) for claim in results.record.study.claims)


def _verdict(results: Results, claim: Claim, answer: Answers) -> Verdict:
    sides: Weights = {}
    try:
        sides = weights(results.record, claim)
        judgement = _judged(results, claim, sides, answer)
    except NoAnswerError as missing:
        judgement = Judgement("undetermined", str(missing))
    hindrance = obstacle(results.record, claim, judgement, sides)
    return Verdict(
        claim=claim.id,
        verdict="not comparable" if hindrance else judgement.verdict,
        published=published(claim),
        measured=judgement.measured,
        interval=judgement.interval,
        reason=f"{judgement.reason[:1].upper()}{judgement.reason[1:]}.",
        condition=hindrance or reserve(results.record, claim, sides),
    )


def _judged(results: Results, claim: Claim, sides: Weights, answer: Answers) -> Judgement:
    if claim.taken_for or claim.rank:
        judge_class = judge_taken_for if claim.taken_for else judge_rank
        return judge_class(results, claim, _done(results, sides))
    if says_nothing(claim):
        raise NoAnswerError("the claim states neither a number nor a direction")
    evidence = gather(results, claim, sides, answer)
    if len(evidence.values) < 2:
        return _few(claim, evidence)
    if claim.compares and evidence.is_nothing and has_other_budget(results.record, claim):
        raise NoAnswerError(_NEVER_APART)
    return _judge(results, claim)(claim, evidence)


def _judge(results: Results, claim: Claim) -> Callable[[Claim, Evidence], Judgement]:
    if not claim.compares:
        return judge_limit if claim.effect in {"higher", "lower"} else judge_level
    if claim.effect == "none":
        return judge_none
    sized = claim.value is not None and has_other_budget(results.record, claim)
    return judge_direction_alone if sized else judge_direction


def _few(claim: Claim, evidence: Evidence) -> Judgement:
    if not len(evidence.values):
        raise NoAnswerError(NO_SEED)
    shown = signed if claim.compares else level
    measured = shown(evidence.mean, evidence.metric)
    return Judgement("undetermined", ONE_SEED, measured)


def _done(results: Results, sides: Weights) -> list[str]:
    trials = results.trials
    return list(trials.loc[(trials["status"] == "done") & trials["variant"].isin(sides), "trial"])
