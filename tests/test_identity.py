"""Trial ids survive an upgrade: what was trained once is not trained again."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cnn_ablate.options import Options, knob
from cnn_ablate.plan import plan
from cnn_ablate.schema import Study
from cnn_ablate.settings import identity, resolve

KNOWN = YAML(typ="safe").load(Path(__file__).parent / "fixtures" / "trial_ids.yaml")


@pytest.mark.parametrize("known", KNOWN, ids=lambda one: f"{one['study']} {one['variant']}")
def test_ids_stay_for_good(known: dict[str, Any]) -> None:
    """Ten trials of the shipped studies, over models, optimizers, schedules and precisions."""
    written = known["written"]
    study = Study(name="s", written=written, baseline=resolve(written), seeds=(known["seed"],))
    [trial] = plan(study, resolve, lambda _: known["fingerprint"], identity).trials
    assert known["key"] == trial.key


class Before(Options):
    """A table entry as it was published."""

    width: int = knob(6, "Channels of the first layer.")


class After(Before):
    """The same with two knobs added."""

    residual: bool = knob(False, "Add shortcuts.", added_later=True)
    sizes: tuple[int, ...] = knob((1, 2), "Sizes.", needs={"residual": (True,)}, added_later=True)


def test_a_knob_that_was_added_later_is_no_part_of_the_id_at_its_default() -> None:
    """The settings name it all the same, so that tables and reports show its levels."""
    assert {"width": 6} == Before().settings() == After.identity(After().settings())
    assert {"width": 6, "residual": False} == After().settings()


def test_a_knob_that_was_added_later_changes_the_id_at_any_other_value() -> None:
    """As every knob does; a default that comes from a file as a list is the default too."""
    changed = After(residual=True, sizes=(3,)).settings()
    assert changed == After.identity(changed)
    from_file = {"width": 6, "residual": True, "sizes": [1, 2]}
    assert {"width": 6, "residual": True} == After.identity(from_file)
    assert After(**After.identity(from_file)) == After(residual=True)
