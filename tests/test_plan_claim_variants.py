"""Which variants a claim compares: the same for the audit and the verdicts, in every design."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from cnn_ablate.audit import CHECKS, Subject
from cnn_ablate.claims import judge_claims
from cnn_ablate.plan import NotInPlanError, claim_weights, claimed_pairs, plan
from cnn_ablate.schema import (
    TEST_ACCURACY,
    Claim,
    Design,
    DesignKind,
    Entry,
    Factor,
    Plan,
    Settings,
    Size,
    Study,
)
from cnn_ablate.stats import signed
from support import fake_results

BASELINE: dict[str, dict[str, Any]] = {
    "data": {"name": "cifar10"},
    "model": {"a": 0, "b": 0, "c": 0},
}
FACTORS = tuple(fake_results.factor(f"model.{name}", 1, 0) for name in "abc")
ENTRIES = (
    Entry(name="first", sets={"model.a": 1}),
    Entry(name="second", sets={"model.b": 1}, start="first"),
    Entry(name="third", sets={"model.c": 1}, start="second"),
)
DESIGNS = {
    kind: Design(kind=kind, entries=ENTRIES if kind == "list" else ())
    for kind in get_args(DesignKind)
}
CLAIMS = tuple(
    Claim(
        id=name,
        quote="larger",
        factor=f"model.{name}",
        from_level="0",
        to_level="1",
        effect="higher",
    )
    for name in "abc"
)


def resolve(written: Settings) -> dict[str, dict[str, Any]]:
    """Return the settings as they are."""
    return {section: dict(values) for section, values in written.items()}


def studied(design: Design, factors: tuple[Factor, ...] = FACTORS) -> Study:
    """Return a study of one design with the claims above."""
    return Study(
        name="s",
        written=BASELINE,
        baseline=BASELINE,
        factors=factors,
        designs=(design,),
        claims=CLAIMS,
        seeds=(0, 1),
    )


def audited(study: Study, layout: Plan) -> dict[str, tuple[str, str]]:
    """Return the pair of variants that the audit names for each claim, by their sizes."""
    sizes = {
        variant.name: Size(parameters=1000 * 2**i, macs=1)
        for i, variant in enumerate(layout.variants)
    }
    findings = CHECKS["capacity-confound"](Subject(study, layout, sizes))
    data = [finding.data for finding in findings if "claim" in finding.data]
    return {found["claim"]: (found["variant"], found["reference"]) for found in data}


def judged(study: Study, layout: Plan, accuracies: Mapping[str, float]) -> dict[str, str]:
    """Return the measured difference of each claim that is judged."""
    record = fake_results.record(layout.variants, claims=CLAIMS, seeds=(0, 1))
    results = fake_results.FakeResults(
        record.model_copy(update={"study": study, "plan": layout}),
        fake_results.trials({name: [value, value] for name, value in accuracies.items()}),
    )
    return {
        verdict.claim: verdict.measured for verdict in judge_claims(results) if verdict.measured
    }


@pytest.mark.parametrize("kind", get_args(DesignKind))
def test_audit_and_verdict_compare_the_same_variants(kind: DesignKind) -> None:
    """Each variant has its own size and accuracy, so that no two pairs give the same numbers."""
    study = studied(DESIGNS[kind])
    layout = plan(study, resolve)
    accuracies = {v.name: 0.1 + 0.001 * 2**i for i, v in enumerate(layout.variants)}
    expected = {
        claim: signed(100 * (accuracies[variant] - accuracies[reference]), TEST_ACCURACY)
        for claim, (variant, reference) in audited(study, layout).items()
    }

    assert expected
    assert expected == judged(study, layout, accuracies)


def test_a_component_taken_from_the_full_system_is_compared_with_it() -> None:
    """Leave one out has no variant with the component alone."""
    layout = plan(studied(DESIGNS["leave_one_out"]), resolve)

    assert (("a=1,b=1,c=1", "a=1,c=1"),) == claimed_pairs(layout, CLAIMS[1])


def test_an_effect_away_from_the_baseline_is_averaged_over_all_pairs() -> None:
    """Where no pair has a side at the baseline's other levels, each has the same weight."""
    apart = tuple(fake_results.factor(f"model.{name}", 1, 2) for name in "abc")
    layout = plan(studied(Design(kind="factorial"), apart), resolve)
    claim = CLAIMS[0].model_copy(update={"from_level": "1", "to_level": "2"})

    assert 4 == len(claimed_pairs(layout, claim))
    assert {0.25, -0.25} == {*claim_weights(layout, claim).values()}


def test_what_is_not_planned_is_named() -> None:
    """The message is that of the verdict, and the audit says nothing of such a claim."""
    layout = plan(studied(DESIGNS["one_at_a_time"]), resolve)
    elsewhere = CLAIMS[0].model_copy(update={"at": {"model.b": 7}})
    with pytest.raises(NotInPlanError, match=r"differ in model.a alone \(1 against 0\) at model.b"):
        claimed_pairs(layout, elsewhere)
    with pytest.raises(NotInPlanError, match="there is no variant 'c=7'"):
        claim_weights(layout, Claim(id="x", variant="c=7", value=0.5))
