"""A study whose effects are in another metric than accuracy, from its file to its tables."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from cnn_ablate.analysis import analyse
from cnn_ablate.executors import Resources
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.stats import effects_frame
from cnn_ablate.store import read
from cnn_ablate.study import read_study
from support.fast_study import STUDY, allow_fork, fork_workers

pytestmark = [allow_fork, pytest.mark.usefixtures(fork_workers.__name__)]

METRICS = """\
metric: nll
also: [macro_f1, balanced_accuracy]
metrics: {nll: {margin: 0.01}}
claims:
  - {id: calibrated, factor: model.norm, from: none, to: batch, metric: ece, effect: lower}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the study with three seeds, and return its results folder."""
    folder = tmp_path_factory.mktemp("metrics")
    path = folder / "fast.yaml"
    larger = STUDY.replace("subset: 32, test_subset: 20", "subset: 128, test_subset: 100")
    path.write_text(larger.replace("seeds: 2", "seeds: 3") + METRICS, encoding="utf-8")
    config = RunConfig(results=folder / "results", resources=Resources(workers=1), compute="eager")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.fork_server._METHOD", "fork")
        prepared = prepare(read_study(path), config)
        run(prepared, outstanding(prepared), config, lambda _: None)
    return folder / "results"


def test_effects_are_in_the_metric_of_the_study(folder: Path) -> None:
    """Others are shown beside it without a test; all have an interval over test images."""
    table = pd.read_csv(folder / "fast" / "effects.csv").set_index("metric")
    assert ["nll", "macro_f1", "balanced_accuracy"] == [*table.index]
    assert ["primary"] == [*table["family"].dropna()]
    assert table["images_low"].lt(table["images_high"]).all()
    assert "negative log-likelihood by" in table.loc["nll", "sentence"]
    assert table.loc["macro_f1", "sentence"].endswith("not tested.")


def test_metrics_of_trials_are_those_of_scikit_learn(folder: Path) -> None:
    """Only those that the study or a claim names are columns; the loss is as it was measured."""
    table = pd.read_csv(folder / "fast" / "results.csv")
    assert ["nll", "macro_f1", "balanced_accuracy", "ece"] == [
        *table.columns[
            table.columns.get_loc("peak_memory_mb") + 1 : table.columns.get_loc("device")
        ]
    ]
    assert [*table["test_loss"]] == [*table["nll"]]
    for row in table.to_dict("records"):
        with np.load(folder / "trials" / row["trial"] / "predictions.npz") as arrays:
            seen = arrays["label"], arrays["predicted"]
        present = np.unique(seen[0])
        f1 = f1_score(*seen, labels=present, average="macro", zero_division=0)
        assert row["macro_f1"] == pytest.approx(f1, abs=1e-6)
        assert row["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(*seen), abs=1e-6)


def test_a_claim_on_a_metric_of_predictions_is_judged(folder: Path) -> None:
    """In points, as its metric is a fraction."""
    [verdict] = analyse(read(folder, "fast")).verdicts
    assert "ece" not in verdict.reason
    assert verdict.measured.endswith("points")


def test_tables_without_trials_keep_what_test_images_say(folder: Path, tmp_path: Path) -> None:
    """Effects are computed anew from the tables alone, to the last digit."""
    shutil.copytree(folder / "fast", tmp_path / "fast")
    alone = analyse(read(tmp_path, "fast"))
    written = pd.read_csv(folder / "fast" / "effects.csv")
    again = effects_frame((*alone.effects, *alone.also))
    for column in ("difference", "p_adjusted", "images_low", "images_high", "low_both"):
        assert [*written[column].dropna()] == [*again[column].dropna()]
    assert [*written["sentence"]] == [*again["sentence"]]
