"""`export`: the tables of a study for other programs."""

import shutil
from pathlib import Path
from unittest.mock import Mock

import pandas as pd
import pytest
from typer.testing import Result

from cnn_ablate.cli.commands.export import FORMATS
from support import fake_study
from test_cli import call


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of an invented study."""
    root = tmp_path_factory.mktemp("results")
    fake_study.publish(root, fake_study.FakeStudy(variants=3, seeds=2, images=200, failed=1))
    return root


def test_csv_and_json_hold_the_same(results: Path, tmp_path: Path) -> None:
    """The file extension selects the format; numbers keep all digits."""
    for name in ("t.csv", "t.json"):
        said = call("export", "made_up", "-o", tmp_path / "new" / name, "--results", results)
        assert f"trials: {tmp_path / 'new' / name} (6 rows)\n" == said.output
    one = pd.read_csv(tmp_path / "new/t.csv", keep_default_na=False)
    other = pd.read_json(tmp_path / "new/t.json")
    assert list(one["trial"]) == list(other["trial"])
    assert list(one["test_accuracy"][:5].astype(float)) == list(other["test_accuracy"][:5])
    assert ["t.csv", "t.json"] == sorted(path.name for path in (tmp_path / "new").iterdir())


def test_two_exports_to_one_file(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writes its own temporary file: the last one is kept, and none fails."""
    path, publish, others = tmp_path / "t.csv", Path.replace, iter(["epochs"])

    def write(table: str) -> Result:
        return call("export", "made_up", "-o", path, "--table", table, "--results", results)

    def publish_after_another(draft: Path, file: Path) -> Path:
        for table in others:
            assert 0 == write(table).exit_code
        return publish(draft, file)

    monkeypatch.setattr(Path, "replace", publish_after_another)
    assert 0 == write("classes").exit_code
    assert "precision" in pd.read_csv(path)
    assert [path] == [*tmp_path.iterdir()]


def test_the_ablation_table_is_the_one_for_papers(results: Path, tmp_path: Path) -> None:
    """As LaTeX, Markdown, HTML and text; its numbers as CSV."""
    title = "**What normalisation, shortcuts and attention buy a small CNN**"
    starts = {
        "tex": "% The ablation table of the study made",
        "md": f"{title}\n\n| | Accuracy (%) | Effect (points) | p |",
        "html": "<!DOCTYPE html>",
        "txt": "Variant  ",
        "csv": "variant,change,accuracy,effect,p,parameters,macs,verdict,remark\n",
    }
    for extension, start in starts.items():
        path = tmp_path / f"t.{extension}"
        said = call("export", "made_up", "-o", path, "--table", "ablation", "--results", results)
        assert f"ablation: {path} (3 rows)\n" == said.output
        text = path.read_text(encoding="utf-8")
        assert text.startswith(start)
        assert text.endswith("\n")
        assert "batch_norm" in text.replace("\\_", "_")
        assert ("In round brackets: the values of the two seeds" in text) == (extension != "csv")


def test_raw_columns_are_no_table_of_a_paper(results: Path, tmp_path: Path) -> None:
    """The message names the table that is."""
    path = tmp_path / "t.tex"
    said = call("export", "made_up", "-o", path, "--table", "effects", "--results", results)
    assert str(said.exception) == (
        "--format latex: is for the table of a paper, not for effects. --table ablation has it; "
        "the raw columns are written as csv, json or parquet."
    )


def test_parquet(results: Path, tmp_path: Path) -> None:
    """Every table is the same after writing and reading Parquet."""
    pytest.importorskip("pyarrow")
    for table in ("trials", "epochs", "confusion"):
        path = tmp_path / f"{table}.parquet"
        call("export", "made_up", "-o", path, "--table", table, "--results", results)
        assert len(pd.read_parquet(path))


def test_parquet_without_its_package(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the missing package and the command that installs it."""
    monkeypatch.setattr(pd.DataFrame, "to_parquet", Mock(side_effect=ImportError))
    said = call("export", "made_up", "-o", tmp_path / "t.parquet", "--results", results)
    assert (
        "--format parquet: needs the package pyarrow. "
        "Install it with: pip install 'cnn-ablate[parquet]'"
    ) == str(said.exception)
    assert [] == [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "t.xml"], f"--format xml: unknown format 'xml'. Known: {', '.join(FORMATS)}."),
        (["-o", "t"], f"--format: unknown format ''. Known: {', '.join(FORMATS)}."),
        (["-o", "t.csv", "--table", "epoch"], "--table epoch: unknown table 'epoch'. Did you mean"),
    ],
)
def test_what_cannot_be_exported(results: Path, words: list[str], said: str) -> None:
    """The messages for unknown formats and tables list the known ones."""
    fault = call("export", "made_up", *words, "--results", results).exception
    assert str(fault).startswith(said)


def test_committed_studies_need_no_trials(tmp_path: Path) -> None:
    """In a fresh clone, tables are exported and the report is written, also for LaTeX."""
    committed = Path(__file__).parents[1] / "results" / "fashion_lr"
    shutil.copytree(committed, tmp_path / "results" / "fashion_lr")
    folder, path = ("--results", tmp_path / "results"), tmp_path / "t.csv"
    said = call("export", "fashion_lr", "--table", "effects", "-o", path, *folder)
    assert f"effects: {path} (18 rows)\n" == said.output
    effects = pd.read_csv(path)
    assert {"low_family", "images_low"} <= set(effects)
    assert effects["mcnemar_p"].notna().equals(effects["seeds"] > 0)
    said = call("report", "fashion_lr", "--latex", *folder, "--reports", tmp_path / "reports")
    written = tmp_path / "reports" / "fashion_lr" / "report"
    assert f"Report: {written}.html\nLaTeX:  {written}.tex\n" == said.output
    assert written.with_suffix(".tex").is_file()
