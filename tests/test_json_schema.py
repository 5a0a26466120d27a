"""The JSON Schema of study files agrees with the reader, as far as a schema can."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from cnn_ablate.errors import UserError
from cnn_ablate.settings import TABLES
from cnn_ablate.study.json_schema import json_schema
from cnn_ablate.study.source import load, parse
from test_cli import call
from test_study import SOUND
from test_study_errors import FAULTS, broken

FOLDER = Path(__file__).parents[1] / "ablations"
STUDIES = sorted([*FOLDER.glob("*.yaml"), *FOLDER.parent.glob("examples/*/*.yaml")])
# Faults that involve several places of a file, or what it names.
UNSEEN = {
    "claim twice",
    "fraction of three levels",
    "study of no folder",
    "weights chosen twice",
    "no validation images",
    "unequal folds",
    "bad exclude",
    "unknown exclude",
    "unknown factor",
    "unknown start",
    "claim of no variant",
    "claim of no level",
    "fewer seeds of no variant, in a profile",
    "looks beside fewer seeds",
    "looks in a profile beside fewer seeds",
    "primary contrasts of no variant",
    "fewer seeds in a profile of what it renames",
    "fewer seeds of what is equal to another",
    "claim without threshold",
}


@cache
def validator() -> Draft7Validator:
    """A validator of study files."""
    return Draft7Validator(json_schema())


def values(text: str) -> Any:
    """Return the values of a YAML text; None if it is not YAML."""
    try:
        return parse("s.yaml", text).values
    except UserError:
        return None


def faults(text: str) -> list[str]:
    """Return the places of a study that are invalid by the schema."""
    errors = validator().iter_errors(values(text))
    return [".".join(map(str, error.absolute_path)) for error in errors]


def test_the_schema_is_valid() -> None:
    """It is a schema of draft 7 in which every reference resolves."""
    Draft7Validator.check_schema(json_schema())
    text = json.dumps(json_schema())
    known = json_schema()["$defs"]["values"]["properties"]
    references = {part.partition('"')[0] for part in text.split("#/$defs/values/properties/")[1:]}
    assert references <= set(known)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_shipped_studies_are_valid(path: Path) -> None:
    """Every shipped study is valid, and names the schema for editors."""
    assert [] == [*validator().iter_errors(load(path).values)]
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    comment, _, schema = first.partition("=")
    assert "# yaml-language-server: $schema" == comment
    assert FOLDER / "study.schema.json" == (path.parent / schema).resolve()


@pytest.mark.parametrize("case", sorted(FAULTS.keys() - UNSEEN))
def test_broken_studies_are_invalid(case: str) -> None:
    """Studies that the reader refuses are invalid, unless the fault involves several places."""
    assert not validator().is_valid(values(broken(case)))


@pytest.mark.parametrize(
    "change",
    [
        ("seeds: [3, 5]", "seeds: 4"),
        ("seeds: [3, 5]", "seeds: {looks: [3, 5, 8], error: 0.05}\nprimary: [residual=*]"),
        ("name: cnnnet, attention: cbam", "name: my.nets:Net, width: 3"),
        ("  optimizer: {name: sgd, lr: 1e-2}\n", "  optimizer: {lr: 1e-2, betas: [0.9, 0.99]}\n"),
        ("[true, false]", "{yes: true, no: false}"),
        ("factors:\n", "factors:\n  model.name: [cnnnet, 'my.nets:Net']\n  model.own: [1, 2]\n"),
        ("factors:\n", "factors:\n  recipe: {a: {}, b: {optimizer.name: adam}}\n"),
        ("factors:\n", "factors:\n  data.augment: [[], [cutout, {name: 'my.own:Blur', s: 2}]]\n"),
        ("seeds:", "design: {fractional: {resolution: 4}}\nseeds:"),
        ("seeds:", "design: [one_at_a_time, {list: {a: {optimizer.lr: 1}, b: {from: a}}}]\nseeds:"),
        ("seeds:", "profiles: {cpu: {training.epochs: 1, seeds: 2}}\nseeds:"),
        ("seeds:", "fewer_seeds: {b=*: 2}\nprofiles: {cpu: {fewer_seeds: {a: 2}}}\nseeds:"),
        ("seeds:", "claims: [{id: a, factor: model.residual, from: true, to: false}]\nseeds:"),
    ],
)
def test_valid_studies_are_valid(change: tuple[str, str]) -> None:
    """Counts of seeds, labels, bundles, designs, profiles, and user-defined entries."""
    assert [] == faults(SOUND.replace(*change))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("lr: 1e-2", "lr: 0"), "baseline.optimizer.lr"),
        (("subset: 100", "augment: [{name: cutout, sise: 3}]"), "baseline.data.augment.0"),
        (("subset: 100", "normalize: cifar"), "baseline.data.normalize"),
        (("model.residual: [true", "model.residual: [1"), "factors.model.residual"),
        (("seeds:", "design: {list: {a: {model.residul: false}}}\nseeds:"), "design.list.a"),
        (("seeds:", "profiles: {cpu: {training.epoch: 1}}\nseeds:"), "profiles.cpu"),
    ],
)
def test_faults_are_found_where_they_are(change: tuple[str, str], where: str) -> None:
    """The place of a fault is the one that an editor marks."""
    assert where in faults(SOUND.replace(*change))


def test_editors_know_every_knob() -> None:
    """Every knob of every entry has its doc in the schema."""
    known = json_schema()["$defs"]["values"]["properties"]
    for section, table in TABLES.items():
        for entry in table.values():
            for knob in entry.model_fields:
                schema = known[f"{section}.{knob}"]
                docs = {each.get("description") for each in (schema, *schema.get("anyOf", ()))}
                assert entry.model_fields[knob].description in docs


def test_the_file_for_editors_is_up_to_date() -> None:
    """The file beside the shipped studies is what `cnn-ablate schema` prints."""
    shipped = (FOLDER / "study.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == json.loads(call("schema").output), (
        "run: cnn-ablate schema > ablations/study.schema.json"
    )
