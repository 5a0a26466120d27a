"""Trials on several real Ray nodes on this machine: the same results as the local executor's."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event, Progress, Resources
from cnn_ablate.executors.ray.executor import RayExecutor
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.store import Results
from cnn_ablate.study import read_study
from support.audit import NETWORK, USERS, changed
from support.cli_study import STUDY, program, start, write
from test_executors import job

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]

TIMES = ["seconds", "images_per_second", "peak_memory_mb", "started"]
LONG = changed(STUDY, ("epochs: 3", "epochs: 60"))


class Nodes:
    """A cluster on this machine: a head without processors, and nodes with one each."""

    def __init__(self, workers: int) -> None:
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - takes a second

        head = {"num_cpus": 0, "include_dashboard": False, **self._options()}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.workers = [self.add() for _ in range(workers)]

    def _options(self) -> dict[str, Any]:
        return {"object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.1"}

    def add(self) -> Any:
        """Add a node with one processor."""
        return self.cluster.add_node(num_cpus=1, **self._options())

    def kill(self) -> None:
        """Kill all processes of a node."""
        self.cluster.remove_node(self.workers.pop(), allow_graceful=False)

    def resources(self, **granted: Any) -> Resources:
        """Return the resources of a run on these nodes."""
        return Resources(ray_address=self.cluster.address, **granted)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Two nodes beside the head, all of which listen on 127.0.0.1 only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        pytest.importorskip("ray")
        started = Nodes(workers=2)
        yield started
        started.cluster.shutdown()


def run_study(
    study: Path, config: RunConfig, on_event: Callable[[Event], None] = lambda _: None
) -> Results:
    """Run a study."""
    prepared = prepare(read_study(study), config)
    return run(prepared, outstanding(prepared), config, on_event).results


def contents(results: Results) -> dict[str, Any]:
    """Return all that is kept of a study's trials, except times and memory."""
    tables = {
        name: getattr(results, name).drop(columns=TIMES, errors="ignore").to_csv()
        for name in ("trials", "epochs", "steps", "classes", "confusion")
    }
    folders = [results.store.folder(trial) for trial in results.trials["trial"]]
    files = {
        f"{folder.name}/{name}": (folder / name).read_bytes()
        for folder in folders
        for name in ("predictions.npz", "model.pt")
    }
    return tables | files


def test_the_results_are_those_of_the_local_executor(tmp_path: Path, nodes: Nodes) -> None:
    """Byte for byte, times aside; the study is reported trial by trial."""
    study, seen = write(tmp_path), []
    local = run_study(study, RunConfig(results=tmp_path / "local", resources=Resources(2)))

    remote = run_study(
        study,
        RunConfig(results=tmp_path / "remote", executor="ray", resources=nodes.resources()),
        seen.append,
    )

    assert contents(local) == contents(remote)
    assert 4 == sum(isinstance(event, Ended) for event in seen)
    assert {event.trial for event in seen if isinstance(event, Progress)} == set(
        remote.trials["trial"]
    )


def test_a_node_that_dies_loses_only_the_work_since_the_checkpoint(
    tmp_path: Path, nodes: Nodes
) -> None:
    """Another node resumes its trial from the driver's checkpoint, with the same results."""
    study, reported = write(tmp_path, LONG), {}
    local = run_study(study, RunConfig(results=tmp_path / "local", resources=Resources(2)))

    def kill(event: Event) -> None:
        if isinstance(event, Progress) and len(nodes.workers) == 2:
            reported[event.trial] = event.epoch
            if len(reported) == 2 and event.epoch > 5:
                nodes.kill()

    remote = run_study(
        study,
        RunConfig(results=tmp_path / "remote", executor="ray", resources=nodes.resources()),
        kill,
    )

    nodes.workers.append(nodes.add())
    assert ["done"] * 4 == remote.trials["status"].tolist()
    assert contents(local) == contents(remote)


def test_a_trial_of_a_dead_worker_is_lost_and_the_others_go_on(
    tmp_path: Path, nodes: Nodes
) -> None:
    """Each trial ends once, and a new worker replaces the dead one."""
    jobs = [job(tmp_path, 0, training__epochs=3000), job(tmp_path, 1), job(tmp_path, 2)]
    executor, ended = RayExecutor(nodes.resources(workers=1)), []
    for event in executor.run(jobs):
        if isinstance(event, Ended):
            ended.append(event)
        elif event.trial == jobs[0].trial.id:
            executor.ray.kill(executor.workers[0].actor)

    assert ["lost", "error", "error"] == [event.failure for event in ended]
    assert "died" in ended[0].error
    assert [None, "done", "done"] == [e.result and e.result.status for e in ended]


