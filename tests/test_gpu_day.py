"""The benchmark for a first day on a GPU runs dry on a CPU, so that no GPU's time is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "gpu_day.py"


def test_every_stage_runs_dry(tmp_path: Path) -> None:
    """Each line is found in the file, and no stage fails."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), "--dry"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (tmp_path / "facts.jsonl").read_text("utf-8").splitlines()
    assert lines == done.stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [] == [line for line in found if "failed" in line]
    stages = {line["stage"] for line in found}
    assert {"machine", "steps", "widths", "bits", "epochs"} == stages
    assert {1, 3} == {line["width"] for line in found if "width" in line}
    same = [line for line in found if line["stage"] == "bits"]
    assert {0.0} == {line[again] for line in same for again in ("again", "side_by_side_again")}
