"""The data sets and images that a report says a study uses."""

from typing import Any

import pytest

from cnn_ablate.plan import plan
from cnn_ablate.report.run_facts import image_counts
from cnn_ablate.schema import DataFacts, Study
from cnn_ablate.schema.data_facts import data_set_names
from cnn_ablate.settings import resolve

FACTS = DataFacts(
    name="mnist", fingerprint="", classes=("0", "1"), shape=(1, 28, 28), train=60_000, test=10_000
)


@pytest.mark.parametrize(
    ("section", "facts", "expected"),
    [
        ({}, {}, "60,000 training and 10,000 test images"),
        ({"test_subset": 9}, {}, "60,000 training and 9 of 10,000 test images"),
        (
            {"val_fraction": 0.2},
            {},
            "60,000 training, 12,000 of them for validation, and 10,000 test images",
        ),
        (
            {"val_fraction": 0.1, "subset": 500},
            {},
            "500 of 60,000 training, 50 of them for validation, and 10,000 test images",
        ),
        ({}, {"val": 70}, "60,000 training, 70 validation (val/) and 10,000 test images"),
    ],
)
def test_held_out_images_are_told_from_those_trained_on(
    section: dict[str, Any], facts: dict[str, Any], expected: str
) -> None:
    """Images of a part of the training images are named; those of a folder are counted beside."""
    written = {"data": {"name": "mnist", **section}, "model": {"name": "lenet"}}
    study = Study(name="s", written=written, baseline=resolve(written), seeds=(0,))
    assert expected == image_counts(plan(study, resolve), FACTS.model_copy(update=facts))


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ([{"name": "image_folder", "path": "../my/glyphs/"}], ["glyphs"]),
        ([{"name": "image_folder", "path": "."}, {"name": "cifar10"}], ["image_folder", "cifar10"]),
        ([{"name": "image_table", "table": "cells/labels.csv"}], ["labels.csv"]),
        ([{"name": "shapes.data:Shapes", "path": "there"}], ["Shapes"]),
        (
            [{"name": "image_folder", "path": path} for path in ("old/glyphs", "new/glyphs")],
            ["glyphs (path old/glyphs)", "glyphs (path new/glyphs)"],
        ),
        (
            [{"name": "image_folder", "path": "glyphs", "image_size": side} for side in (32, 64)],
            ["glyphs (image_size 32)", "glyphs (image_size 64)"],
        ),
    ],
)
def test_data_sets_are_named_by_folder_or_class(
    sections: list[dict[str, Any]], expected: list[str]
) -> None:
    """Published ones by their name; those of one name by the settings that differ, too."""
    assert expected == list(data_set_names(dict(zip("ab", sections, strict=False))).values())
