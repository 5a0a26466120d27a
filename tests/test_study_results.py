"""Results in programs and notebooks: tables by name, figures of the report, and the table shown."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import cnn_ablate
from cnn_ablate.errors import UserError
from cnn_ablate.report import render_templates
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.study_results import StudyResults
from support import cli_study, fake_study


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    """The results of a small study that is complete."""
    folder = tmp_path_factory.mktemp("results")
    fake_study.publish(folder, fake_study.FakeStudy(variants=3, seeds=4, images=200))
    return cnn_ablate.read_results("made_up", results=folder)


def test_a_table_is_an_attribute_and_an_item(results: StudyResults) -> None:
    """Both names lead to the same data frame, and completion offers them."""
    pd.testing.assert_frame_equal(results["effects"], results.effects)
    assert 2 == len(results.effects)
    assert set(results) <= set(dir(results))
    with pytest.raises(AttributeError, match="'StudyResults' object has no attribute 'effect'"):
        _ = results.effect


def test_a_notebook_shows_the_ablation_table(results: StudyResults) -> None:
    """The HTML has the cells of the printed table, in a part of a page without a style sheet."""
    shown = results._repr_html_()
    text = html.unescape(re.sub(r"<[^>]+>", "\n", shown))
    cells = [line.strip() for line in text.splitlines() if line.strip()]

    for line in repr(results).splitlines():
        name, accuracy = re.split(r"  +", line)[:2]
        at = cells.index(name)
        assert accuracy.startswith(cells[at + 1]), line
    assert shown.lstrip().startswith("<table>")
    assert [] == re.findall("<style|<script|class=|<html", shown)


def test_no_name_is_read_as_html(results: StudyResults, tmp_path: Path) -> None:
    """A title or a level with the signs of an element is shown as it is written."""
    path = cli_study.write(tmp_path, cli_study.STUDY.replace("Does a", "Is a<b></b>"))
    study = cnn_ablate.load_study(path)
    table = replace(results._table, title=study.title)

    for shown in (study._repr_html_(), render_templates.notebook_html(table)):
        assert "Is a&lt;b&gt;&lt;/b&gt; tiny" in shown


def test_a_figure_of_the_report_is_drawn_by_its_name(results: StudyResults) -> None:
    """The figure of effects names the variants that are compared."""
    [axes] = [a for a in results.figure("effects").axes if a.get_yticklabels()][:1]
    labels = " ".join(label.get_text() for label in axes.get_yticklabels())

    assert "batch_norm" in labels


def test_a_figure_that_is_not_there_is_refused_in_one_sentence(results: StudyResults) -> None:
    """An unknown name is answered with all names; so is one without data."""
    with pytest.raises(UserError) as unknown:
        results.figure("effect")
    with pytest.raises(UserError) as empty:
        results.figure("main_effects")

    names = ", ".join(sorted(FIGURES))
    expected = "figure('effect'): unknown figure 'effect'. Did you mean 'effects'?"
    assert f"{expected} Known: {names}." == str(unknown.value)
    assert "figure('main_effects'): this study has nothing to draw in it." == str(empty.value)


def test_a_notebook_shows_the_factors_of_a_study() -> None:
    """Title, seeds, and the levels of each factor."""
    study = cnn_ablate.load_study("demo")
    shown = study._repr_html_()

    assert all(f'<th scope="row">{factor.name}</th>' in shown for factor in study.factors)
    assert html.escape(study.title) in shown
