"""Designs to variants, contrasts and trials; by hand, with settings that need no network."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan, select_variants
from cnn_ablate.schema import Design, Entry, Factor, Level, Plan, Settings, Study, Variant

BASELINE: dict[str, dict[str, Any]] = {
    "data": {"name": "d"},
    "model": {"name": "m", "a": 0, "b": 0, "c": 0, "d": 0},
}


def resolve(written: Settings) -> dict[str, dict[str, Any]]:
    """Drop `d` where `a` is off, as a table's entry would drop an option of a part that is off."""
    settings = {section: dict(values) for section, values in written.items()}
    if not settings["model"]["a"]:
        settings["model"].pop("d", None)
    return settings


def factor(name: str, *values: Any) -> Factor:
    """Make a factor of one key."""
    return Factor(name=name, levels=tuple(Level(label=str(v), sets={name: v}) for v in values))


def bundle(name: str, **levels: dict[str, Any]) -> Factor:
    """Make a factor of several keys."""
    made = tuple(Level(label=label, sets=sets) for label, sets in levels.items())
    return Factor(name=name, levels=made, bundle=True)


A, B, C = (factor(f"model.{name}", 0, 1) for name in "abc")


def laid_out(*factors: Factor, designs: tuple[Design, ...], **study: Any) -> Plan:
    """Plan a study of these factors and designs."""
    made = Study(
        name="s", written=BASELINE, baseline=BASELINE, factors=factors, designs=designs, **study
    )
    return plan(made, resolve)


def names(layout: Plan) -> list[str]:
    """List the variants."""
    return [variant.name for variant in layout.variants]


def pairs(layout: Plan) -> list[tuple[str, str]]:
    """List the contrasts."""
    return [(contrast.variant, contrast.reference) for contrast in layout.contrasts]


def test_one_at_a_time() -> None:
    """Each level makes one variant, contrasted with the baseline, whose own levels make none."""
    layout = laid_out(A, factor("model.b", 0, 1, 2), designs=(Design(kind="one_at_a_time"),))
    assert ["baseline", "a=1", "b=1", "b=2"] == names(layout)
    assert [("a=1", "baseline"), ("b=1", "baseline"), ("b=2", "baseline")] == pairs(layout)
    assert {"model.b": (0, 2)} == layout.contrasts[2].changed


def test_leave_one_out() -> None:
    """The full system has every factor at its first level; one at a time is taken away."""
    on = [factor(f"model.{name}", 1, 0) for name in "abc"]
    layout = laid_out(*on, designs=(Design(kind="leave_one_out"),))
    assert ["baseline", "a=1,b=1,c=1", "b=1,c=1", "a=1,c=1", "a=1,b=1"] == names(layout)
    assert {"a=1,b=1,c=1"} == {reference for _, reference in pairs(layout)}


def test_ladder_keeps_each_step() -> None:
    """Every step stands on the one before it and is contrasted with that."""
    layout = laid_out(A, B, C, designs=(Design(kind="ladder"),))
    assert ["baseline", "a=1", "a=1,b=1", "a=1,b=1,c=1"] == names(layout)
    assert [("a=1", "baseline"), ("a=1,b=1", "a=1"), ("a=1,b=1,c=1", "a=1,b=1")] == pairs(layout)


def test_a_bundle_holds_a_whole_ladder() -> None:
    """The levels of one bundle are steps that add to each other, under their own names."""
    steps = bundle("step", wide={"model.a": 1}, deep={"model.b": 1}, both={"model.a": 2})
    layout = laid_out(steps, designs=(Design(kind="ladder"),))
    assert ["baseline", "wide", "deep", "both"] == names(layout)
    assert {"a": 2, "b": 1} == {key: layout.variants[3].settings["model"][key] for key in "ab"}
    assert [("wide", "baseline"), ("deep", "wide"), ("both", "deep")] == pairs(layout)


def test_factorial_contrasts_are_one_factor_apart() -> None:
    """All combinations, each against its neighbours towards the first levels."""
    layout = laid_out(A, B, designs=(Design(kind="factorial"),))
    assert {"baseline", "a=1", "b=1", "a=1,b=1"} == set(names(layout))
    assert {
        ("a=1", "baseline"),
        ("b=1", "baseline"),
        ("a=1,b=1", "b=1"),
        ("a=1,b=1", "a=1"),
    } == set(pairs(layout))


