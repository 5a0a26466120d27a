"""Statements of papers: counted once, however many claims check them."""

from collections import Counter

from cnn_ablate.claims import by_statement, contradictions, count_statements, statement_verdict
from cnn_ablate.schema import Claim
from support.claims import moved

RAISED = "the accuracy is raised"
CLAIMS = [
    moved(quote=RAISED, effect="higher").model_copy(update={"id": "cbam"}),
    moved(quote=RAISED, effect="higher", to_level="se").model_copy(update={"id": "se"}),
    moved(quote=RAISED, effect="higher", metric="auc_accuracy").model_copy(update={"id": "auc"}),
    moved(quote=RAISED, effect="lower").model_copy(update={"id": "lower"}),
    Claim(id="number", quote="0.8977", variant="baseline", value=0.8977),
    Claim(id="again", quote="0.8977", variant="other", value=0.8977),
    Claim(id="silent", variant="baseline", value=0.9),
    Claim(id="silent too", variant="baseline", value=0.9),
]


def test_one_quote_metric_and_direction_is_one_statement():
    """Another metric or direction is another statement, and so is a claim without a quote."""
    assert [
        ["cbam", "se"],
        ["auc"],
        ["lower"],
        ["number", "again"],
        ["silent"],
        ["silent too"],
    ] == [[claim.id for claim in group] for group in by_statement(CLAIMS)]


def test_a_size_has_the_direction_of_its_sign():
    """A gain of two points and a claim that it is higher are one statement."""
    sized = moved(quote=RAISED, value=2.0).model_copy(update={"id": "sized"})

    assert 1 == len(by_statement([CLAIMS[0], sized]))


def test_a_statement_has_the_least_sure_verdict_of_its_claims():
    """What one row leaves open is not decided by another."""
    assert "reproduced" == statement_verdict(["reproduced", "reproduced"])
    assert "direction only" == statement_verdict(["direction only", "reproduced"])
    assert "not comparable" == statement_verdict(["inconclusive", "reproduced", "not comparable"])
    assert "not reproduced" == statement_verdict(["not reproduced", "negligible"])
    assert "inconclusive" == statement_verdict(["disagrees early", "inconclusive"])


def test_contradicting_claims_are_counted_as_such():
    """A statement that holds in one place and fails in another is neither."""
    verdicts = {claim.id: "inconclusive" for claim in CLAIMS}
    verdicts |= {"cbam": "reproduced", "se": "not reproduced"}
    verdicts |= {"number": "reproduced", "again": "reproduced"}

    assert Counter({"inconclusive": 4, "contradicting": 1, "reproduced": 1}) == count_statements(
        CLAIMS, verdicts
    )
    assert {
        "cbam": "Checked otherwise, this statement is: not reproduced.",
        "se": "Checked otherwise, this statement is: reproduced.",
    } == contradictions(CLAIMS, verdicts)
