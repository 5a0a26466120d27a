"""Decisions on effects: families, failures and looks, from tables to rows and sentences."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.schema import Finding
from cnn_ablate.stats import FISHER, FLIPS, HOLM, estimate_effects
from cnn_ablate.store.study_files import read_record
from support import fake_results
from support.fake_effects import ADAM, OFF, effects_of

CLEAR = (0.011, 0.012, 0.013, 0.010, 0.014, 0.012, 0.011)
NOISE = (0.01, -0.012, 0.013, -0.01, 0.004, -0.012, 0.011)


def values_with(*differences):
    """Return the accuracies of a reference and of one variant per row of differences."""
    reference = {"a": [0.5] * len(differences[0])}
    return reference | {f"v{i}": [0.5 + x for x in row] for i, row in enumerate(differences)}


def contrasts_of(count):
    """Return contrasts of variants with the reference, each of a factor of its own."""
    return [fake_results.contrast(f"v{i}", "a", model_x=(0, i)) for i in range(count)]


def test_contrasts_that_change_nothing_do_not_count_in_the_family():
    """Six bit-identical contrasts beside a seventh leave its p as it is alone."""
    alone = effects_of(fake_results.trials(values_with(CLEAR)), contrasts_of(1))[0]
    beside = effects_of(fake_results.trials(values_with(CLEAR, *[[0.0] * 7] * 6)), contrasts_of(7))

    assert alone.p_adjusted == beside[0].p_adjusted == 2 / 2**7
    assert {("", None, False)} == {(e.family, e.p, e.decided) for e in beside[1:]}


def test_contrasts_that_the_audit_found_inert_are_not_tested():
    """A factor without effect by the audit is in no family, even if its last bits differ."""
    finding = Finding(
        kind="inert-factor",
        severity="error",
        where="",
        message="",
        data={"factors": ["model.x"], "levels": ["0", "1"]},
    )
    contrasts = contrasts_of(2)
    variants = [fake_results.variant("a", model_x=0), fake_results.variant("v0", model_x=0)]
    variants.append(fake_results.variant("v1", model_x=1))
    record = fake_results.record(variants, contrasts, seeds=tuple(range(7)))
    record = record.model_copy(update={"findings": (finding,)})
    trials = fake_results.trials(values_with(CLEAR, NOISE))
    effects = estimate_effects(trials, record)

    assert ["", ""] == [effect.family for effect in effects]
    assert "not tested" in effects[0].sentence


def test_variants_with_fewer_seeds_are_exploratory():
    """Contrasts that were given fewer seeds form a family of their own."""
    variants = [fake_results.variant(name) for name in ("a", "v0", "v1")]
    record = fake_results.record(variants, contrasts_of(2), seeds=tuple(range(7)))
    kept = tuple(t for t in record.plan.trials if t.variant != "v1" or t.seed < 4)
    record = record.model_copy(update={"plan": record.plan.model_copy(update={"trials": kept})})
    trials = fake_results.trials(values_with(CLEAR, NOISE))
    trials = trials[(trials["variant"] != "v1") | (trials["seed"] < 4)]
    first, second = estimate_effects(trials, record)

    assert (("primary", FLIPS), ("exploratory", HOLM)) == (
        (first.family, first.method),
        (second.family, second.method),
    )
    assert 2 / 2**7 == first.p_adjusted
    assert second.p == second.p_adjusted
    assert ", exploratory: not decided." in second.sentence


def test_the_study_may_list_its_primary_contrasts():
    """Contrasts that `primary` does not name are exploratory, whatever their seeds."""
    trials = fake_results.trials(values_with(CLEAR, NOISE))
    effects = effects_of(trials, contrasts_of(2), primary=("v1",))

    assert ["exploratory", "primary"] == [effect.family for effect in effects]


@given(st.lists(st.lists(st.integers(-30, 30), min_size=6, max_size=6), min_size=1, max_size=4))
def test_an_interval_and_a_decision_never_disagree(rows):
    """The family's interval excludes zero just where the contrast is decided."""
    differences = [[x / 1000 for x in row] for row in rows]
    for effect in effects_of(
        fake_results.trials(values_with(*differences)), contrasts_of(len(rows))
    ):
        if effect.family:
            beyond = effect.low_family >= 0 if effect.difference > 0 else effect.high_family <= 0
            inside = effect.low_family <= 0 <= effect.high_family
            assert beyond if effect.decided else inside
            assert effect.decided == (effect.p_adjusted <= 0.05)
            assert effect.decided == bool(effect.direction)
        else:
            assert (effect.low_family, effect.direction) == (None, 0)


