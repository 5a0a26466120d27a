"""Figures: their data against values by hand, and the contract of every figure of the table."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.report import figure_export, formatting
from cnn_ablate.report.figure_style import ACCENT, INK, WARM
from cnn_ablate.report.figures import (
    FIGURES,
    accuracy_vs_cost,
    draw_heatmap,
    epochs_to_accuracy,
    reliability,
)
from cnn_ablate.store import Predictions
from support import fake_study
from support.report_data import context_of

CLASSES = ("cat", "dog", "owl", "ox")
NAMES = list(FIGURES)


def context(folder, **study):
    """Return the report context of a fake study."""
    return context_of(fake_study.publish(folder, fake_study.FakeStudy(**study)))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Four variants, two seeds, four classes."""
    size = {"variants": 4, "seeds": 2, "images": 120, "epochs": 4, "classes": CLASSES}
    return context(tmp_path_factory.mktemp("small"), **size)


@pytest.fixture(scope="module")
def data(tmp_path_factory, small):
    """Per figure, a study that has data for it, and these data."""
    size = {"seeds": 2, "images": 80, "epochs": 4, "classes": CLASSES}
    many = context(tmp_path_factory.mktemp("many"), variants=14, **size)
    crossed = context(tmp_path_factory.mktemp("crossed"), factorial=True, **size)
    trials = many.results.trials
    sizes = trials.groupby("variant").ngroup() * 1_000_000 + 1000
    sized = replace(many, results=replace(many.results, trials=trials.assign(parameters=sizes)))
    by_name = {}
    for name, spec in FIGURES.items():
        for study in (small, crossed, sized):
            frame = spec.data(study)
            if frame is not None:
                by_name[name] = study, frame
                break
    return by_name


@pytest.mark.parametrize("name", ["trials", "seconds"])
def test_figures_of_trials_are_in_the_metric_of_the_study(name, small):
    """Their values, axes and captions are those of the metric, without lines at chance."""
    nll = KNOWN_METRICS["nll"].metric
    record = small.results.record
    study = record.study.model_copy(update={"metric": nll})
    trials = small.results.trials.assign(nll=0.25)
    changed = {"record": record.model_copy(update={"study": study}), "trials": trials}
    context = replace(small, results=replace(small.results, **changed))
    frame = FIGURES[name].data(context)
    labels = [
        f"{axes.get_xlabel()} {axes.get_ylabel()}" for axes in FIGURES[name].figure(frame).axes
    ]

    assert {0.25} == set(frame["value"])
    assert "chance" not in frame
    assert any(nll.value_label in label for label in labels)
    assert "ccuracy" not in f"{labels} {FIGURES[name].caption(context, frame)}"


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_data_texts_and_a_drawing(name, data):
    """A figure has data, a caption that names the seeds, an alt text, and a drawing."""
    study, frame = data[name]
    spec = FIGURES[name]

    assert len(frame)
    assert "seed" in spec.caption(study, frame)
    assert len(spec.alt(frame)) > 20
    assert spec.figure(frame).axes


@pytest.mark.parametrize("name", NAMES)
def test_every_drawing_takes_the_colours_of_the_page(name, data):
    """The inline SVG is well-formed, without placeholder colours, and its ids have its prefix."""
    drawing = figure_export.inline_svg(FIGURES[name].figure(data[name][1]), name)

    root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
    assert "{http://www.w3.org/2000/svg}svg" == root.tag
    assert not any(colour in drawing for colour in (INK, ACCENT, WARM))
    assert "currentColor" in drawing
    assert all(id_.startswith(f"{name}-") for id_ in re.findall(r' id="([^"]*)"', drawing))


@pytest.mark.parametrize("name", NAMES)
def test_no_figure_is_drawn_without_data(name, tmp_path):
    """If no trial is done, the figure is left out, but for one of training images."""
    nothing = context(tmp_path, variants=2, seeds=2, images=20, epochs=2, missing=4)

    assert (name == "training_images") == (FIGURES[name].data(nothing) is not None)