def test_fraction_is_orthogonal_and_names_its_aliases() -> None:
    """Half of a 2^3: four runs, in which the levels of each pair of factors meet once."""
    layout = laid_out(A, B, C, designs=(Design(kind="fractional", resolution=3),))
    points = [[v.levels[f"model.{name}"] for name in "abc"] for v in layout.variants[1:]]
    assert 4 == len(points)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert 4 == len({(point[i], point[j]) for point in points})
    assert "model.a = model.b:model.c" in layout.aliases


def test_fraction_of_too_few_factors() -> None:
    """Two factors have no fraction of resolution III."""
    with pytest.raises(UserError, match="no fraction of resolution 3 has as few factors as 2"):
        laid_out(A, B, designs=(Design(kind="fractional"),))


def test_list_entries_start_from_others() -> None:
    """A listed variant starts from the baseline or from another one, its reference."""
    entries = (
        Entry(name="one", sets={"model.a": 1}),
        Entry(name="two", sets={"model.b": 1}, start="one"),
    )
    layout = laid_out(designs=(Design(kind="list", entries=entries),))
    assert {"a": 1, "b": 1} == {key: layout.variants[2].settings["model"][key] for key in "ab"}
    assert [("one", "baseline"), ("two", "one")] == pairs(layout)


def test_designs_are_combined() -> None:
    """Several designs share the variants that they have in common."""
    designs = (
        Design(kind="one_at_a_time"),
        Design(kind="factorial", factors=("model.a", "model.b")),
    )
    assert ["baseline", "a=1", "b=1", "a=1,b=1"] == names(laid_out(A, B, designs=designs))


def test_options_of_a_part_that_is_off_do_not_split_trials() -> None:
    """With `a` off its option `d` cannot matter: the variants are one, and the plan says so."""
    layout = laid_out(factor("model.d", 0, 1), designs=(Design(kind="one_at_a_time"),))
    assert ["baseline"] == names(layout)
    assert {"d=1": "baseline"} == layout.same
    assert [] == pairs(layout)


def test_exclude_by_level_and_by_key() -> None:
    """Excluded combinations are named and leave no contrast behind."""
    layout = laid_out(
        A, B, designs=(Design(kind="factorial"),), exclude=({"model.a": 1, "model.b": 1},)
    )
    assert ["baseline", "b=1", "a=1"] == names(layout)
    assert ("a=1,b=1",) == layout.excluded


def test_forced_settings_hold_for_every_variant() -> None:
    """What a capping profile sets wins over levels; variants that it makes equal are one."""
    forced = {"forced": {"model.a": 5}, "caps": True}
    layout = laid_out(A, B, designs=(Design(kind="one_at_a_time"),), **forced)
    assert {5} == {variant.settings["model"]["a"] for variant in layout.variants}
    assert {"a=1": "baseline"} == layout.same


def test_ambiguous_short_names_stay_dotted() -> None:
    """Two factors whose keys end alike are told apart."""
    layout = laid_out(A, factor("data.a", 0, 1), designs=(Design(kind="one_at_a_time"),))
    assert ["baseline", "model.a=1", "data.a=0", "data.a=1"] == names(layout)


def test_two_variants_of_one_name_are_refused() -> None:
    """A listed name must not stand for other settings than a level's."""
    entries = (Entry(name="a=1", sets={"model.b": 1}),)
    designs = (Design(kind="one_at_a_time"), Design(kind="list", entries=entries))
    with pytest.raises(UserError, match="two different variants are called 'a=1'"):
        laid_out(A, designs=designs)


def test_two_lists_cannot_give_one_name_to_two_variants() -> None:
    """The second entry of a name must not vanish behind the first."""
    entries = [(Entry(name="x", sets={key: 1}),) for key in ("model.a", "model.b")]
    designs = tuple(Design(kind="list", entries=one) for one in entries)
    with pytest.raises(UserError, match="two different variants are called 'x'"):
        laid_out(A, designs=designs)


