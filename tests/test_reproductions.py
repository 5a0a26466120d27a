"""The committed results of the papers' studies, and the pages that are generated from them."""

import json
import re
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.claims import EXACT, WORDS
from cnn_ablate.store import parse_record

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
sys.path.append(str(ROOT / "docs"))
PAGES = runpy.run_path(str(ROOT / "docs" / "make_reproductions.py"))
RUNS = runpy.run_path(str(ROOT / "docs" / "committed_runs.py"))
FOLDERS = RUNS["FOLDERS"]
renewed = runpy.run_path(str(ROOT / "docs" / "refresh_tables.py"))["renewed"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_results_are_of_the_committed_study(folder: str) -> None:
    """The study file still plans the trials in the tables, with the same settings and data."""
    record = parse_record((RESULTS / folder / "study.json").read_bytes())
    now = renewed(record)
    trials = pd.read_csv(RESULTS / folder / "results.csv")

    assert [trial.id for trial in record.plan.trials] == [trial.id for trial in now.plan.trials]
    assert set(trials["trial"]) <= {trial.id for trial in now.plan.trials}
    assert {"done"} == set(trials["status"])
    claims = pd.read_csv(RESULTS / folder / "claims.csv")
    assert [claim.id for claim in now.study.claims] == list(claims["claim"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_records_contain_no_absolute_path(folder: str) -> None:
    """The record contains no absolute path."""
    text = (RESULTS / folder / "study.json").read_text(encoding="utf-8")

    assert json.loads(text)["command"].startswith("cnn-ablate run ablations/")
    assert not re.findall(r'[" =](?:/|~|[A-Z]:)[\w.]+', text)


@pytest.mark.parametrize("folder", FOLDERS)
def test_checksums_are_of_kept_tables_only(folder: str) -> None:
    """A run would write tables anew whose checksums name a file that is not kept."""
    lines = (RESULTS / folder / "SUMS").read_text(encoding="utf-8").splitlines()

    assert {".csv"} == {Path(line.split()[1]).suffix for line in lines}


@pytest.mark.parametrize("folder", FOLDERS)
def test_reports_show_no_test_images(folder: str) -> None:
    """Reports contain no test images: most data sets must not be redistributed."""
    report = ROOT / "reports" / folder

    assert 'download="samples.csv"' not in (report / "report.html").read_text(encoding="utf-8")
    assert not list((report / "figures").glob("*samples*"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_committed_verdicts_say_no_more_than_their_numbers(folder: str) -> None:
    """A reduced budget decides nothing, and a number that is reproduced is in its interval."""
    rows = pd.read_csv(RESULTS / folder / "claims.csv", keep_default_na=False)
    record = parse_record((RESULTS / folder / "study.json").read_bytes())

    assert set(rows["verdict"]) <= set(WORDS)
    for row, claim in zip(rows.itertuples(), record.study.claims, strict=True):
        if "profile" in row.condition:
            assert row.verdict not in {"reproduced", "direction only", "not reproduced"}
        if row.verdict == "reproduced" and claim.value is not None and claim.metric not in EXACT:
            low, high = map(float, re.findall(r"-?[\d.]+", row.interval))
            scale = 1 if claim.compares else 100
            ends = (claim.size, claim.size) if claim.compares else claim.bounds
            assert low <= scale * ends[0] <= scale * ends[1] <= high


@pytest.mark.parametrize("page", PAGES["PAGES"], ids=lambda path: path.name)
def test_the_pages_are_up_to_date(page: Path) -> None:
    """The generated parts of the pages match the committed tables."""
    text = page.read_text(encoding="utf-8")

    assert PAGES["written"](text) == text


def test_claims_stated_after_their_data_are_marked_and_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quote counts with a mark; a claim of one's own is in a table of its own, not counted."""
    run = RUNS["Run"]("fashion_lr")
    by_quote = {claim.quote: claim for claim in run.record.study.claims}
    usual, quoted, own = list(by_quote.values())[:3]
    for claim, when in ((quoted, "added after"), (own, "changed after")):
        late = run.verdicts[claim.id].model_copy(update={"stated": when})
        run.verdicts[claim.id] = late
    claims = (usual, quoted, own.model_copy(update={"quote": ""}))
    names = PAGES["claims"].__globals__
    monkeypatch.setitem(names, "answers", lambda _: [RUNS["Answer"](c, run) for c in claims])
    monkeypatch.setitem(names, "studies", lambda: {"fashion_lr": [run]})
    counted, _, apart = "\n".join(PAGES["claims"]("fashion_lr")).partition("not counted:")

    assert (
        "No log shows whether the claims were chosen before the results, unless marked." in counted
    )
    assert (1, 1) == (counted.count("(added after)"), apart.count("(changed after)"))
    assert (2, 1) == (counted.count("\n| “"), apart.count(own.id))
    rows = [row.split(" | ") for row in PAGES["summary"]("") if row.startswith("| `")]
    assert 2 == sum(int(row[2]) for row in rows)


def test_make_reproduces_all_committed_results() -> None:
    """`make reproduce` has one line per folder of results, and no other."""
    lines = re.findall(
        r"cnn-ablate run ablations/(\w+)\.yaml(?:.* --profile (\w+))?",
        (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nreproduce:")[2],
    )

    assert sorted(FOLDERS) == sorted("-".join(filter(None, line)) for line in lines)
