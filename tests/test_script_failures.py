"""A user's script that goes wrong in one of many ways: one sentence each, and nothing hangs."""

import csv
import os
import sys
import time
from pathlib import Path

import pytest

from cnn_ablate import fork_server
from cnn_ablate.executors import Resources
from cnn_ablate.external.run_command import Log, run_command
from cnn_ablate.runner import RetryPolicy, RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.study import read_study
from support import script_study
from support.fast_study import allow_fork

pytestmark = [pytest.mark.slow, allow_fork]

HEAD = """\
import json, os, signal, subprocess, sys, time
from pathlib import Path

out, way = Path(sys.argv[1]), sys.argv[3]
target = out / "metrics.json"


def write(**metrics):
    target.write_text(json.dumps({"test_accuracy": 0.9, **metrics}))


"""
# Ways to go wrong: what the script does, and the sentence; '' where nothing is wrong after all.
WAYS = {
    "missing": ("pass", "metrics.json: was not written. The command has to write"),
    "empty": ("target.write_text('')", "metrics.json: is empty."),
    "text": ("target.write_text('0.9 of it')", "metrics.json: not JSON: Extra data"),
    "list": ("target.write_text('[0.9]')", "metrics.json: expected a mapping of names"),
    "nan": ("write(test_accuracy=float('nan'))", "metrics.json: test_accuracy is nan."),
    "infinity": ("write(nll=float('inf'))", "metrics.json: nll is inf."),
    "wrong-key": (
        "target.write_text('{\"acc\": 0.9}')",
        "metrics.json: the metric 'test_accuracy' of the study is missing. There is acc.",
    ),
    "nested": ("write(nll={'mean': 1})", "metrics.json: nll: expected a number, got {'mean': 1}."),
    "quoted": ("write(nll='0.9')", "metrics.json: nll: expected a number, got '0.9'."),
    "boolean": ("write(nll=True)", "metrics.json: nll: expected a number, got true."),
    "per-cent": (
        "write(test_accuracy=91.2)",
        "metrics.json: test_accuracy is 91.2; it is a fraction, from 0 to 1. 91.2 looks like per "
        "cent; write 0.912.",
    ),
    "negative": ("write(test_accuracy=-0.1)", "metrics.json: test_accuracy is -0.1; it is a"),
    "reserved": ("write(seed=1)", "metrics.json: 'seed' cannot be the name of a metric."),
    "half-a-parameter": ("write(parameters=1.5)", "metrics.json: parameters: expected a whole"),
    "binary": ("target.write_bytes(b'\\xff\\xfe')", "metrics.json: not JSON: 'utf-8' codec"),
    "folder": ("target.mkdir()", "metrics.json: cannot be read: Is a directory."),
    "crash": (
        "raise ValueError('no such layer')",
        "`python train.py` ended with exit code 1: ValueError: no such layer.",
    ),
    "exit": ("sys.exit(3)", "`python train.py` ended with exit code 3."),
    "killed": ("os.kill(os.getpid(), 9)", "`python train.py` was killed by SIGKILL."),
    "hangs": ("time.sleep(600)", "No end after"),
    "ignores-sigterm": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "Path(sys.argv[2], 'ignores.pid').write_text(str(os.getpid()))\n"
        "while True: time.sleep(1)",
        "No end after",
    ),
    "forks": (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "Path(sys.argv[2], 'child.pid').write_text(str(child.pid))\n"
        "write()",
        "",
    ),
    "megabytes-of-output": (
        "block = b'x' * 1023 + b'\\n'\nfor _ in range(50): os.write(1, block * 1024)\nwrite()",
        "",
    ),
    "epochs-text": (
        "write(); (out / 'epochs.csv').write_text('epoch,lr\\n1,high\\n')",
        "epochs.csv, line 2: lr: expected a number, got 'high'.",
    ),
    "no-column": (
        "write(); (out / 'predictions.csv').write_text('true,answer\\na,b\\n')",
        "predictions.csv: has no column 'predicted', but true, answer.",
    ),
    "ragged": (
        "write(); (out / 'predictions.csv').write_text('true,predicted\\na\\n')",
        "predictions.csv, line 2: expected 2 cells.",
    ),
    "contradiction": (
        "write(); (out / 'predictions.csv').write_text('true,predicted\\na,b\\n')",
        "metrics.json: test_accuracy is 0.9, but 0 by predictions.csv.",
    ),
}
STUDY = """\
study: ways
baseline: {{way: {first}}}
trainer: {{command: [python, train.py, "{{out}}", "{folder}", "{{way}}", "{{seed}}"]}}
factors: {{way: [{ways}]}}
seeds: [0]
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Run all ways as one study: status and error of each."""
    folder = tmp_path_factory.mktemp("ways")
    cases = "".join(
        f"{'el' if i else ''}if way == {way!r}:\n    {does.replace(chr(10), chr(10) + '    ')}\n"
        for i, (way, (does, _)) in enumerate(WAYS.items())
    )
    study = STUDY.format(first=next(iter(WAYS)), ways=", ".join(WAYS), folder=folder)
    path = script_study.write(folder, study, HEAD + cases)
    config = RunConfig(
        results=folder / "results",
        resources=Resources(workers=2),
        retry=RetryPolicy(retries=0, trial_timeout=10),
    )
    patch = pytest.MonkeyPatch()
    patch.setattr(fork_server, "_METHOD", "fork")
    prepared = prepare(read_study(path), config)
    run(prepared, outstanding(prepared), config, lambda _: None)
    patch.undo()
    with (folder / "results" / "ways" / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["way"]: (row["status"], row["error"]) for row in csv.DictReader(file)}
    rows["folder of pids"] = (str(folder), "")
    return rows


@pytest.mark.parametrize("way", WAYS)
def test_each_way_has_one_sentence(errors: dict[str, tuple[str, str]], way: str) -> None:
    """The error begins with a sentence, and the log follows it."""
    status, error = errors[way]
    expected = WAYS[way][1]
    assert expected == error[: len(expected)]
    assert ("done" if not expected else "failed") == status.replace("diverged", "failed")


def test_a_metric_that_is_not_finite_diverged(errors: dict[str, tuple[str, str]]) -> None:
    """It is an outcome of the training, and counted as one."""
    assert ["diverged", "diverged"] == [errors[way][0] for way in ("nan", "infinity")]


def test_the_log_is_shown_in_short(errors: dict[str, tuple[str, str]]) -> None:
    """The last lines that a script printed follow the sentence."""
    lines = errors["crash"][1].splitlines()
    assert "Last lines of its log:" == lines[1]
    assert "ValueError: no such layer" == lines[-1]
    assert 14 >= len(lines)


@pytest.mark.slow
def test_a_gigabyte_of_output_is_read_and_not_kept(tmp_path: Path) -> None:
    """Only the end of it stays in memory."""
    log = Log()
    script = "import os\nfor _ in range(1024): os.write(1, b'x' * (1 << 20))\nprint('end')"

    code = run_command([sys.executable, "-c", script], tmp_path, os.environ, log, print)

    assert 0 == code
    assert log.text.endswith("end\n")
    assert 1 << 18 == len(log.text)


@pytest.mark.parametrize("name", ["child.pid", "ignores.pid"])
def test_nothing_is_left_running(errors: dict[str, tuple[str, str]], name: str) -> None:
    """Neither what a script has started and left behind, nor one that ignores SIGTERM."""
    pid = int((Path(errors["folder of pids"][0]) / name).read_text())
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" != Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
