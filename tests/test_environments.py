"""Odd environments, collected from public reports: a command works, or says why in one sentence.

Streams that are closed or full, locales without the characters, missing or read-only folders, odd
terminals, few open files: each is tried with a command that reads results and one that writes.
"""

import errno
import fcntl
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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

WORDS = ("status", "made_up")
NAMES = ("chat", "ünïcödé 学习率 🚀", "a\nb")


@dataclass(frozen=True)
class Surroundings:
    """What differs from an ordinary terminal, and where it was reported to break programs.

    A value of None removes a variable.
    """

    reported: str
    variables: Mapping[str, str | None] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    code: int = 0


def few_files() -> None:
    """Allow 24 open files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))


def no_growth() -> None:
    """Allow no file to be written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def full() -> None:
    """Print to a disk that is full."""
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def unread() -> None:
    """Print to a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    os.dup2(write, 1)


def gone() -> None:
    """Work in a folder that was removed."""
    os.mkdir("gone")  # noqa: PTH102 - relative to the child's own folder
    os.chdir("gone")
    os.rmdir("../gone")  # noqa: PTH106 - as above


PLACES = {
    "ascii only": Surroundings(
        "containers without locales", {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    ),
    "latin 1": Surroundings("old terminals", {"PYTHONIOENCODING": "latin-1"}),
    "no UTF-8 mode": Surroundings(
        "cluster nodes", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ),
    "an unknown locale": Surroundings(
        "ssh that forwards locales", {"LC_ALL": "xx_XX.UTF-8", "LANG": "xx"}
    ),
    "no output": Surroundings("daemons", before=lambda: os.close(1)),
    "no error output": Surroundings("daemons", before=lambda: os.close(2)),
    "no input": Surroundings("cron", before=lambda: os.close(0)),
    "no streams": Surroundings("daemons that detach", before=lambda: os.closerange(0, 3)),
    "a full disk": Surroundings("quotas of home folders", before=full, code=1),
    "an unread pipe": Surroundings("`| head`", before=unread, code=1),
    "a removed folder": Surroundings("scratch that a scheduler clears", before=gone, code=1),
    "no home": Surroundings("systemd services", {"HOME": None}),
    "a home that is not there": Surroundings(
        "containers with any user id", {"HOME": "/nonexistent"}
    ),
    "no temporary folder": Surroundings("batch jobs", {"TMPDIR": "/nonexistent"}),
    "a narrow terminal": Surroundings("split terminals", {"COLUMNS": "1", "LINES": "1"}),
    "a broad terminal": Surroundings("notebooks", {"COLUMNS": "100000"}),
    "no size": Surroundings("web terminals", {"COLUMNS": "x", "LINES": "-1"}),
    "a dumb terminal": Surroundings("editors", {"TERM": "dumb"}),
    "no terminal": Surroundings("CI", {"TERM": None, "NO_COLOR": "1"}),
    "forced colours": Surroundings("CI", {"FORCE_COLOR": "1"}),
    "few open files": Surroundings("ulimit -n of macOS", before=few_files),
    "a private umask": Surroundings("shared machines", before=lambda: os.umask(0o777)),
    "another time zone": Surroundings("containers without zones", {"TZ": "Nowhere/Land"}),
    "no user name": Surroundings(
        "containers with any user id", {"USER": None, "LOGNAME": None, "USERNAME": None}
    ),
    "optimized Python": Surroundings("PYTHONOPTIMIZE of images", {"PYTHONOPTIMIZE": "2"}),
    "random hashes": Surroundings("reproducibility guides", {"PYTHONHASHSEED": "4294967295"}),
    "nohup": Surroundings("nohup", before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)),
    "warnings that are errors": Surroundings("CI", {"PYTHONWARNINGS": "error::UserWarning"}),
    "no file may grow": Surroundings("ulimit -f", before=no_growth),
    "a relative home": Surroundings("make", {"HOME": "."}),
    "unbuffered": Surroundings("logs of containers", {"PYTHONUNBUFFERED": "1"}),
    "no bytecode": Surroundings("read-only images", {"PYTHONDONTWRITEBYTECODE": "1"}),
    "development mode": Surroundings("CI", {"PYTHONDEVMODE": "1"}),
    "low priority": Surroundings("shared machines", before=lambda: os.nice(19)),
}


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


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_locks_grants_every_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """As NFS without its daemon and Lustre are reported; no file outlives a lock, and blocks."""

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", fail)
    with Store(tmp_path).run_lock() as first, Store(tmp_path).run_lock() as second:
        assert first.acquire("trial")
        assert second.acquire("trial")
    assert [] == list((tmp_path / ".locks").iterdir())


def test_a_fork_server_that_has_died_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its death is no bug: the next process comes from a new one."""
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
    pid = fast_study.fork(lambda: look(tmp_path / ".locks", 3.0))
    end, runs, seen = time.monotonic() + 2.5, 0, 0
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


NO_ENTRY = "setpriv --reuid 12345 --regid 12345 --clear-groups"
# Python itself may be in a folder of root's.
READS = "--inh-caps +dac_read_search --ambient-caps +dac_read_search"
SMALL_SHM = "unshare --mount sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec \"$@\"' sh"
STARTS = {
    "a user without an entry and a home": (f"{NO_ENTRY} {READS} env -u HOME -u USER -u LOGNAME", 1),
    "a user without an entry": (f"{NO_ENTRY} {READS} env -u USER -u LOGNAME HOME=home", 0),
    "containers with little shared memory": (SMALL_SHM, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTS)
def test_a_run_works_where_containers_differ(name: str) -> None:
    """Or says in one sentence what to set."""
    words, code = STARTS[name]
    command = shlex.split(words)
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"needs the right to call {command[0]}")
    variables = {key: os.environ[key] for key in ("PATH", "MPLCONFIGDIR")}
    with TemporaryDirectory(dir="/tmp") as folder:  # others may not enter pytest's
        Path(folder).chmod(0o777)
        ended = subprocess.run(
            [*command, sys.executable, "-m", "cnn_ablate", "run", cli_study.write(Path(folder))],
            cwd=folder,
            env={**variables, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        done = len([*Path(folder).glob("results/trials/*/DONE")])
    assert code == ended.returncode, ended.stderr
    assert (0 if code else 4) == done
    assert not code or ended.stderr.endswith("Set HOME to a folder, or write the path in full.\n")
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_closed_terminal_ends_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    """SIGHUP leaves what is done in the tables, and the exit code of an interrupt."""
    process = cli_study.start("run", cli_study.write(tmp_path), "--workers", 1, cwd=tmp_path)
    time.sleep(2)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=120)
    # Python ends by SIGINT itself (130 in shells) where the signal met code started from C.
    assert process.returncode in (130, -signal.SIGINT)
    assert "Interrupted. Run the same command again to resume." in err
