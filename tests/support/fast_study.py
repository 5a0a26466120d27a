"""A study of trials that take a moment, run by processes forked from that of the test."""

import importlib
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from cnn_ablate import fork_server
from cnn_ablate.executors import Event, Resources
from cnn_ablate.runner import RetryPolicy, RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.run import run
from cnn_ablate.store import Results
from cnn_ablate.study import read_study
from support import cli_study

STUDY = """\
study: fast
baseline:
  data: {name: fashion_mnist_sample, subset: 32, test_subset: 20}
  model: {name: lenet, norm: batch}
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
  training: {epochs: 4, batch_size: 16}
factors:
  model.norm: [batch, none]
seeds: 2
"""
TRIALS = 4
TABLES = ("results", "epochs", "classes", "confusion", "effects")

# Optimizers import it when they are first built: once here, not in each fork.
importlib.import_module("torch._dynamo")
# The first backward pass starts a thread per device, and no process forks after that. Fake tensors
# of the compiler register eight devices, so that pass comes before them.
torch.ones(1, requires_grad=True).sum().backward()

# The forking process has threads of pytest, which the children do not need.
allow_fork = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture(autouse=True)
def fork_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the workers, so that none has to import torch."""
    monkeypatch.setattr(fork_server, "_METHOD", "fork")


def run_study(
    folder: Path,
    *,
    workers: int = 1,
    fresh: bool = False,
    retry: RetryPolicy | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Results:
    """Run the study in this process, as the command line does."""
    folder.mkdir(exist_ok=True)
    config = RunConfig(
        results=folder / "results",
        resources=Resources(workers=workers),
        retry=retry or RetryPolicy(),
        compute="eager",
    )
    ready = prepared(folder, config)
    return run(ready, outstanding(ready, fresh=fresh), config, on_event).results


def prepared(folder: Path, config: RunConfig | None = None) -> Prepared:
    """Return the study before it runs."""
    path = folder / "fast.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return prepare(read_study(path), config or RunConfig(results=folder / "results"))


def fork(action: Callable[[], object]) -> int:
    """Start an action in a forked process with its own group; return the process id."""
    if pid := os.fork():
        os.setpgid(pid, pid)  # by both: the child may not have run before its group is killed
        return pid
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        action()
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:  # noqa: BLE001 - the process ends here
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def exit_code(pid: int) -> int:
    """Wait for a forked process; return its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of the study without the columns that depend on the clock."""
    found = {}
    for name in TABLES:
        frame = pd.read_csv(folder / "results" / "fast" / f"{name}.csv", keep_default_na=False)
        found[name] = frame.drop(
            columns=[column for column in cli_study.VOLATILE if column in frame]
        )
    return found


def weights(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the trained networks, by trial."""
    return {
        path.parent.name: path.read_bytes() for path in folder.glob("results/trials/*/model.pt")
    }


def assert_same(folder: Path, other: Path) -> None:
    """Assert that two runs of the study have the same tables and networks."""
    mine, theirs = tables(folder), tables(other)
    assert all(mine[name].equals(theirs[name]) for name in TABLES)
    assert weights(folder) == weights(other)
    assert TRIALS == mine["results"]["trial"].nunique() == len(mine["results"])
