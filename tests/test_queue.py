"""The job queue: which trials are retried, how often, and beside which others."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnn_ablate.executors import Ended, Event, Job
from cnn_ablate.locks import Locks
from cnn_ablate.runner.queue import JobQueue
from cnn_ablate.schema import ComputeConfig, TrialResult
from cnn_ablate.store import Store
from test_train import trial


class ScriptedExecutor:
    """An executor that runs `workers` jobs at a time and ends each as a script says.

    It trains nothing. `batches` has the seeds of the jobs that ran side by side.
    """

    def __init__(self, failures: Iterable[str], workers: int = 1) -> None:
        self.failures = list(failures)
        self.workers = workers
        self.batches: list[list[int]] = []

    def run(self, jobs: Any) -> Iterator[Event]:
        """End each trial with the next failure of the script, or with a result."""
        while running := [job for _, job in zip(range(self.workers), jobs, strict=False)]:
            self.batches.append([job.trial.seed for job in running])
            for job in running:
                failure: Any = self.failures.pop(0) if self.failures else ""
                result = TrialResult(trial=job.trial, status="done", compute=job.compute)
                if failure:
                    yield Ended(job.trial, job.compute, error=failure, failure=failure)
                else:
                    yield Ended(job.trial, job.compute, result)


def ended(
    folder: Path, executor: ScriptedExecutor, seeds: Iterable[int] = (0,), retries: int = 1
) -> dict[int, str]:
    """Run one job per seed, and return the error that each trial ended with, by seed."""
    jobs = [Job(trial(seed), ComputeConfig(), folder, None) for seed in seeds]
    with Locks(folder / ".locks") as locks:
        queue = JobQueue(jobs, Store(folder), locks, retries=retries)
        events = [event for event in queue.events(executor) if isinstance(event, Ended)]
    assert len(jobs) == len(events)
    return {event.trial.seed: event.error for event in events}


@pytest.mark.parametrize(
    ("failures", "retries", "attempts", "error"),
    [
        (["error"], 5, 1, "error"),
        (["lost"], 1, 2, ""),
        (["lost", "lost"], 1, 2, "lost"),
        (["lost"], 0, 1, "lost"),
        (["lost", "lost", "error"], 2, 3, "error"),
    ],
)
def test_a_lost_trial_is_retried(
    tmp_path: Path, failures: list[str], retries: int, attempts: int, error: str
) -> None:
    """A lost trial is retried as often as asked; an error of its own is final."""
    executor = ScriptedExecutor(failures)
    assert {0: error} == ended(tmp_path, executor, retries=retries)
    assert attempts == len(executor.batches)


def test_too_little_memory_is_final_for_a_trial_that_ran_alone(tmp_path: Path) -> None:
    """No neighbour took the memory, so a second attempt would end alike."""
    executor = ScriptedExecutor(["memory"])
    assert {0: "memory"} == ended(tmp_path, executor)
    assert [[0]] == executor.batches


@pytest.mark.parametrize(("second", "error"), [("", ""), ("memory", "memory")])
def test_too_little_memory_beside_others_is_retried_alone(
    tmp_path: Path, second: str, error: str
) -> None:
    """The retry waits until all other jobs have ended, and is the last."""
    executor = ScriptedExecutor(["memory", "", "", "", second], workers=2)
    assert {0: error, 1: "", 2: "", 3: ""} == ended(tmp_path, executor, range(4))
    assert [[0, 1], [2, 3], [0]] == executor.batches


def test_trials_that_took_each_others_memory_are_retried_one_by_one(tmp_path: Path) -> None:
    """Two retries are not each other's neighbours."""
    executor = ScriptedExecutor(["memory", "memory"], workers=2)
    assert {0: "", 1: ""} == ended(tmp_path, executor, range(2))
    assert [[0, 1], [0], [1]] == executor.batches


def test_a_trial_that_was_lost_alone_is_still_alone(tmp_path: Path) -> None:
    """What ran beside an earlier attempt does not count."""
    executor = ScriptedExecutor(["memory", "", "lost", "memory"], workers=2)
    assert {0: "memory", 1: ""} == ended(tmp_path, executor, range(2))
    assert [[0, 1], [0], [0]] == executor.batches
