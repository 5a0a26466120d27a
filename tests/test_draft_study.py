"""`init --from` drafts a study from a table, which `import` then takes."""

from pathlib import Path

import pytest

from cnn_ablate import import_results, load_study
from cnn_ablate.errors import UserError
from cnn_ablate.external.draft_study import draft_study
from cnn_ablate.external.foreign_table import read_table
from support.cli_study import call
from test_import_errors import GOOD

DRAFT = """\
study: mine
title: What do lr, norm contribute?
trainer: external  # trained elsewhere; `cnn-ablate import` takes the results
baseline:
  lr: 0.01
  norm: batch
factors:
  lr: [0.01, 0.1]
  norm: [batch, none]
design: one_at_a_time
seeds: 2
"""
FULL = "".join(
    f"{a},{b},{seed},{0.5 + seed / 100 + a / 10}\n" for a in (0, 1) for b in "xy" for seed in (3, 5)
)


def drafted(folder: Path, text: str, baseline: dict[str, str] | None = None) -> str:
    """Return the draft of a study of a table."""
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return draft_study(read_table(folder / "t.csv"), "mine", baseline or {}).text


def test_columns_that_vary_are_factors(tmp_path: Path) -> None:
    """The baseline is what is most frequent; a table of single changes is one at a time."""
    assert DRAFT.replace("norm: [batch, none]", 'norm: [batch, "none"]') == drafted(tmp_path, GOOD)


def test_two_commands_lead_to_a_report(tmp_path: Path) -> None:
    """The draft takes the table that it was made from."""
    (tmp_path / "runs.csv").write_text(GOOD, encoding="utf-8")
    assert 0 == call("init", "mine.yaml", "--from", "runs.csv", cwd=tmp_path)[0]

    study = load_study(tmp_path / "mine.yaml")
    tables = import_results(study, tmp_path / "runs.csv", results=tmp_path / "results")

    assert 6 == len(tables["trials"])
    assert ["lr=0.1", "norm=none"] == list(tables["effects"]["variant"])


def test_a_full_grid_is_factorial(tmp_path: Path) -> None:
    """Seeds are listed unless they count from 0, and a metric of its own is described."""
    text = drafted(tmp_path, f"a,b,seed,dev_acc\n{FULL}", {"b": "y"})
    assert "design: factorial\nseeds: [3, 5]\nmetric: dev_acc\n" in text
    assert "  dev_acc: {better: higher, unit: fraction}\n" in text
    assert "  b: [y, x]" in text.replace('"', "")


def test_names_of_variants_are_a_factor(tmp_path: Path) -> None:
    """A table that only names its variants has one factor."""
    text = drafted(tmp_path, "variant,seed,test_accuracy\nfull,0,.9\nplain,0,.8\n")
    assert "factors:\n  variant: [full, plain]\n" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,test_accuracy\n1,.5\n", "has no column 'seed'"),
        ("a,seed,test_accuracy\n1,0,.5\n1,1,.6\n", "no column varies that is not a metric"),
        ("a,seed\nx,0\ny,0\n", "no column is a metric"),
        ("a,seed,test_accuracy\n1,one,.5\n", "a seed is no whole number"),
    ],
)
def test_what_is_no_table_of_trials(tmp_path: Path, text: str, message: str) -> None:
    """One sentence says what is missing."""
    with pytest.raises(UserError, match=message):
        drafted(tmp_path, text)