def test_one_seed_draws_effects_without_intervals(tmp_path):
    """With one seed a contrast has a difference, but no interval."""
    study = context(tmp_path, variants=3, seeds=1, images=40, epochs=1, classes=CLASSES)
    frame = FIGURES["effects"].data(study)

    assert 2 == len(frame)
    assert frame["difference"].notna().all()
    assert frame["low"].isna().all()
    assert FIGURES["effects"].figure(frame).axes


def test_accuracy_of_a_class_is_the_mean_over_seeds(small):
    """A cell of the heat map is the mean accuracy on that class over seeds, in per cent."""
    frame = FIGURES["per_class"].data(small).set_index(["variant", "class"])
    classes = small.results.classes
    cats = classes[(classes["variant"] == "baseline") & (classes["class"] == "cat")]

    assert (
        pytest.approx(100 * cats["accuracy"].mean()) == frame.loc[("baseline", "cat"), "accuracy"]
    )


def test_a_class_without_test_images_has_empty_cells_and_is_not_the_lowest(small):
    """Earlier versions wrote zeros for it."""
    classes = small.results.classes.copy()
    absent = classes["class"] == "cat"
    classes.loc[absent, ["n", "accuracy"]] = 0
    study = replace(small, results=replace(small.results, classes=classes))
    spec = FIGURES["per_class"]
    frame = spec.data(study)

    assert frame.loc[frame["class"] == "cat", "accuracy"].isna().all()
    assert spec.figure(frame).axes
    assert "lowest accuracy in baseline is cat" not in spec.caption(study, frame)


@pytest.mark.parametrize(
    ("better", "expected"),
    [
        ((), ""),
        (("owl", "ox"), "The classes with the lowest accuracy in baseline are cat and dog."),
        (("dog", "owl", "ox"), "The class with the lowest accuracy in baseline is cat."),
    ],
)
def test_classes_that_tie_for_the_lowest_accuracy_are_all_named(small, better, expected):
    """Or none, where all are equal; other variants do not count."""
    classes = small.results.classes
    accuracy = 0.5 + 0.1 * classes["class"].isin(better)
    accuracy[(classes["variant"] != "baseline") & (classes["class"] == "ox")] = 0.0
    results = replace(small.results, classes=classes.assign(accuracy=accuracy))
    study = replace(small, results=results)
    spec = FIGURES["per_class"]
    caption = spec.caption(study, spec.data(study))

    assert expected in caption
    assert ("lowest" in caption) == bool(expected)


def test_difference_of_a_class_is_paired_by_seed(tmp_path):
    """A seed that the reference lacks is not used."""
    study = context(tmp_path, variants=2, seeds=2, images=80, epochs=2, missing=1, classes=CLASSES)
    frame = FIGURES["per_class_difference"].data(study).set_index("class")
    classes = study.results.classes
    first = classes[(classes["seed"] == 0) & (classes["class"] == "ox")].set_index("variant")

    expected = 100 * (first.loc["batch_norm=false", "accuracy"] - first.loc["baseline", "accuracy"])
    assert pytest.approx(expected) == frame.loc["ox", "difference"]


def test_confusions_are_shares_of_the_true_class(small):
    """Rows of a confusion matrix sum to 100 per cent, and its counts to the number of images."""
    frame = FIGURES["confusion"].data(small)
    rows = frame.groupby(["variant", "true"])["share"].sum()

    assert np.allclose(100, rows)
    assert 2 * 120 == frame.loc[frame["variant"] == "baseline", "count"].sum()
    assert "baseline" == frame["variant"].iloc[0]


def test_differences_of_confusions_sum_to_zero(small):
    """Differences of confusions sum to zero in each row."""
    frame = FIGURES["confusion_difference"].data(small)

    assert np.allclose(0, frame.groupby(["variant", "true"])["difference"].sum())
    assert "baseline" not in set(frame["variant"])


