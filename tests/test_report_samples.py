"""Sample images in a report: their selection, predictions and drawing."""

import numpy as np
import pytest

from cnn_ablate.report import figure_export
from cnn_ablate.report.figures import FIGURES, draw_thumbnails
from support import fake_study
from support.report_data import context_of

CLASSES = ("cat", "dog", "owl", "ox")


def context(folder, **study):
    """Return the report context of a fake study."""
    return context_of(fake_study.publish(folder, fake_study.FakeStudy(**study)))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two variants, two seeds, four classes."""
    size = {"variants": 2, "seeds": 2, "images": 120, "epochs": 1, "classes": CLASSES}
    return context(tmp_path_factory.mktemp("small"), **size)


def test_sample_images_are_those_of_their_predictions(small):
    """Each image has the prediction of the reference's first seed at the same index."""
    frame = FIGURES["samples"].data(small)
    trials = small.trials.set_index(["variant", "seed"])
    predictions = small.results.predictions(trials.loc[("baseline", 0), "trial"])
    row = frame[frame["true"] != frame["predicted"]].iloc[0]
    index = row["index"]

    assert (0, 59, 24) == (frame["index"].min(), frame["index"].max(), len(frame))
    assert CLASSES[predictions.label[index]] == row["true"]
    assert CLASSES[predictions.predicted[index]] == row["predicted"]
    assert predictions.confidence[index] == row["probability"]
    assert np.array_equal(
        np.moveaxis(small.results.samples[index], 0, -1), draw_thumbnails.decoded(row["image"])
    )


def test_images_of_confused_pairs_are_of_the_first_three_pairs(small):
    """Pairs are ordered by their share, and each row is an image of its pair."""
    frame = FIGURES["confused_samples"].data(small)
    counts = small.results.confusion
    own = counts[(counts["variant"] == "baseline") & (counts["true"] != counts["predicted"])]
    summed = own.groupby(["true", "predicted"])["count"].sum().nlargest(3)
    pairs = frame.groupby(["true", "predicted"]).size()

    assert set(pairs.index) <= set(summed.index)
    assert pairs.max() <= 6
    assert frame["share"].is_monotonic_decreasing
    assert not frame["index"].duplicated().any()


@pytest.mark.parametrize("name", ["samples", "confused_samples"])
def test_without_sample_images_none_are_shown(name, tmp_path):
    """A study that kept no test images has no figure of them."""
    study = context(tmp_path, variants=2, seeds=1, images=80, epochs=1, samples=0)

    assert FIGURES[name].data(study) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["samples", "confused_samples"])
def test_grey_images_are_drawn_as_well(name, tmp_path):
    """Images of one channel are drawn without a warning."""
    study = context(tmp_path, variants=2, seeds=1, images=80, epochs=1, channels=1)
    frame = FIGURES[name].data(study)

    assert "<image" in figure_export.inline_svg(FIGURES[name].figure(frame), name)


def test_large_images_are_scaled_down():
    """A large image is scaled down to a thumbnail with the same aspect ratio."""
    photograph = np.zeros((3, 200, 400), dtype=np.uint8)

    assert (32, 64, 3) == draw_thumbnails.decoded(draw_thumbnails.encoded(photograph)).shape
