"""The sentence that answers the question of a study, and its lists of changes by outcome."""

from dataclasses import replace

import pytest

from cnn_ablate.report.highlights import answer, outcome_lists
from cnn_ablate.store import Results
from support import fake_study
from support.report_data import context_of


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """An invented study of two variants."""
    size = {"variants": 2, "seeds": 3, "images": 60, "epochs": 2, "findings": False}
    return fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**size))


def test_the_answer_is_what_is_decided_largest_first(sound: Results) -> None:
    """A contrast that test images leave open is not counted as decided, and none is left out."""
    context = context_of(sound)
    effect = context.effects[0]
    decided = {"family": "primary", "decided": True, "low_family": 1.0, "high_family": 9.0}
    images = {"images_low": 0.5, "images_high": 9.0}
    effects = tuple(
        effect.model_copy(update={"variant": name, "difference": difference, **decided, **more})
        for name, difference, more in (
            ("small", 2.0, images),
            ("large", 5.0, images),
            ("worse", -3.0, {"images_low": -5.0, "images_high": -1.0}),
            ("lucky", 1.5, {"images_low": -0.5, "images_high": 3.0}),
            ("open", 4.0, {**images, "decided": False}),
            ("nothing", 0.1, {**images, "decided": False, "negligible": True}),
        )
    )
    assert answer(replace(context, effects=effects)) == (
        "Of 6 changes, 2 help (most: large, +5.0 points); "
        "1 costs (worse, \N{MINUS SIGN}3.0 points); 1 has no effect beyond 1 point; "
        "1 is decided over seeds but not over test images; 1 is open."
    )
    lists = {
        group.name: group.changes for group in outcome_lists(replace(context, effects=effects))
    }
    assert lists == {
        "Helps": (("large", "+5.0", ""), ("small", "+2.0", "")),
        "Costs": (("worse", "\N{MINUS SIGN}3.0", ""),),
        "No effect beyond 1 point": (("nothing", "", ""),),
        "Open": (("open", "+4.0", ""), ("lucky", "+1.5", "")),
    }


def test_a_variant_whose_reference_is_not_trained_is_not_tested(sound: Results) -> None:
    """The answer is on the tested change alone, and the lists have the other one."""
    context = context_of(sound)
    tested = context.effects[0].model_copy(
        update={"family": "primary", "decided": False, "negligible": True, "direction": ""}
    )
    lone = tested.model_copy(
        update={"family": "", "seeds": 0, "reference": "untrained", "difference": None}
    )
    context = replace(context, effects=(tested, lone))
    assert answer(context).startswith("The only tested change has no effect beyond")
    assert ["No effect beyond 1 point", "Not tested"] == [g.name for g in outcome_lists(context)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [("a", "the only change is"), ("ab", "both changes are"), ("abc", "all 3 changes are")],
)
def test_the_answer_counts_nothing_where_all_changes_have_one_outcome(
    sound: Results, names: str, expected: str
) -> None:
    """It says so of both, or of all of them, and of an overridden setting first."""
    study = sound.record.study.model_copy(update={"forced": {"training.epochs": 4}, "profile": ""})
    record = sound.record.model_copy(update={"study": study})
    context = context_of(replace(sound, record=record))
    undecided = {"family": "primary", "decided": False, "negligible": False, "direction": ""}
    effect = context.effects[0].model_copy(update=undecided)
    effects = tuple(effect.model_copy(update={"variant": name}) for name in names)
    said = answer(replace(context, effects=effects))
    assert f"With settings overridden, {expected} open." == said
