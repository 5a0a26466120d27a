"""Files of figures: the same bytes each time, drawn again only if needed, never half written."""

from pathlib import Path

import pytest
from fontTools import subset

from cnn_ablate.report import figure_export
from cnn_ablate.report.figure_files import draw, drop_stale, replace
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.page_content import FigureEntry
from support import fake_study
from support.report_context import context_of


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two variants, two seeds."""
    folder = tmp_path_factory.mktemp("small")
    return context_of(
        fake_study.publish(folder, fake_study.FakeStudy(variants=2, seeds=2, images=60, epochs=3))
    )


def test_drawings_are_the_same_each_time(small):
    """Drawn twice, a figure has the same bytes, as SVG and as PDF."""
    picture = FIGURES["effects"]
    frame = picture.data(small)
    first, second = picture.figure(frame), picture.figure(frame)

    assert figure_export.inline_svg(first, "effects") == figure_export.inline_svg(second, "effects")
    assert figure_export.pdf(first) == figure_export.pdf(second)


def test_fonts_of_pdfs_are_whole_and_lean(small):
    """Letters are embedded as TrueType, as publishers ask, and fontTools is left as it was."""
    before = subset.load_font
    picture = FIGURES["effects"]
    drawn = figure_export.pdf(picture.figure(picture.data(small)))

    assert b"/FontFile2" in drawn
    assert b"/Type3" not in drawn
    assert 30_000 > len(drawn)
    assert before is subset.load_font


def shown(frame, name="trials"):
    """Give a figure as the summary has it."""
    return FigureEntry(name, "Results", "Every trial", "caption", "alt", folded=False, data=frame)


def test_a_figure_is_drawn_again_only_when_its_data_change(small, tmp_path):
    """Unchanged data leave the drawing as it lies; changed data replace it."""
    frame = FIGURES["trials"].data(small)
    first = draw(shown(frame), tmp_path)
    (tmp_path / "trials.pdf").write_bytes(b"kept")

    assert first == draw(shown(frame), tmp_path)
    assert b"kept" == (tmp_path / "trials.pdf").read_bytes()

    second = draw(shown(frame.assign(accuracy=frame["accuracy"] + 1)), tmp_path)
    assert first.svg != second.svg
    assert (tmp_path / "trials.pdf").read_bytes().startswith(b"%PDF")


def test_figures_without_data_are_removed(tmp_path):
    """The figures of an earlier report do not outlive it, other files do."""
    for name in ("loss.svg", "loss.pdf", "loss.csv", "accuracy.svg", "mine.svg"):
        (tmp_path / name).touch()
    drop_stale(tmp_path, ["accuracy"])

    assert {"accuracy.svg", "mine.svg"} == {path.name for path in tmp_path.iterdir()}


def test_reports_that_are_written_at_once_are_whole(tmp_path, monkeypatch):
    """Two runs of one study end together: the file of one of them stands, and none fails."""
    page, publish, others = tmp_path / "report.html", Path.replace, iter([b"the other's"])

    def publish_after_another(draft, path):
        for payload in others:
            replace(path, payload)
        return publish(draft, path)

    monkeypatch.setattr(Path, "replace", publish_after_another)
    replace(page, b"whole")

    assert b"whole" == page.read_bytes()
    assert [page] == [*tmp_path.iterdir()]
