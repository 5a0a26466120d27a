"""Trials on several real Ray nodes on this machine: the same results, whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from support.cli_study import STUDY, write
from test_executors import job

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]

TIMES = ["seconds", "images_per_second", "peak_memory_mb", "started"]
LONG = changed(STUDY, ("epochs: 3", "epochs: 60"))


class Net:
    """Nodes on this machine: a head without processors, and others with one each."""

    def __init__(self, workers: int) -> None:
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - takes a second

        head = {"num_cpus": 0, "include_dashboard": False, **self._of_each()}
        self.nodes = Cluster(initialize_head=True, head_node_args=head)
        self.workers = [self.add() for _ in range(workers)]

    def _of_each(self) -> dict[str, Any]:
        return {"object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.1"}

    def add(self) -> Any:
        """Add a node with one processor."""
        return self.nodes.add_node(num_cpus=1, **self._of_each())

    def kill(self) -> None:
        """Kill all processes of a node."""
        self.nodes.remove_node(self.workers.pop(), allow_graceful=False)

    def terms(self, **granted: Any) -> Resources:
        """Give the terms of a run on these nodes."""
        return Resources(ray_address=self.nodes.address, **granted)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    """Two nodes beside the head, none of which listens but on 127.0.0.1."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        pytest.importorskip("ray")
        found = Net(workers=2)
        yield found
        found.nodes.shutdown()


def ran(
    study: Path, config: RunConfig, on_event: Callable[[Event], None] = lambda _: None
) -> Results:
    """Run a study."""
    prepared = prepare(read_study(study), config)
    return run(prepared, outstanding(prepared), config, on_event).results


def kept(results: Results) -> dict[str, Any]:
    """Give all that is kept of a study's trials, but what the clock decides."""
    tables = {
        name: getattr(results, name).drop(columns=TIMES, errors="ignore").to_csv()
        for name in ("trials", "epochs", "steps", "classes", "confusion")
    }
    folders = [results.store.folder(trial) for trial in results.trials["trial"]]
    bulk = {
        f"{folder.name}/{name}": (folder / name).read_bytes()
        for folder in folders
        for name in ("predictions.npz", "model.pt")
    }
    return tables | bulk


def test_the_results_are_those_of_the_local_executor(tmp_path: Path, net: Net) -> None:
    """Byte for byte, times aside; the study is reported trial by trial."""
    study, seen = write(tmp_path), []
    local = ran(study, RunConfig(results=tmp_path / "local", resources=Resources(2)))

    far = ran(
        study,
        RunConfig(results=tmp_path / "far", executor="ray", resources=net.terms()),
        seen.append,
    )

    assert kept(local) == kept(far)
    assert 4 == sum(isinstance(event, Ended) for event in seen)
    assert {event.trial for event in seen if isinstance(event, Progress)} == set(
        far.trials["trial"]
    )


def test_a_node_that_dies_costs_only_the_work_of_a_moment(tmp_path: Path, net: Net) -> None:
    """Its trial goes on elsewhere from the state that the driver has, to the same results."""
    study, reported = write(tmp_path, LONG), {}
    local = ran(study, RunConfig(results=tmp_path / "local", resources=Resources(2)))

    def kill(event: Event) -> None:
        if isinstance(event, Progress) and len(net.workers) == 2:
            reported[event.trial] = event.epoch
            if len(reported) == 2 and event.epoch > 5:
                net.kill()

    far = ran(
        study, RunConfig(results=tmp_path / "far", executor="ray", resources=net.terms()), kill
    )

    net.workers.append(net.add())
    assert ["done"] * 4 == far.trials["status"].tolist()
    assert kept(local) == kept(far)


