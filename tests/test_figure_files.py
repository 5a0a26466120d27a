"""Files of figures: reproducible, drawn again only if needed, and replaced as a whole."""

from pathlib import Path

import pytest
from fontTools import subset

from cnn_ablate.report import figure_export
from cnn_ablate.report.figure_files import draw, drop_stale, replace
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.page_content import FigureEntry
from support import fake_study
from support.report_data import context_of

pytestmark = pytest.mark.usefixtures("all_figures")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two variants, two seeds."""
    folder = tmp_path_factory.mktemp("small")
    return context_of(
        fake_study.publish(folder, fake_study.FakeStudy(variants=2, seeds=2, images=60, epochs=3))
    )


def test_drawings_are_the_same_each_time(small):
    """Drawn twice, a figure has the same bytes, as SVG and as PDF."""
    spec = FIGURES["effects"]
    frame = spec.data(small)
    first, second = spec.figure(frame), spec.figure(frame)

    assert figure_export.inline_svg(first, "effects") == figure_export.inline_svg(second, "effects")
    assert figure_export.pdf(first) == figure_export.pdf(second)


def test_pdfs_embed_small_truetype_fonts(small):
    """Fonts are embedded as TrueType, as publishers require, and fontTools is restored."""
    before = subset.load_font
    spec = FIGURES["effects"]
    drawn = figure_export.pdf(spec.figure(spec.data(small)))

    assert b"/FontFile2" in drawn
    assert b"/Type3" not in drawn
    assert 30_000 > len(drawn)
    assert before is subset.load_font


def entry(frame, name="trials"):
    """Return a figure as the content of a page has it."""
    return FigureEntry(
        name, "Results", "Individual trials", "caption", "alt", folded=False, data=frame
    )


def test_a_figure_is_drawn_again_only_if_its_data_changed(small, tmp_path):
    """With unchanged data the files stay; with changed data they are replaced."""
    frame = FIGURES["trials"].data(small)
    first = draw(entry(frame), tmp_path)
    (tmp_path / "trials.pdf").write_bytes(b"kept")

    assert first == draw(entry(frame), tmp_path)
    assert b"kept" == (tmp_path / "trials.pdf").read_bytes()

    second = draw(entry(frame.assign(value=frame["value"] + 1)), tmp_path)
    assert first.svg != second.svg
    assert (tmp_path / "trials.pdf").read_bytes().startswith(b"%PDF")


def test_figures_without_data_are_removed(tmp_path):
    """Figures of an earlier report are removed, other files are not."""
    for name in ("loss.svg", "loss.pdf", "loss.csv", "accuracy.svg", "mine.svg"):
        (tmp_path / name).touch()
    drop_stale(tmp_path, ["accuracy"])

    assert {"accuracy.svg", "mine.svg"} == {path.name for path in tmp_path.iterdir()}


def test_reports_that_are_written_at_once_are_complete(tmp_path, monkeypatch):
    """If two runs write a report at once, the file of one remains, and none fails."""
    page, publish, others = tmp_path / "report.html", Path.replace, iter([b"the other's"])

    def publish_after_another(draft, path):
        for payload in others:
            replace(path, payload)
        return publish(draft, path)

    monkeypatch.setattr(Path, "replace", publish_after_another)
    replace(page, b"whole")

    assert b"whole" == page.read_bytes()
    assert [page] == [*tmp_path.iterdir()]