def test_failures_are_counted_and_survivors_decide_nothing():
    """Of a variant that diverged in 4 of 8 seeds the others gain 3 points: not decided."""
    gain = [0.031, 0.029, 0.030, 0.032, None, None, None, None]
    values = {"a": [0.5] * 8, "b": [None if x is None else 0.5 + x for x in gain]}
    trials = fake_results.trials(values)
    trials.loc[trials["status"] == "failed", "status"] = "diverged"
    effect = effects_of(trials, [OFF])[0]

    assert (4, 0, 4) == (effect.failed, effect.failed_reference, effect.seeds)
    assert ("", None, False) == (effect.family, effect.low_family, effect.decided)
    assert "4 of 8 seeds diverged" in effect.sentence
    assert "not decided" in effect.sentence


def test_a_side_that_fails_more_often_is_decided_by_fishers_test():
    """Six failures of eight against none are decided within the family, as failures only."""
    steady = [0.5 + x for x in (0.011, 0.012, 0.013, 0.010, 0.014, 0.012, 0.011, 0.012)]
    values = {"a": [0.5] * 8, "b": [0.6, 0.6, *[None] * 6], "c": steady}
    failing, other = effects_of(fake_results.trials(values), [OFF, ADAM])

    assert (FISHER, True, 0) == (failing.method, failing.decided, failing.direction)
    assert pytest.approx(2 * failing.p) == failing.p_adjusted
    assert "b fails more often" in failing.sentence
    assert 2 * 2 / 2**8 == other.p_adjusted


def test_failures_too_few_to_test_leave_the_family_as_it_is():
    """One failure in sixteen trials can never be decided: it takes no share of the error."""
    values = {"a": [0.5] * 8, "b": [0.6] * 7 + [None], "c": [0.51, *(0.5 + x for x in CLEAR)]}
    one, other = effects_of(fake_results.trials(values), [OFF, ADAM])

    assert ("", 2 / 2**8) == (one.family, other.p_adjusted)


def test_looks_decide_with_the_error_spent_there():
    """In a study with looks an effect rests on the seeds of its look."""
    clear = [0.05 + x / 1000 for x in (1, -1, 0.5, 1, -0.5, 0, 1)]
    trials = fake_results.trials(values_with(clear, NOISE))
    first, second = effects_of(trials, contrasts_of(2), looks=(3, 5, 7))

    assert (1, 3, True) == (first.look, first.seeds, first.decided)
    assert "3 seeds, look 1." in first.sentence
    assert (False, 0) == (second.decided, second.direction)


def test_an_interval_within_the_margin_is_negligible():
    """What is not decided is negligible if all of its interval is within a point, else open."""
    close = [x / 1000 for x in (1, -2, 1.5, -0.5, 2, -1, 0.5)]
    trials = fake_results.trials(values_with(close, NOISE, CLEAR))
    effects = effects_of(trials, contrasts_of(3))

    assert [True, False, False] == [effect.negligible for effect in effects]
    assert "not decided, but within 1 point." in effects[0].sentence


def test_the_equivalence_test_of_a_look_makes_an_effect_negligible():
    """In a study with looks the outcome at the look says it, whatever the interval there."""
    close = [x / 1000 for x in (1, -2, 1.5, -0.5, 2, -1, 0.5)]
    trials = fake_results.trials(values_with(close, NOISE))
    first, second = effects_of(trials, contrasts_of(2), looks=(3, 5, 7))

    assert (True, False) == (first.negligible, second.negligible)
    assert "not decided, within the margin at look" in first.sentence


def test_the_committed_tables_decide_what_all_sign_patterns_decide():
    """Nine contrasts with eight seeds: the adjusted p of the 256 patterns, by hand."""
    folder = Path(__file__).parent.parent / "results" / "cifar_cbam-cpu"
    record = read_record(folder.parent, folder.name)
    effects = estimate_effects(pd.read_csv(folder / "results.csv"), record)
    decided = {e.variant: e.p_adjusted for e in effects if e.decided and e.family == "primary"}

    assert {"batch_norm=false": 2, "fc_layers=4": 2, "fc_layers=3": 4, "augment=flip": 8} == {
        name: 256 * p for name, p in decided.items()
    }
    assert 9 == sum(effect.family == "primary" for effect in effects)
    assert effects[0].sentence == (
        "Turning model.batch_norm off costs 33.8 points [30.0, 37.6], p = 0.0078 adjusted, 8 seeds."
    )