def test_a_trial_of_a_dead_worker_is_lost_and_the_others_go_on(tmp_path: Path, net: Net) -> None:
    """Each trial comes to one end, and a new worker takes the place of the dead one."""
    jobs = [job(tmp_path, 0, training__epochs=3000), job(tmp_path, 1), job(tmp_path, 2)]
    executor, ended = RayExecutor(net.terms(workers=1)), []
    for event in executor.run(jobs):
        if isinstance(event, Ended):
            ended.append(event)
        elif event.trial == jobs[0].trial.id:
            executor.ray.kill(executor.workers[0].actor)

    assert ["lost", "error", "error"] == [event.failure for event in ended]
    assert "died" in ended[0].error
    assert [None, "done", "done"] == [e.result and e.result.status for e in ended]


def test_a_trial_that_hangs_is_stopped(tmp_path: Path, net: Net) -> None:
    """What takes longer than it may is lost, and its worker with it."""
    endless = replace(job(tmp_path, training__epochs=10**5), timeout=2.0)

    ended = [e for e in RayExecutor(net.terms(workers=1)).run([endless]) if isinstance(e, Ended)]

    assert ["lost"] == [event.failure for event in ended]
    assert "--trial-timeout" in ended[0].error


def test_states_come_to_the_driver(tmp_path: Path, net: Net) -> None:
    """Whoever stops listening finds the state of the trial in the results folder, and no worker."""
    endless = job(tmp_path, training__epochs=10**5)
    executor = RayExecutor(net.terms(workers=1))
    with closing(executor.run([endless])) as events:
        for event in events:
            if isinstance(event, Progress) and event.epoch > 20:
                break

    assert 1 == len(list((tmp_path / ".checkpoints").iterdir()))
    assert [] == executor.workers


def test_users_modules_travel_along(tmp_path: Path, net: Net, monkeypatch: Any) -> None:
    """A network of the user's, and what it imports, need not be on the nodes."""
    (tmp_path / "width.py").write_text("WIDTH = 4\n", encoding="utf-8")
    network = changed(NETWORK, ("import torch\n", "import torch\nfrom width import WIDTH\n"))
    (tmp_path / "nets.py").write_text(network, encoding="utf-8")
    text = changed(USERS, ("seeds: 6", "seeds: 1"), ("epochs: 3", "epochs: 1"))
    monkeypatch.chdir("/")

    far = ran(
        write(tmp_path, text), RunConfig(results=tmp_path, executor="ray", resources=net.terms())
    )

    assert ["done"] == far.trials["status"].tolist()


def test_a_trial_without_its_data_fails_with_the_reason(tmp_path: Path, net: Net) -> None:
    """What neither the driver nor the node has is the trial's fault alone."""
    broken = job(tmp_path, data__name="image_folder", data__path="nowhere")

    ended = [
        e for e in RayExecutor(net.terms()).run([broken, job(tmp_path)]) if isinstance(e, Ended)
    ]

    [error] = [event.error for event in ended if event.error]
    assert error.startswith("data set image_folder: not found")
    assert 1 == sum(event.result is not None for event in ended)


def test_what_no_node_can_give_is_refused(tmp_path: Path, net: Net) -> None:
    """A trial that would wait for ever is the user's mistake."""
    with pytest.raises(UserError, match="no node has 64 CPUs and 0 GPUs for a trial"):
        list(RayExecutor(net.terms(cpus_per_trial=64)).run([job(tmp_path)]))


def test_data_is_shared_not_copied(tmp_path: Path, net: Net) -> None:
    """However many jobs want it, a data set is put into the cluster's memory once."""
    executor = RayExecutor(net.terms())
    with closing(executor.run(job(tmp_path, seed) for seed in range(3))) as events:
        for _ in events:
            assert 1 == len(executor.shared)


def test_a_machine_alone_starts_ray_for_itself(tmp_path: Path) -> None:
    """Without an address Ray is started here, and is gone afterwards."""
    ray = pytest.importorskip("ray")

    ended = [e for e in RayExecutor(Resources(1)).run([job(tmp_path)]) if isinstance(e, Ended)]

    assert ["done"] == [event.result.status for event in ended if event.result]
    assert not ray.is_initialized()