def test_a_trial_that_hangs_is_stopped(tmp_path: Path, nodes: Nodes) -> None:
    """A trial that exceeds its time limit is lost, and its worker is replaced."""
    endless = replace(job(tmp_path, training__epochs=10**5), timeout=2.0)

    ended = [
        e for e in RayExecutor(nodes.resources(workers=1)).run([endless]) if isinstance(e, Ended)
    ]

    assert ["lost"] == [event.failure for event in ended]
    assert "--trial-timeout" in ended[0].error


def test_checkpoints_are_saved_by_the_driver(tmp_path: Path, nodes: Nodes) -> None:
    """After closing the events there is a checkpoint in the results folder, and no worker."""
    endless = job(tmp_path, training__epochs=10**5)
    executor = RayExecutor(nodes.resources(workers=1))
    with closing(executor.run([endless])) as events:
        for event in events:
            if isinstance(event, Progress) and event.epoch > 20:
                break

    assert 1 == len(list((tmp_path / ".checkpoints").iterdir()))
    assert [] == executor.workers


def test_users_modules_travel_along(tmp_path: Path, nodes: Nodes, monkeypatch: Any) -> None:
    """A user-defined network, and the modules that it imports, need not be on the nodes."""
    (tmp_path / "width.py").write_text("WIDTH = 4\n", encoding="utf-8")
    network = changed(NETWORK, ("import torch\n", "import torch\nfrom width import WIDTH\n"))
    (tmp_path / "nets.py").write_text(network, encoding="utf-8")
    text = changed(USERS, ("seeds: 6", "seeds: 1"), ("epochs: 3", "epochs: 1"))
    monkeypatch.chdir("/")

    remote = run_study(
        write(tmp_path, text),
        RunConfig(results=tmp_path, executor="ray", resources=nodes.resources()),
    )

    assert ["done"] == remote.trials["status"].tolist(), remote.trials["error"].tolist()


def test_a_trial_without_its_data_fails_with_the_reason(tmp_path: Path, nodes: Nodes) -> None:
    """A data set that neither driver nor node has fails only the trials that need it."""
    broken = job(tmp_path, data__name="image_folder", data__path="nowhere")

    ended = [
        e
        for e in RayExecutor(nodes.resources()).run([broken, job(tmp_path)])
        if isinstance(e, Ended)
    ]

    [error] = [event.error for event in ended if event.error]
    assert error.startswith("data set image_folder: not found")
    assert 1 == sum(event.result is not None for event in ended)


def test_resources_that_no_node_has_are_refused(tmp_path: Path, nodes: Nodes) -> None:
    """A trial that would wait for ever is an error of the user."""
    with pytest.raises(UserError, match="no node has 64 CPUs and 0 GPUs for a trial"):
        list(RayExecutor(nodes.resources(cpus_per_trial=64)).run([job(tmp_path)]))


def test_data_is_shared_not_copied(tmp_path: Path, nodes: Nodes) -> None:
    """A data set is put into the object store once, however many jobs need it."""
    executor = RayExecutor(nodes.resources())
    with closing(executor.run(job(tmp_path, seed) for seed in range(3))) as events:
        for _ in events:
            assert 1 == len(executor.shared)


def test_without_an_address_ray_is_started(tmp_path: Path) -> None:
    """It runs on this machine, and is stopped afterwards."""
    ray = pytest.importorskip("ray")

    ended = [e for e in RayExecutor(Resources(1)).run([job(tmp_path)]) if isinstance(e, Ended)]

    assert ["done"] == [event.result.status for event in ended if event.result]
    assert not ray.is_initialized()


def test_a_killed_run_is_resumed_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command goes on from its checkpoints; the next run removes the session of Ray."""
    pytest.importorskip("ray")
    study = write(tmp_path, LONG)
    words = ("run", study, "--executor", "ray", "--workers", 1)
    with TemporaryDirectory(dir="/tmp", prefix="r") as short:  # room for the names of sockets
        monkeypatch.setenv("TMPDIR", short)
        killed = start(*words, cwd=tmp_path)
        while not [*tmp_path.glob("results/.checkpoints/*.pt")]:
            assert killed.poll() is None
            time.sleep(0.05)
        killed.kill()
        killed.communicate()
        assert [*Path(short).glob("cnn-ablate-*/files/session_*")]

        code, _, said = program(*words, cwd=tmp_path)

        assert (0, []) == (code, [*Path(short).glob("cnn-ablate-*")]), said
    local = run_study(study, RunConfig(results=tmp_path / "local", resources=Resources(2)))
    remote = pd.read_csv(tmp_path / "results" / "tiny" / "results.csv")
    again = pd.read_csv(local.store.root / "tiny" / "results.csv")
    kept = [name for name in remote if name not in TIMES]
    assert remote[kept].equals(again[kept])
