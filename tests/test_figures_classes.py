"""Figures of classes: variants with classes of their own, odd names, and no confusion at all."""

import pandas as pd
import pytest

from cnn_ablate.report.figures import FIGURES
from support import fake_study
from support.report_data import context_of

CLASSES = ("cat", "dog", "owl", "ox")


def context(folder, **study):
    """Return the report context of a fake study."""
    return context_of(fake_study.publish(folder, fake_study.FakeStudy(**study)))


OWN = [name for name in FIGURES if FIGURES[name].section == "Classes"]


@pytest.mark.parametrize("classes", [("ox", "yak", "zebu"), ("yak", "zebu")])
def test_variants_may_have_different_classes(tmp_path, classes):
    """Each variant is drawn with its own classes, and compared on those that it shares."""
    size = {"variants": 4, "seeds": 2, "images": 120, "epochs": 4}
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**size, classes=CLASSES))
    other = fake_study.publish_again(
        study, "attention=none", fake_study.FakeStudy(**size, classes=classes)
    )
    by_name = {name: FIGURES[name].data(context_of(other)) for name in OWN}
    drawn = {name: frame for name, frame in by_name.items() if frame is not None}

    for name, frame in drawn.items():
        assert FIGURES[name].figure(frame).axes
        assert "nan" not in FIGURES[name].caption(context_of(other), frame)
        assert "nan" not in FIGURES[name].alt(frame)
    confused = pd.concat([drawn["confusion"], drawn["confusion_rest"]])
    confused = confused.groupby("variant")["true"].unique()
    assert [*CLASSES] == [*confused["baseline"]]
    assert [*classes] == [*confused["attention=none"]]
    compared = drawn["per_class_difference"].groupby("variant")["class"].unique()
    assert ["ox"] * ("ox" in classes) == [*compared.get("attention=none", [])]


@pytest.mark.parametrize("classes", [("0", "1", "2", "3"), ("NA", "null", "01", "True")])
def test_classes_keep_the_names_of_the_data(tmp_path, classes):
    """Class names that pandas could parse as numbers, booleans or missing values stay strings."""
    size = {"variants": 2, "seeds": 2, "images": 40, "epochs": 2}
    study = context(tmp_path, **size, classes=classes)
    by_name = {name: FIGURES[name].data(study) for name in OWN}
    drawn = {name: frame for name, frame in by_name.items() if frame is not None}

    assert all(FIGURES[name].figure(frame).axes for name, frame in drawn.items())
    assert [*classes] == [*by_name["confusion"]["true"].unique()]
    assert {*classes} == {*by_name["per_class"]["class"]}


def test_nothing_is_compared_where_no_class_is_shared(tmp_path):
    """A study of two data sets without a common class has no differences to draw."""
    size = {"variants": 2, "seeds": 2, "images": 40, "epochs": 2}
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**size, classes=CLASSES))
    other = fake_study.publish_again(
        study, "batch_norm=false", fake_study.FakeStudy(**size, classes=("yak", "zebu"))
    )

    for name in ("per_class_difference", "confusion_difference"):
        assert FIGURES[name].data(context_of(other)) is None


def test_a_perfect_network_has_no_confusions(tmp_path):
    """With many classes empty cells are dropped, except on the diagonal."""
    classes = tuple(f"class {number}" for number in range(21))
    study = context(tmp_path, variants=2, seeds=1, images=42, epochs=1, classes=classes)
    frame = FIGURES["confusion"].data(study)
    right = frame[frame["true"] == frame["predicted"]].assign(share=100.0)

    assert FIGURES["confusion"].figure(right).axes
    assert FIGURES["confusion"].alt(right).endswith("No image was misclassified.")
