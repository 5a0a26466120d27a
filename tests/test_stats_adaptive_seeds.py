"""Adaptive seeds: which contrasts of a study are open, and which of its trials they need."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnn_ablate.schema import Finding, Record
from cnn_ablate.stats.adaptive_seeds import LookState, look_state
from cnn_ablate.stats.families import families
from support.fake_results import contrast, record, trials, variant

LOOKS = (3, 5, 8)
NOISE = np.random.default_rng(3).normal(0, 0.002, 8)

INERT = Finding(
    kind="inert-factor",
    severity="error",
    where="",
    message="",
    data={"factors": ["model.x"], "levels": ["1", "2"]},
)


def invented(*names: str, **more: object) -> Record:
    """Return a study of variants that are each compared with `a`, with looks."""
    study = {"seeds": tuple(range(8)), "looks": LOOKS, **more}
    contrasts = [contrast(name, "a", model_x=(1, 2)) for name in names]
    return record([variant(name) for name in ("a", *names)], contrasts, **study)


def state(study: Record, values: Mapping[str, Sequence[float | None]]) -> LookState:
    """Return the state of a study with some values."""
    return look_state(study.study, study.plan, trials(values), study.findings)


def due(reached: LookState) -> dict[str, int]:
    """Return the number of trials that are due, by variant."""
    names = [name.partition("-")[0] for name in reached.due]
    return {name: names.count(name) for name in sorted(set(names))}


def test_all_variants_get_the_seeds_of_the_first_look() -> None:
    """Before it, nothing is known."""
    reached = state(invented("b", "c"), {"a": [None]})
    assert {"a": 3, "b": 3, "c": 3} == due(reached)
    assert "look 1 of 3: 2 of 2 contrasts open" == str(reached)


def test_only_open_contrasts_get_more_seeds() -> None:
    """A large effect is decided at the first look; the reference of the other gets more."""
    values = {
        "a": 0.8 + NOISE[:3],
        "b": 0.5 + 2 * NOISE[:3],
        "c": 0.79 + np.array([0.0, 0.02, 0.01]),
    }
    reached = state(invented("b", "c"), values)
    assert {"a": 5, "b": 3, "c": 5} == due(reached)
    assert "look 2 of 3: 1 of 2 contrasts open" == str(reached)


def test_a_look_is_not_taken_before_all_its_trials_have_ended() -> None:
    """The family is looked at as a whole."""
    values = {"a": 0.8 + NOISE[:3], "b": [0.5, 0.51, 0.49], "c": [0.79, 0.82]}
    assert "look 1 of 3: 2 of 2 contrasts open" == str(state(invented("b", "c"), values))
    values["c"] = [0.79, 0.82, 0.81]
    assert "look 2 of 3: 1 of 2 contrasts open" == str(state(invented("b", "c"), values))


def test_identical_and_inert_contrasts_need_no_more_seeds() -> None:
    """The first give the same numbers; of the others the audit has found that they must."""
    a = list(0.8 + NOISE[:3])
    reached = state(invented("b", "c"), {"a": a, "b": a, "c": [0.5, 0.501, 0.502]})
    assert {"a": 3, "b": 3, "c": 3} == due(reached)
    assert "look 1 of 3: 1 decided" == str(reached)
    study = record(
        [variant("a", model_x=1), variant("b", model_x=2)],
        [contrast("b", "a", model_x=(1, 2))],
        seeds=tuple(range(8)),
        looks=LOOKS,
    )
    noisy = {"a": a, "b": [0.81, 0.8, 0.79]}
    assert {"a": 5, "b": 5} == due(state(study, noisy))
    inert = study.model_copy(update={"findings": (INERT,)})
    assert [""] == families(inert.study, inert.plan, inert.findings)
    assert {"a": 3, "b": 3} == due(state(inert, noisy))


def test_a_variant_that_keeps_failing_is_decided_by_its_failures() -> None:
    """The mean of the others decides nothing; five failures of five against none do."""
    values = {"a": 0.8 + NOISE[:3], "b": [None] * 3, "c": [0.5, 0.501, 0.502]}
    reached = state(invented("b", "c"), values)
    assert {"a": 5, "b": 5, "c": 3} == due(reached)
    assert "look 2 of 3: 1 of 2 contrasts open" == str(reached)
    values |= {"a": 0.8 + NOISE[:5], "b": [None] * 5}
    reached = state(invented("b", "c"), values)
    assert "look 2 of 3: 2 decided" == str(reached)


def test_few_failures_get_no_more_seeds_from_the_second_look_on() -> None:
    """With one failure in five, neither failures nor means will decide: it is futile."""
    values = {"a": 0.8 + NOISE[:5], "b": [0.5, None, 0.49, 0.51, 0.5]}
    reached = state(invented("b"), values)
    assert {"a": 5, "b": 5} == due(reached)
    assert "look 2 of 3: 1 futile" == str(reached)


def test_seeds_beyond_the_look_of_a_decision_change_nothing() -> None:
    """A decision at the first look stays, whatever later seeds say."""
    values = {"a": 0.8 + NOISE, "b": [*(0.5 + 2 * NOISE[:3]), 0.9, 0.95, 0.9, 0.9, 0.9]}
    reached = state(invented("b"), values)
    assert "look 1 of 3: 1 decided" == str(reached)


def test_families_are_those_that_the_study_lists() -> None:
    """Without a list, contrasts with all seeds are primary."""
    listed = invented("b", "c", primary=("c*",))
    assert ["exploratory", "primary"] == families(listed.study, listed.plan)
    assert ["primary", "primary"] == families(invented("b", "c").study, listed.plan)


def test_looks_go_on_for_contrasts_whose_trials_are_expected() -> None:
    """A run of some variants waits for no other, which still counts in the family."""
    study = invented("b", "c")
    values = {"a": 0.8 + NOISE[:3], "b": 0.79 + np.array([0.0, 0.02, 0.01])}
    table = trials(values)
    assert 1 == look_state(study.study, study.plan, table).look
    ours = {trial.id for trial in study.plan.trials if trial.variant != "c"}
    reached = look_state(study.study, study.plan, table, expected=ours - {*table["trial"]})
    assert {"a": 5, "b": 5, "c": 3} == due(reached)
    assert "look 2 of 3: 2 of 2 contrasts open" == str(reached)
