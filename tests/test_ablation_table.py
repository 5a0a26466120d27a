"""The ablation table: one row per variant, and the same rows in every format."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.report import render_templates
from cnn_ablate.report.ablation_formats import ABLATION_FORMATS, plain_text
from cnn_ablate.report.ablation_latex import latex
from cnn_ablate.report.ablation_table import AblationRow, AblationTable, ablation_table
from cnn_ablate.report.escaping import spreadsheet
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.stats import t_interval
from cnn_ablate.store import Results, read
from support import fake_study
from support.report_data import context_of

CLASSES = ("cat", "dog", "owl", "ox")
SIZE = {"variants": 5, "seeds": 6, "images": 400, "epochs": 3, "classes": CLASSES}
COMMITTED = Path(__file__).parents[1] / "results"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A small study that is complete."""
    return fake_study.publish(tmp_path_factory.mktemp("results"), fake_study.FakeStudy(**SIZE))


def rows(context: ReportData) -> dict[str, AblationRow]:
    """Return the rows of the table by variant."""
    return {row.variant: row for row in ablation_table(context).rows}


def test_a_row_has_accuracy_effect_and_decision(results: Results) -> None:
    """Accuracy with its t interval, the effect with that of its family, and p adjusted."""
    context = context_of(results)
    row, effect = rows(context)["batch_norm=false"], context.effects[0]
    own = results.trials.loc[results.trials["variant"] == row.variant, "test_accuracy"]
    low, high = t_interval(100 * own.to_numpy())

    assert row.accuracy.value == pytest.approx(100 * own.mean())
    assert row.interval == f"[{low:.1f}, {high:.1f}]"
    assert row.half_width == f"{(high - low) / 2:.1f}"
    assert row.effect.value == effect.difference
    assert row.p.value == effect.p_adjusted
    assert (row.label, row.verdict) == ("batch_norm off", "costs")
    assert effect.low_family is not None
    assert effect.low_family < effect.high_family < 0


def test_only_levels_that_differ_are_marked(results: Results) -> None:
    """The reference shows all of its levels, a variant those that it moves, as written."""
    table = ablation_table(context_of(results))
    by_variant = {row.variant: row.marks for row in table.rows}
    moved = {name: [m.text for m in marks if m.moved] for name, marks in by_variant.items()}

    assert table.components == ("batch_norm", "residual", "attention")
    assert [mark.text for mark in by_variant["baseline"]] == ["true", "true", "cbam"]
    assert moved["baseline"] == []
    assert moved["batch_norm=false"] == ["false"]
    assert moved["attention=se"] == ["se"]
    assert {row.label for row in table.rows} >= {"attention: cbam \N{RIGHTWARDS ARROW} se"}


