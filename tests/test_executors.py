"""Executors: each trial ends exactly once, and a worker that dies harms no other."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cnn_ablate.executors import EXECUTORS, Ended, Job, Progress, Resources
from cnn_ablate.executors.local import LocalExecutor
from cnn_ablate.executors.worker import select_gpu
from cnn_ablate.schema import ComputeConfig
from test_train import trial


def job(results: Path, seed: int = 0, **changes: object) -> Job:
    """Make a job of a tiny trial."""
    return Job(trial(seed, **changes), ComputeConfig(), results, None)


MARKS = {"ray": pytest.mark.ray}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=MARKS.get(name, ())) for name in EXECUTORS]
)
def test_every_job_ends_once(tmp_path: Path, name: str) -> None:
    """All jobs have their results, on every executor."""
    jobs = [job(tmp_path, seed) for seed in range(3)]
    events = list(EXECUTORS[name](Resources(2)).run(jobs))
    ended = [event for event in events if isinstance(event, Ended)]
    assert {one.trial.key for one in jobs} == {event.trial.key for event in ended}
    assert 3 == len(ended)
    assert all(event.result and event.result.status == "done" for event in ended)


def test_a_trial_that_raises_fails_alone(tmp_path: Path) -> None:
    """An error in a trial becomes a message; the worker goes on."""
    broken = job(tmp_path, data__name="image_folder", data__path="nowhere")
    events = LocalExecutor(Resources(1)).run([broken, job(tmp_path)])
    first, second = (event for event in events if isinstance(event, Ended))
    assert None is first.result
    assert "looked for nowhere" in first.error
    assert second.result


def test_workers_share_the_gpus_of_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each computes on the GPU of its number; surplus workers share GPUs."""
    selected: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", selected.append)
    for slot in range(3):
        for device in ("cuda", "cpu"):
            select_gpu(replace(job(tmp_path), compute=ComputeConfig(device=device)), slot)
    assert [0, 1, 0] == selected


def test_a_worker_takes_over_the_number_of_a_dead_one(tmp_path: Path) -> None:
    """Two workers are on two GPUs, whichever of them had to be replaced."""
    executor = LocalExecutor(Resources(2))
    lost, other = (job(tmp_path, seed, training__epochs=3000) for seed in range(2))
    for event in executor.run([lost, other, job(tmp_path, 2)]):
        if isinstance(event, Progress) and event.trial == lost.trial.id:
            os.kill(executor.workers[0].process.pid, signal.SIGKILL)
        if isinstance(event, Ended) and event.result:
            assert {0, 1} == {worker.slot for worker in executor.workers}
            break


def test_a_worker_that_is_killed_loses_only_its_trial(tmp_path: Path) -> None:
    """After kill -9 of a worker its trial is reported as lost, and the others are trained."""
    long = job(tmp_path, training__epochs=3000)
    events = []
    executor = LocalExecutor(Resources(1))
    for event in executor.run([long, job(tmp_path)]):
        events.append(event)
        if isinstance(event, Progress) and event.trial == long.trial.id:
            [worker] = executor.workers
            os.kill(worker.process.pid, signal.SIGKILL)
    first, second = (event for event in events if isinstance(event, Ended))
    assert "The worker process died (exit code -9)." == first.error
    assert second.result


def test_closing_stops_the_workers(tmp_path: Path) -> None:
    """No process is left when the generator of events is closed."""
    executor = LocalExecutor(Resources(1))
    events = executor.run([job(tmp_path, training__epochs=3000)])
    next(events)
    [worker] = executor.workers
    events.close()
    assert not worker.process.is_alive()
