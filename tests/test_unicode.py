"""Class names in any script, from the folder to the report."""

from pathlib import Path

import pytest

from cnn_ablate import report
from cnn_ablate.analysis import analyse
from cnn_ablate.report import page_content
from cnn_ablate.report.figures import FIGURES
from support import fake_study
from support.fake_study import FakeStudy

pytestmark = pytest.mark.usefixtures("all_figures")

NAMES = ("猫", "собака", "éléphant")


def test_a_report_shows_them_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No warning about missing glyphs: the browser falls back to another font."""
    monkeypatch.setattr(page_content, "FIGURES", {"confusion": FIGURES["confusion"]})
    results = fake_study.publish(tmp_path, FakeStudy(variants=2, seeds=2, images=90, classes=NAMES))

    page = report.write(analyse(results), tmp_path / "reports").read_text(encoding="utf-8")

    assert all(name in page for name in NAMES)
