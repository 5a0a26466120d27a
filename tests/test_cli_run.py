"""`run`: what it prints, for readers and for programs."""

import json
from pathlib import Path

import pytest

from cnn_ablate.runner import workload
from support.cli_study import call, write
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork


def test_a_run_ends_with_its_table_and_then_the_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The baseline is trained first; without a terminal there are plain lines with the time left.

    Programs get one event per line: of the same study, which is done by then.
    """
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(workload, "_SHORTEST", 0.0)
    file = write(tmp_path).name
    code, out, err = call("run", file, "--compute", "eager", "--workers", 1, cwd=tmp_path)
    assert 0 == code, err
    lines = out.splitlines()
    assert ["Variant", "Accuracy", "(%)", "Effect", "(points)"] == lines[1].split()[:5]
    assert lines[2].startswith("baseline")
    assert lines[3].startswith("norm: batch -> none")
    assert ["Results: results/tiny", "Report:  reports/tiny/report.html"] == lines[-2:]
    ended = [line for line in err.splitlines() if line.startswith("[")]
    assert ["[1/4] baseline, seed 0", "[2/4] baseline, seed 1"] == [
        line.partition(":")[0] for line in ended[:2]
    ]
    assert " left" in ended[1]
    assert "\x1b" not in out + err

    code, out, err = call("run", file, "--compute", "eager", "--json", cwd=tmp_path)
    events = [json.loads(line) for line in out.splitlines()]
    assert (0, "") == (code, err)
    assert ("plan", 4, 4, 0) == tuple(
        events[0][name] for name in ("event", "trials", "done", "to_train")
    )
    assert {"plan", "finding", "effect", "verdict", "end"} >= {event["event"] for event in events}
    assert ["norm"] == [event["verdict"]["claim"] for event in events if "verdict" in event]
    assert ("end", True, []) == tuple(
        events[-1][name] for name in ("event", "report_was_up_to_date", "failed")
    )


def test_events_of_trials(tmp_path: Path) -> None:
    """Each trial that ends is an event, with what is left."""
    asked = ("run", write(tmp_path).name, "--compute", "eager", "--json", "--only", "baseline")
    code, out, err = call(*asked, cwd=tmp_path)
    assert 0 == code, err
    events = [json.loads(line) for line in out.splitlines()]
    trials = [event for event in events if event["event"] == "trial"]
    assert [("baseline", "done", 1, 2), ("baseline", "done", 2, 2)] == [
        tuple(trial[name] for name in ("variant", "status", "ended", "expected"))
        for trial in trials
    ]
    assert 0 == trials[-1]["seconds_left"]
