"""Errors as the user sees them: of a trial, of the input, of the program."""

import errno
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
import typer

from cnn_ablate.cli.exit_codes import run_and_exit
from support import cli_study


def test_a_trial_that_diverges_is_reported_and_the_others_are_trained(tmp_path: Path) -> None:
    """An exploding variant keeps its row and its reason; the rest is done; the exit code is 2."""
    text = cli_study.STUDY.replace("model.norm: [batch, none]", "optimizer.lr: [0.05, 1.0e+30]")
    text = text.partition("claims:")[0]
    code, _, err = cli_study.call(
        "run", cli_study.write(tmp_path, text), "--seeds", 1, cwd=tmp_path
    )
    rows = pd.read_csv(tmp_path / "results/tiny/results.csv").set_index("variant")
    assert 2 == code
    assert "1 of 2 trials failed" in err
    assert "done" == rows.loc["baseline", "status"]
    assert "diverged" == rows.loc["lr=1e+30", "status"]
    assert "The loss became" in rows.loc["lr=1e+30", "error"]


FLAT = """\
from torch import nn

class Flat(nn.Sequential):
    def __init__(self, classes: int):
        last = nn.Linear(16, classes)
        super().__init__(nn.Flatten(), nn.Linear(784, 16), nn.BatchNorm1d(16), last)
"""


def test_a_last_batch_of_one_image_is_explained(tmp_path: Path) -> None:
    """Batch normalisation needs two values: another batch size or subset helps."""
    (tmp_path / "flat.py").write_text(FLAT, encoding="utf-8")
    text = cli_study.STUDY.replace("{name: lenet, norm: batch}", "{name: 'flat:Flat'}")
    text = text.partition("factors:")[0].replace("subset: 96", "subset: 97")
    code, _, err = cli_study.call("run", cli_study.write(tmp_path, text), cwd=tmp_path)
    assert 2 == code
    assert "Choose another training.batch_size or data.subset." in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml: no such file."),
        (["run", "s\udcff.yaml"], r"'s\udcff.yaml': is not a name in UTF-8. Rename it."),
        (["run", "tiny.yaml", "--bogus"], "No such option: --bogus"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_1(
    tmp_path: Path, words: list[str], message: str
) -> None:
    """No traceback for a user's mistake."""
    cli_study.write(tmp_path)
    code, _, err = cli_study.call(*words, cwd=tmp_path)
    assert 1 == code
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (EOFError("no more"), 3, "EOFError: no more"),
        (typer.Abort(), 130, "Interrupted."),
        (ImportError("too large", path="/torch/_C.so"), 1, "/torch/_C.so: cannot be loaded: too"),
        (ImportError("no name", path="/torch/nn.py"), 3, "ImportError: no name"),
        (RuntimeError("can't start new thread"), 1, "No thread can be started. Raise their"),
        (BlockingIOError(errno.EAGAIN, "Try again"), 1, "The operating system reports: Try again."),
        (ValueError("'utf-8': surrogates not allowed"), 1, "folder is not in UTF-8. Rename it."),
        (torch.OutOfMemoryError("CUDA"), 1, "There is not enough memory."),
    ],
)
def test_faults_of_the_system_are_no_bugs(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    message: str,
) -> None:
    """Nor are interruptions; a file that ends too soon is one like any other, with a traceback."""
    app, before = typer.Typer(), signal.getsignal(signal.SIGTERM)

    @app.command()
    def fails() -> None:
        raise error

    monkeypatch.setattr("sys.argv", ["cnn-ablate"])
    with pytest.raises(SystemExit) as ended:
        run_and_exit(app)
    signal.signal(signal.SIGTERM, before)
    assert code == ended.value.code
    said = capsys.readouterr().err
    assert message in said
    assert (code == 3) == ("Traceback" in said)


def test_help_is_fast(tmp_path: Path) -> None:
    """`--help` imports neither torch nor pandas."""
    cli_study.program("--help", cwd=tmp_path)
    began = time.perf_counter()
    code, out, _ = cli_study.program("--help", cwd=tmp_path)
    assert 0 == code
    assert "run" in out
    assert time.perf_counter() - began < 1.0
