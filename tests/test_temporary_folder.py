"""Temporary folders: none is left for good, whatever dies, and none of another owner is touched."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cnn_ablate import fork_server
from cnn_ablate.executors.ray.actor import RayWorker
from cnn_ablate.temporary_folder import temporary_folder
from support import fast_study

pytestmark = fast_study.allow_fork


def sweep(parent: Path) -> list[str]:
    """Use a temporary folder, and return the names of what is beside it then."""
    with temporary_folder(parent) as folder:
        return sorted({path.name for path in parent.iterdir()} - {folder.parent.name})


def hold(parent: Path, ready: Path) -> None:
    """Fill a temporary folder, and keep it until this process is killed."""
    with temporary_folder(parent) as folder:
        (folder / "link").symlink_to(ready.parent)
        (folder / "file").touch()
        ready.touch()
        time.sleep(60)


def fill(parent: Path) -> None:
    """Fill a temporary folder, and be interrupted."""
    with temporary_folder(parent) as folder:
        (folder / "file").touch()
        raise KeyboardInterrupt


def leave(parent: Path, ready: Path) -> Path:
    """Leave the folder of a killed process in a folder, and return it."""
    pid = fast_study.fork(lambda: hold(parent, ready))
    while not ready.exists():
        time.sleep(0.005)
    [left] = set(parent.glob("cnn-ablate-*"))
    assert [left.name] == sweep(parent)  # as long as its process lives
    os.kill(pid, signal.SIGKILL)
    fast_study.exit_code(pid)
    return left


def unused(folder: Path) -> None:
    """Make a folder like one whose process was killed."""
    folder.mkdir()
    (folder / "in-use.lock").touch()


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder for temporary ones, and a file outside it."""
    parent, outside = tmp_path / "temporary", tmp_path / "outside"
    parent.mkdir()
    outside.mkdir()
    return parent, outside / "ready"


def test_nothing_is_left_after_an_error(places: tuple[Path, Path]) -> None:
    """Also one that ends the program."""
    parent, _ = places
    with pytest.raises(KeyboardInterrupt):
        fill(parent)
    assert [] == list(parent.iterdir())


def test_what_cannot_be_removed_is_left_for_the_next(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its lock, by which the next process knows it."""
    parent, _ = places

    def leave_all() -> None:
        with monkeypatch.context() as patch, temporary_folder(parent) as folder:
            (folder / "file").touch()
            patch.setattr("shutil.rmtree", lambda *_, **__: None)

    assert 0 == fast_study.exit_code(fast_study.fork(leave_all))
    assert 1 == len([*parent.iterdir()])
    assert [] == sweep(parent)


def test_what_a_killed_process_has_left_is_removed_by_the_next(places: tuple[Path, Path]) -> None:
    """Not while it lives; links in it are removed, not followed."""
    parent, ready = places
    leave(parent, ready)
    assert [] == sweep(parent)
    assert ready.exists()


def test_nothing_else_is_swept(places: tuple[Path, Path]) -> None:
    """Links to left folders, folders of other users or without a lock, and files stay."""
    parent, outside = places[0], places[1].parent / "cnn-ablate-outside"
    unused(parent / "cnn-ablate-swept")
    unused(outside)
    (parent / "cnn-ablate-link").symlink_to(outside)
    (parent / "cnn-ablate-file").touch()
    (parent / "cnn-ablate-mine").mkdir()
    unused(parent / "another")
    names = ["another", "cnn-ablate-file", "cnn-ablate-link", "cnn-ablate-mine"]
    if os.getuid() == 0:  # only root gives folders away
        unused(parent / "cnn-ablate-other")
        os.chown(parent / "cnn-ablate-other", 12345, 12345)
        names.append("cnn-ablate-other")
    assert names == sweep(parent)
    assert ["in-use.lock"] == [path.name for path in outside.iterdir()]


def test_nothing_is_swept_where_there_are_no_locks(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, nobody knows whether a folder is in use."""
    parent, ready = places
    left = leave(parent, ready)

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert [left.name] == sweep(parent)


def test_a_fork_does_not_remove_the_folder_of_its_parent(tmp_path: Path) -> None:
    """What a fork inherits ends in it, too."""
    with ExitStack() as held:
        folder = held.enter_context(temporary_folder(tmp_path))
        assert 0 == fast_study.exit_code(fast_study.fork(held.close))
        assert folder.is_dir()
        assert [folder.parent.name] == [path.name for path in tmp_path.iterdir()]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a socket, which has 108 bytes at most."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_the_sockets_of_a_killed_run_are_removed_by_the_next(short: Path) -> None:
    """The server of its workers has one in the temporary folder."""
    script = (
        "from multiprocessing import forkserver\n"
        "from cnn_ablate import fork_server\n"
        "fork_server.context().set_forkserver_preload([])\n"
        "forkserver.ensure_running()\n"
        "print('started', flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(short)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        assert "started\n" == run.stdout.readline()
        [socket] = short.glob("*/files/listener-*")
        run.kill()
    assert [socket.parts[-3]] == [path.name for path in short.iterdir()]
    assert [] == sweep(short)


def test_the_files_of_a_ray_worker_are_in_one_folder_that_it_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's modules, once per version, and the files of commands."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(fork_server, "set_environment", lambda: None)
    worker = RayWorker()
    first, second, again = (
        worker._write_sources({"nets.py": source})
        for source in (b"a = 1\n", b"a = 2\n", b"a = 1\n")
    )
    assert b"a = 1\n" == (first / "nets.py").read_bytes()
    assert (first, False) == (again, first == second)
    assert 1 == len(list(tmp_path.iterdir()))
    worker.close()
    assert [] == list(tmp_path.iterdir())