def only(layout: Plan, pattern: str) -> set[str]:
    """Match variants."""
    return set(select_variants(layout, pattern))


def test_only_takes_names_and_patterns_with_their_references() -> None:
    """A chosen variant brings the reference it is contrasted with."""
    layout = laid_out(A, B, C, designs=(Design(kind="ladder"),))
    assert {"a=1,b=1", "a=1"} == only(layout, "a=1,b=1")
    assert set(names(layout)) == only(layout, "a=1*")
    with pytest.raises(UserError, match="unknown variant 'x'"):
        only(layout, "x")


def fingerprint(section: Mapping[str, Any]) -> str:
    """Stand in for a data set's fingerprint."""
    return str(section["name"])


def test_trial_keys_cover_settings_seed_and_data() -> None:
    """Equal trials have equal keys across studies; any difference changes them."""
    study = Study(name="s", written=BASELINE, baseline=BASELINE, seeds=(0, 1))
    other = study.model_copy(update={"name": "t", "title": "other", "seeds": (1,)})
    moved = {**BASELINE, "model": {**BASELINE["model"], "b": 1}}
    changed = study.model_copy(update={"written": moved, "baseline": moved})
    keys = [
        {trial.key for trial in plan(one, resolve, data).trials}
        for one, data in (
            (study, fingerprint),
            (other, fingerprint),
            (changed, fingerprint),
            (study, lambda _: "another"),
        )
    ]
    assert keys[1] < keys[0]
    assert not keys[0] & keys[2]
    assert not keys[0] & keys[3]


def test_ids_are_safe_file_names() -> None:
    """Slashes, blanks and other scripts do not reach the file system; the hash keeps ids apart."""
    entries = tuple(
        Entry(name=name, sets={"model.b": i}) for i, name in enumerate(["../é x", "好" * 300], 1)
    )
    layout = laid_out(designs=(Design(kind="list", entries=entries),), seeds=(0,))
    for trial in layout.trials:
        assert trial.id.isascii()
        assert not {"/", " ", "\\"} & set(trial.id)
        assert not trial.id.startswith(".")
        assert len(trial.id) <= 120
    assert len({trial.id for trial in layout.trials}) == 3


def test_ten_thousand_trials_plan_in_two_seconds() -> None:
    """A large factorial is laid out at once."""
    factors = [factor(f"model.{name}", *range(10)) for name in "abc"]
    began = time.perf_counter()
    layout = laid_out(*factors, designs=(Design(kind="factorial"),), seeds=tuple(range(10)))
    assert len(layout.trials) == 10_000
    assert time.perf_counter() - began < 2.0


def test_levels_that_leave_out_knobs_keep_their_labels() -> None:
    """A level that is completed by settling is still known by its label, at every variant."""

    def completing(written: Settings) -> dict[str, dict[str, Any]]:
        settled = resolve(written)
        settled["data"]["name"] = [{"name": name, "p": 0.5} for name in settled["data"]["name"]]
        return settled

    levels = tuple(
        Level(label=label, sets={"data.name": names})
        for label, names in (("some", ["flip"]), ("none", []))
    )
    written = {**BASELINE, "data": {"name": ["flip"]}}
    study = Study(
        name="s",
        written=written,
        baseline=completing(written),
        factors=(Factor(name="data.name", levels=levels),),
        designs=(Design(kind="one_at_a_time"),),
    )
    variants = plan(study, completing).variants
    assert ["baseline", "data=none"] == [variant.name for variant in variants]
    assert ["some", "none"] == [variant.levels["data.name"] for variant in variants]


def test_variants_carry_the_label_of_every_factor() -> None:
    """A table of results needs each factor's level at each variant, bundles included."""
    recipe = bundle("recipe", plain={"model.c": 0}, strong={"model.c": 9})
    layout = laid_out(A, recipe, designs=(Design(kind="one_at_a_time"),))
    by_name: dict[str, Variant] = {variant.name: variant for variant in layout.variants}
    assert {"model.a": "0", "recipe": "plain"} == by_name["baseline"].levels
    assert {"model.a": "0", "recipe": "strong"} == by_name["recipe=strong"].levels
