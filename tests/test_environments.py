"""Odd environments, collected from public reports: a command works, or says why in one sentence.

Streams that are closed or full, locales without the characters, missing or read-only folders, odd
terminals, few open files.
"""

import errno
import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cnn_ablate.executors import local
from cnn_ablate.executors.local import LocalExecutor
from cnn_ablate.executors.resources import Resources
from cnn_ablate.locks import Locks
from cnn_ablate.store import Store
from support import cli_study, fake_study, fast_study
from support.surroundings import PLACES, STARTS

WORDS = ("status", "made_up")
NAMES = ("chat", "ünïcödé 学习率 🚀", "a\nb")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up study with names in many scripts."""
    root = tmp_path_factory.mktemp("odd place, 学习率")
    small = fake_study.FakeStudy(variants=2, seeds=1, images=20, epochs=1, classes=NAMES)
    fake_study.publish(root / "results", small)
    return root


# The others take minutes, as each starts Python.
QUICK = ("ascii only",)
NAMED = [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in PLACES]


@pytest.mark.parametrize("name", NAMED)
def test_a_command_works_or_says_why(results: Path, name: str) -> None:
    """No surroundings are a bug of the program."""
    place = PLACES[name]
    variables = {**os.environ, **place.variables}
    ended = subprocess.run(
        [sys.executable, "-m", "cnn_ablate", *WORDS],
        cwd=results,
        env={key: value for key, value in variables.items() if value is not None},
        preexec_fn=place.before,
        capture_output=True,
        check=False,
    )
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    assert place.code == ended.returncode, said
    assert "Traceback" not in said
    assert "bug" not in said
    assert "Warning" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_locks_grants_every_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """As NFS without its daemon and Lustre have none; no file outlives a lock, and blocks.

    Reported at https://github.com/spack/spack/issues/12501 (ENOLCK),
    https://github.com/SModelS/smodels/issues/37 (ENOSYS).
    """

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", fail)
    with Store(tmp_path).run_lock() as first, Store(tmp_path).run_lock() as second:
        assert first.acquire("trial")
        assert second.acquire("trial")
    assert [] == list((tmp_path / ".locks").iterdir())


def test_a_fork_server_that_has_died_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its death is no bug: the next process comes from a new one.

    Reported at https://github.com/python/cpython/issues/75489.
    """
    executor, attempts = LocalExecutor(Resources(workers=1)), []
    executor.context = get_context("fork")
    started = executor.context.Process

    def dying(*args: object, **kwargs: object) -> object:
        process = started(*args, **kwargs)
        attempts.append(process)
        if len(attempts) < local._ATTEMPTS:
            monkeypatch.setattr(process, "start", raise_end)
        return process

    monkeypatch.setattr(executor.context, "Process", dying)
    monkeypatch.setattr(local, "run_worker", lambda *_: None)
    executor._start_process(None, Path("log"), 0).join()
    assert local._ATTEMPTS == len(attempts)


def raise_end() -> None:
    """Fail as a pipe to a dead process does."""
    raise EOFError


@fast_study.allow_fork
def test_a_run_holds_its_lock_while_others_look(tmp_path: Path) -> None:
    """One who looks for runs tests each lock; no run loses its own by that."""
    pid = fast_study.fork(lambda: look(tmp_path / ".locks", 1.5))
    end, runs, seen = time.monotonic() + 1.0, 0, 0
    while time.monotonic() < end:
        with Store(tmp_path).run_lock():
            runs += 1
            with Locks(tmp_path / ".locks") as others:
                seen += bool(others.held_by_others("run-"))
    assert 0 == fast_study.exit_code(pid)
    assert runs == seen
    assert 20 < runs


def look(folder: Path, seconds: float) -> None:
    """Look for runs again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with Locks(folder) as locks:
            locks.held_by_others("run-")


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTS)
def test_a_run_works_where_containers_differ(name: str) -> None:
    """Or says in one sentence why not, and what to set."""
    command, end = shlex.split(STARTS[name].command), STARTS[name].ends_with
    variables = {key: os.environ[key] for key in ("PATH", "MPLCONFIGDIR")}
    with TemporaryDirectory(dir="/tmp") as folder:  # others may not enter pytest's
        Path(folder).chmod(0o777)
        path = cli_study.write(Path(folder))
        able = subprocess.run([*command, "true"], cwd=folder, capture_output=True, check=False)
        if able.returncode:
            pytest.skip(f"needs the right to call {command[0]}")
        ended = subprocess.run(
            [*command, sys.executable, "-m", "cnn_ablate", "run", path],
            cwd=folder,
            env={**variables, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        done = len([*Path(folder).glob("results/trials/*/DONE")])
    assert (1 if end else 0) == ended.returncode, ended.stderr
    assert (0 if end else 4) == done
    assert not end or ended.stderr.endswith(end)
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_closed_terminal_ends_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    """SIGHUP leaves what is done in the tables, and the exit code of an interrupt.

    Reported at https://github.com/pcingola/BigDataScript/issues/148.
    """
    process = cli_study.start("run", cli_study.write(tmp_path), "--workers", 1, cwd=tmp_path)
    time.sleep(2)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=120)
    # Python ends by SIGINT itself (130 in shells) where the signal met code started from C.
    assert process.returncode in (130, -signal.SIGINT)
    assert "Interrupted. Run the same command again to resume." in err
