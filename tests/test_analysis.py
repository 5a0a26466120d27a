"""The analysis of a study: what it computes, writes and reads, and how often."""

from collections import Counter

import pandas as pd
import pytest

from cnn_ablate.analysis import analyse, write_analysis
from cnn_ablate.report import page_content, write
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.store import TrialFolder, read
from support import fake_study

SIZE = {"variants": 4, "seeds": 2, "images": 120, "epochs": 4, "classes": ("cat", "dog", "owl")}


@pytest.fixture
def published(tmp_path):
    """The folder of results of a small study that is complete."""
    fake_study.publish(tmp_path / "results", fake_study.FakeStudy(**SIZE))
    return tmp_path / "results"


def test_predictions_are_read_once_per_trial(published, tmp_path, monkeypatch):
    """Reading a study, analysing it and writing its report reads each predictions.npz once."""
    reads: Counter[str] = Counter()
    read_file = TrialFolder.read

    def counted(folder, name):
        if name == "predictions.npz":
            reads[folder.result.trial.id] += 1
        return read_file(folder, name)

    monkeypatch.setattr(TrialFolder, "read", counted)
    monkeypatch.setattr(page_content, "FIGURES", FIGURES)
    analysis = analyse(read(published, "made_up"))
    write_analysis(analysis)
    write(analysis, tmp_path / "reports")

    assert dict.fromkeys(analysis.results.trials["trial"], 1) == reads


def test_effects_and_verdicts_are_computed_once(published, tmp_path, monkeypatch):
    """The report shows the effects and verdicts that were written, and computes none anew."""
    analysis = analyse(read(published, "made_up"))
    write_analysis(analysis)
    for name in ("estimate_effects", "judge_claims"):
        monkeypatch.delattr(f"cnn_ablate.analysis.{name}")

    assert write(analysis, tmp_path / "reports").is_file()


def test_tables_hold_one_row_per_contrast_and_per_claim(published):
    """effects.csv and claims.csv list the contrasts of the plan and the claims of the study."""
    results = read(published, "made_up")
    write_analysis(analyse(results))
    effects, claims = (
        pd.read_csv(published / "made_up" / f"{n}.csv") for n in ("effects", "claims")
    )

    plan, study = results.record.plan, results.record.study
    assert [contrast.variant for contrast in plan.contrasts] == list(effects["variant"])
    assert [claim.id for claim in study.claims] == list(claims["claim"])