def test_two_seeds_show_their_values(tmp_path: Path) -> None:
    """Two numbers have no interval."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(**{**SIZE, "seeds": 2}))
    context = context_of(study)
    row = rows(context)["batch_norm=false"]
    own = study.trials.loc[study.trials["variant"] == row.variant, "test_accuracy"]

    assert row.interval == f"({', '.join(f'{100 * value:.1f}' for value in own)})"
    assert re.fullmatch(
        r"\([+\N{MINUS SIGN}]\d+\.\d, [+\N{MINUS SIGN}]\d+\.\d\)", row.effect_interval
    )
    assert (row.verdict, row.p.text) == ("not tested", "")


def test_failures_stand_beside_the_numbers(results: Results) -> None:
    """A variant of which all trials failed keeps its row."""
    trials = results.trials.copy()
    lost = trials["variant"] == "residual=false"
    trials.loc[lost, ["status", "test_accuracy"]] = ["diverged", None]
    failed = replace(results, trials=trials.astype({"test_accuracy": float}))
    row = rows(context_of(failed))["residual=false"]

    assert row.remark == "6 of 6 seeds failed"
    assert (row.accuracy.text, row.effect.text) == ("", "")
    assert row.verdict in {"fails more", "open", "not tested"}


def test_an_effect_within_the_margin_is_none(results: Results) -> None:
    """What is shown to be within the margin is no effect; else, an undecided one is open."""
    context = context_of(results)
    for negligible, verdict in ((True, "no effect"), (False, "open")):
        update = {"decided": False, "negligible": negligible}
        effects = tuple(effect.model_copy(update=update) for effect in context.effects)
        table = ablation_table(replace(context, effects=effects))
        assert {"", verdict} == {row.verdict for row in table.rows}
        told = "two one-sided tests put it within 1 point" in " ".join(table.notes)
        assert negligible == told


def test_a_variant_is_best_only_if_it_is_decided(results: Results, tmp_path: Path) -> None:
    """One far ahead of all others is best; of a close race, or of one seed, none is."""
    ahead = {"variants": 2, "seeds": 4, "images": 400}
    clear = fake_study.publish(tmp_path / "a", fake_study.FakeStudy(**ahead))
    single = fake_study.publish(tmp_path / "b", fake_study.FakeStudy(**{**ahead, "seeds": 1}))

    assert ["baseline"] == _best(clear)
    assert [] == _best(single)
    assert [] == _best(results)


def _best(results: Results) -> list[str]:
    return [row.variant for row in ablation_table(context_of(results)).rows if row.is_best]


def committed(folder: str) -> AblationTable:
    """Return the table of a committed study."""
    from cnn_ablate.analysis import analyse  # noqa: PLC0415 - read once per test

    return ablation_table(ReportData.of(analyse(read(COMMITTED, folder))))


def test_a_contrast_that_the_audit_proved_equal_says_so() -> None:
    """Its difference is numerical noise, and no effect."""
    verdicts = {row.variant: row.verdict for row in committed("preact_cbam-cpu").rows}
    assert verdicts["attention=none"] == "same training"
    assert verdicts["weights=last"] == "identical"


@pytest.mark.parametrize("style", ABLATION_FORMATS)
def test_every_format_has_every_row(results: Results, style: str) -> None:
    """Accuracies and effects are the same everywhere."""
    table = ablation_table(context_of(results))
    text = ABLATION_FORMATS[style](table).replace("$-$", "-").replace("\N{MINUS SIGN}", "-")
    for row in table.rows:
        assert row.accuracy.text in text
        assert row.effect.text.replace("\N{MINUS SIGN}", "-") in text


@pytest.mark.parametrize("style", [*ABLATION_FORMATS, "notebook"])
@pytest.mark.parametrize(
    ("interval", "told"),
    [
        ("[0.0, +1.0]*", ": an end set to zero to agree with the test."),
        ("(+1.0, +2.0)", "In round brackets: the values of the two seeds, which have no interval."),
    ],
)
def test_marks_of_intervals_are_explained_where_they_are(
    results: Results, style: str, interval: str, told: str
) -> None:
    """A star, and round brackets in place of an interval; not in tables without them."""
    table = ablation_table(context_of(results))
    write = {**ABLATION_FORMATS, "notebook": render_templates.notebook_html}[style]
    reference, first, *_ = table.rows
    for shown, times in (("[+0.1, +1.0]", 0), (interval, 1)):
        rows = (reference, replace(first, effect_interval=shown))
        assert times == write(replace(table, rows=rows)).count(told)


def test_plain_text_fits_a_terminal(results: Results) -> None:
    """Names are wrapped where lines would be longer: nothing is cut."""
    table = ablation_table(context_of(results))
    wide, narrow = (plain_text(table, width=width) for width in (200, 74))
    assert max(map(len, narrow.splitlines())) <= 74
    assert len(wide.splitlines()) < len(narrow.splitlines())
    assert sorted(wide.split()) == sorted(narrow.split())


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX is installed")
@pytest.mark.parametrize("folder", ["fashion_lr", "cifar_cbam-cpu"])
def test_the_latex_table_compiles_and_fits(folder: str, tmp_path: Path) -> None:
    """In a usual article, it is not wider than its text by more than a character."""
    (tmp_path / "table.tex").write_text(latex(committed(folder)), encoding="utf-8")
    packages = r"\usepackage[utf8]{inputenc}\usepackage{booktabs, amssymb, graphicx}"
    paper = rf"\documentclass{{article}}{packages}\begin{{document}}\input{{table}}\end{{document}}"
    (tmp_path / "paper.tex").write_text(paper, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout[-2000:]
    assert all(
        float(width) < 8 for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt", run.stdout)
    )


def test_latex_shows_the_components_that_fit(results: Results) -> None:
    """Ticks and crosses in narrow columns, without the sections of their keys."""
    text = latex(ablation_table(context_of(results)))
    for name in ("batch\\_norm", "residual", "attention"):
        assert f" & \\rotatebox{{90}}{{{name}}}" in text
    assert "{}baseline & \\checkmark & \\checkmark & cbam & " in text
    assert "{}residual off &  & $\\times$ &  & " in text


def test_latex_has_the_intervals_of_the_other_formats(results: Results) -> None:
    """As plus-minus if all are symmetric; where one is cut at 100 %, all are as elsewhere."""
    cut = results.trials.copy()
    cut.loc[cut["variant"] == "residual=false", "test_accuracy"] = [1, 1, 1, 1, 1, 0.9]
    for trials, symmetric in ((results.trials, True), (cut, False)):
        table = ablation_table(context_of(replace(results, trials=trials)))
        text = latex(table)
        assert (len(table.rows) if symmetric else 0) == text.count(r"\pm")
        assert [symmetric] * len(table.rows) == [row.interval not in text for row in table.rows]
    [row] = [row for row in table.rows if row.variant == "residual=false"]
    assert (row.half_width, row.interval[-8:]) == ("", ", 100.0]")
    assert row.interval in render_templates.ablation_markdown(table).replace("\\", "")
    # Two values stand for no interval, and change no other row.
    two = results.trials[
        (results.trials["variant"] != "residual=false") | (results.trials["seed"] < 2)
    ]
    table = ablation_table(context_of(replace(results, trials=two)))
    assert len(table.rows) - 1 == latex(table).count(r"\pm")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+batch_norm", "'+batch_norm"),
        ("@x", "'@x"),
        ("-1.5", "-1.5"),
        ("a", "a"),
    ],
)
def test_no_cell_is_run_by_a_spreadsheet(cell: str, expected: str) -> None:
    """Texts that start as formulas do get an apostrophe; numbers do not."""
    frame = spreadsheet(pd.DataFrame({"variant": [cell], "number": [-1.0]}))
    assert [expected, -1.0] == list(frame.iloc[0])
