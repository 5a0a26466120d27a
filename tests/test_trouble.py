"""What a user sees when something is wrong: with a trial, with the input, with the data."""

import time
from pathlib import Path

import pandas as pd
import pytest
import tiny


def test_a_trial_that_diverges_is_reported_and_costs_only_itself(tmp_path: Path) -> None:
    """An exploding variant keeps its row and its reason; the rest is done; the exit code is 2."""
    text = tiny.STUDY.replace("model.norm: [batch, none]", "optimizer.lr: [0.05, 1.0e+30]")
    text = text.partition("claims:")[0]
    code, _, err = tiny.call("run", tiny.write(tmp_path, text), "--seeds", 1, cwd=tmp_path)
    rows = pd.read_csv(tmp_path / "results/tiny/results.csv").set_index("variant")
    assert 2 == code
    assert "1 of 2 trials failed" in err
    assert "done" == rows.loc["baseline", "status"]
    assert "diverged" == rows.loc["lr=1e+30", "status"]
    assert "The loss became" in rows.loc["lr=1e+30", "error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml: no such file."),
        (["run", "nostudy"], "nostudy: unknown study 'nostudy'."),
        (["run", "tiny.yaml", "--set", "training.epochs=x"], "expected a whole number"),
        (["run", "tiny.yaml", "--device", "tpu"], "--device tpu: this machine has no such device."),
        (["run", "tiny.yaml", "--executor", "x"], "--executor x: unknown executor 'x'."),
        (["run", "tiny.yaml", "--bogus"], "No such option: --bogus"),
        (["plan", "tiny.yaml", "--only", "x"], "--only x: unknown variant 'x'."),
        (["report", "tiny", "--results", "."], "no such study was run."),
        (["list", "model"], "unknown table 'model'. Did you mean 'models'?"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_1(
    tmp_path: Path, words: list[str], said: str
) -> None:
    """No traceback for a user's mistake."""
    tiny.write(tmp_path)
    code, _, err = tiny.call(*words, cwd=tmp_path)
    assert 1 == code
    assert said in err
    assert "Traceback" not in err


def test_missing_data_names_places_and_command(tmp_path: Path) -> None:
    """A run without its data says where it looked and how to get it."""
    study = tiny.write(tmp_path, tiny.STUDY.replace("fashion_mnist_sample", "cifar10"))
    code, _, err = tiny.call("run", study, "--data", tmp_path / "here", cwd=tmp_path)
    assert 1 == code
    assert str(tmp_path / "here") in err
    assert "cnn-ablate data fetch cifar10" in err


def test_help_is_fast(tmp_path: Path) -> None:
    """`--help` imports neither torch nor pandas."""
    tiny.call("--help", cwd=tmp_path)
    began = time.perf_counter()
    code, out, _ = tiny.call("--help", cwd=tmp_path)
    assert 0 == code
    assert "run" in out
    assert time.perf_counter() - began < 1.0