def test_confused_pairs_are_of_two_classes(small):
    """The most frequent confusions come first, and no class is confused with itself."""
    frame = FIGURES["confused_pairs"].data(small)
    means = frame.groupby("pair", sort=False)["share"].mean()

    assert (frame["true"] != frame["predicted"]).all()
    assert means.is_monotonic_decreasing


def test_pareto_front():
    """Points of the Pareto front are dominated by no other; of equal points all are kept."""
    costs = pd.Series([1, 1, 2, 3, 3])
    values = pd.Series([0.5, 0.4, 0.5, 0.6, 0.6])

    assert [True, False, False, True, True] == accuracy_vs_cost.front(costs, values)


def test_calibration_error_by_hand():
    """Half of the images at 0.9 and always right, half at 0.6 and never: (0.1 + 0.6) / 2."""
    predictions = Predictions(
        label=np.array([0, 0, 1, 1]),
        predicted=np.array([0, 0, 0, 0]),
        confidence=np.array([0.9, 0.9, 0.6, 0.6], dtype=np.float32),
    )
    bins = reliability.binned(predictions)

    assert pytest.approx(0.35) == reliability.calibration_error(bins)
    assert [2, 2] == bins.loc[bins["images"] > 0, "images"].tolist()


def test_an_accuracy_may_never_be_reached(small):
    """A trial that never reaches the accuracy has infinite epochs, and is counted."""
    frame = FIGURES["speed"].data(small)
    slow = frame.assign(epochs=[np.inf] + [2.0] * 7)

    caption = FIGURES["speed"].caption(small, slow)
    assert "1 trial never reached it" in caption
    assert f"reaches {100 * frame['accuracy'].iloc[0]:.0f} % (nine tenths of the best" in caption
    assert epochs_to_accuracy.draw(slow).axes


def test_equal_schedules_share_a_line(tmp_path):
    """Variants with the same schedule share a line; one with another rate has its own."""
    study = context(tmp_path, variants=8, seeds=1, images=40, epochs=3, classes=CLASSES)
    frame = FIGURES["learning_rate"].data(study)

    assert ["baseline and 6 more", "lr=0.01"] == list(frame["variants"].unique())


def test_cells_that_round_to_zero_have_no_text():
    """A difference that rounds to zero has no text; others have their sign."""
    scale = draw_heatmap.changes(10)

    assert ["+2", "\N{MINUS SIGN}3", ""] == [scale.number(value) for value in (2.4, -2.6, -0.4)]


def test_a_hundred_classes_are_drawn_without_numbers(tmp_path):
    """With a hundred classes the cells are rasterised, so that the page stays small."""
    classes = tuple(f"class {number}" for number in range(100))
    study = context(tmp_path, variants=3, seeds=1, images=400, epochs=1, classes=classes)
    frame = FIGURES["confusion"].data(study)
    drawing = figure_export.inline_svg(FIGURES["confusion"].figure(frame), "confusion")

    assert "data:image/png" in drawing
    assert len(drawing) < 300_000


def test_long_names_are_cut_in_the_middle_and_stay_different():
    """Long names are shortened, and stay different."""
    names = [f"{'a' * 40}{number}{'z' * 39}" for number in range(3)]
    cut = formatting.shortened(names)

    assert 3 == len(set(cut.values()))
    assert all(len(name) <= 56 for name in cut.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("residual=false", "residual=false"),
        ("batch_norm=false,residual=false", "batch_norm=false,\nresidual=false"),
        ("x" * 30, "x" * 28 + "\nxx"),
    ],
)
def test_long_names_take_two_lines(name, expected):
    """A long name breaks between its parts if it can."""
    assert expected == formatting.wrapped(name)


@pytest.mark.parametrize(("variants", "expected"), [(8, False), (9, True)])
def test_calibration_states_that_variants_are_left_out(tmp_path, variants, expected):
    """The caption says that variants are left out only if some are."""
    study = context(tmp_path, variants=variants, seeds=1, images=40, epochs=1, classes=CLASSES)
    frame = FIGURES["reliability"].data(study)

    assert 8 == frame["variant"].nunique()
    assert expected == ("Shown are" in FIGURES["reliability"].caption(study, frame))
