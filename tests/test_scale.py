"""Large studies: what is printed stays short, and plans take seconds."""

import json
import sys
from pathlib import Path

import pytest

from support import cli_study
from support.measured_process import Measured, run_measured

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


def measured_plan(folder: Path, rest: str) -> Measured:
    """Plan a study in a process of its own."""
    study = cli_study.write(folder, BASELINE + rest)
    return run_measured("from cnn_ablate.cli import main; main()", "plan", study, cwd=folder)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_plan_of_100_000_trials_takes_seconds(tmp_path: Path) -> None:
    """At most four times as long as one of two trials, most of which is imports, and 1 GB."""
    small = measured_plan(tmp_path, "seeds: 2\n")
    large = measured_plan(
        tmp_path,
        f"factors: {{optimizer.lr: {[n / 100 for n in range(1, 11)]},"
        f" optimizer.momentum: {[n / 10 for n in range(10)]},"
        f" optimizer.weight_decay: {[n / 1e5 for n in range(10)]},"
        f" training.epochs: {[*range(1, 11)]}}}\n"
        "design: factorial\nseeds: 10\n",
    )
    assert "10,000 variants x 10 seeds = 100,000 trials" in large.printed
    assert large.seconds < 4 * small.seconds
    assert large.megabytes < 1000
