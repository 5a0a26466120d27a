"""Large studies: what is printed stays short, and plans take seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support import cli_study

BASELINE = """\
study: large
baseline:
  data: {name: fashion_mnist_sample, subset: 60, test_subset: 50}
  model: {name: lenet}
  optimizer: {name: sgd, lr: 0.01}
  training: {epochs: 1, batch_size: 60}
"""


def planned(folder: Path, rest: str, *words: str) -> str:
    """Return what `plan` prints of a study of this baseline."""
    study = cli_study.write(folder, BASELINE + rest)
    code, out, _ = cli_study.call("plan", study, *words, cwd=folder)
    assert 0 == code
    return out


def test_a_plan_lists_forty_variants_and_counts_the_others(tmp_path: Path) -> None:
    """Nobody reads thousands of lines; `--json` has all, and `--only` lists those it names."""
    momenta = [n / 100 for n in range(50)]
    study = f"factors: {{optimizer.momentum: {momenta}}}\nseeds: 2\n"
    said = planned(tmp_path, study)
    assert "momentum=0.39" in said
    assert "momentum=0.4 " not in said
    assert "... and 10 more variants: `--only` lists those that it names, `--json` all." in said
    assert "50 variants x 2 seeds = 100 trials" in said
    assert "momentum=0.45" in planned(tmp_path, study, "--only", "momentum=0.45")
    assert 50 == len(json.loads(planned(tmp_path, study, "--json"))["variants"])


def test_a_plan_counts_equal_and_excluded_variants_beyond_forty(tmp_path: Path) -> None:
    """Of remarks of one kind the first are printed."""
    said = planned(
        tmp_path,
        f"factors: {{training.ema_decay: {[n / 100 for n in range(1, 60)]},"
        f" optimizer.momentum: {[n / 100 for n in range(60)]}}}\n"
        f"exclude: {[{'optimizer.momentum': n / 100} for n in range(1, 60)]}\n",
    )
    assert "... and 19 more like these." in said
    assert "Excluded: momentum=0.01, momentum=0.02," in said
    assert "and 19 more." in said


# The peak is not `ru_maxrss`, which begins at the size of the process that started this one.
PLAN = """\
import atexit, sys, time
from pathlib import Path
from cnn_ablate.cli import main

def report():
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    print(time.process_time(), peak, file=sys.stderr)

atexit.register(report)
sys.argv = ["cnn-ablate", "plan", sys.argv[1]]
main()
"""


def used_by_plan(folder: Path, rest: str) -> tuple[str, float, float]:
    """Plan a study in a process of its own; return its words, CPU seconds and peak in bytes."""
    study = cli_study.write(folder, BASELINE + rest)
    command = [sys.executable, "-c", PLAN, str(study)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stderr.splitlines()[-1].split())
    return done.stdout, seconds, 1024 * peak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_plan_of_100_000_trials_takes_seconds(tmp_path: Path) -> None:
    """At most four times as long as one of two trials, most of which is imports, and 1 GB."""
    _, start, _ = used_by_plan(tmp_path, "seeds: 2\n")
    said, seconds, peak = used_by_plan(
        tmp_path,
        f"factors: {{optimizer.lr: {[n / 100 for n in range(1, 11)]},"
        f" optimizer.momentum: {[n / 10 for n in range(10)]},"
        f" optimizer.weight_decay: {[n / 1e5 for n in range(10)]},"
        f" training.epochs: {[*range(1, 11)]}}}\n"
        "design: factorial\nseeds: 10\n",
    )
    assert "10,000 variants x 10 seeds = 100,000 trials" in said
    assert seconds < 4 * start
    assert peak < 1e9
