"""Worker processes: each trial ends exactly once, and no worker's death is another's."""

import os
import signal
from pathlib import Path

import pytest
from test_train import trial

from cnn_ablate.executors import EXECUTORS, Ended, Job, Progress, Terms
from cnn_ablate.executors.local import Local
from cnn_ablate.schema import Recipe


def job(results: Path, seed: int = 0, **changes: object) -> Job:
    """Make a job of a tiny trial."""
    return Job((trial(seed, **changes),), Recipe(), results, None)


MARKS = {"ray": pytest.mark.ray}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=MARKS.get(name, ())) for name in EXECUTORS]
)
def test_every_job_ends_once(tmp_path: Path, name: str) -> None:
    """All jobs come back with their results, whoever trained them."""
    jobs = [job(tmp_path, seed) for seed in range(3)]
    events = list(EXECUTORS[name](Terms(2)).run(jobs))
    ended = [event for event in events if isinstance(event, Ended)]
    assert {one.trials[0].key for one in jobs} == {event.trial.key for event in ended}
    assert 3 == len(ended)
    assert all(event.result and event.result.status == "done" for event in ended)


def test_a_trial_that_raises_costs_only_itself(tmp_path: Path) -> None:
    """An error inside a trial comes back as words; the worker goes on."""
    broken = job(tmp_path, data__name="image_folder", data__path="nowhere")
    events = Local(Terms(1)).run([broken, job(tmp_path)])
    first, second = (event for event in events if isinstance(event, Ended))
    assert None is first.result
    assert "looked for nowhere" in first.error
    assert second.result


def test_a_worker_that_is_killed_costs_only_its_trial(tmp_path: Path) -> None:
    """After kill -9 of a worker its trial is told dead, and the others are trained."""
    long = job(tmp_path, training__epochs=3000)
    events = []
    executor = Local(Terms(1))
    for event in executor.run([long, job(tmp_path)]):
        events.append(event)
        if isinstance(event, Progress) and event.trial == long.trials[0].id:
            [worker] = executor.workers
            os.kill(worker.process.pid, signal.SIGKILL)
    first, second = (event for event in events if isinstance(event, Ended))
    assert "The worker process died (exit code -9)." == first.error
    assert second.result


def test_closing_stops_the_workers(tmp_path: Path) -> None:
    """Whoever stops listening leaves no process behind."""
    executor = Local(Terms(1))
    events = executor.run([job(tmp_path, training__epochs=3000)])
    next(events)
    [worker] = executor.workers
    events.close()
    assert not worker.process.is_alive()
