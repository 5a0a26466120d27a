"""Each operation on files that a command does fails: one sentence, and nothing is a bug or lost.

Python reports every operation to its audit hooks before it does it; a hook that raises makes it
fail as the operating system would.
"""

import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from support import cli_study, fake_study
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork

OPERATIONS = {
    *("open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.rmdir"),
    *("os.link", "os.symlink", "os.truncate", "os.utime", "os.chmod"),
}
# A full disk, a bad one, a quota, too many open files, no memory, no right, a disk that is
# read-only, a stale handle of NFS, a signal, a file that is in use, a name that is too long.
ERRORS = (
    *(errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ESTALE, errno.EINTR, errno.EBUSY),
    *(errno.ENAMETOOLONG, errno.ETIMEDOUT),
)


@dataclass
class Faults:
    """Which operation below a folder fails from then on, counted from 0, and with which error."""

    folder: str = ""
    failing: int = sys.maxsize
    code: int = 0
    seen: list[str] = field(default_factory=list)

    def on_event(self, event: str, arguments: tuple[object, ...]) -> None:
        """Count an operation, and let it fail from its turn on."""
        if not self.folder or event not in OPERATIONS:
            return
        path = arguments[0] if arguments else None
        if not isinstance(path, str | bytes | Path):
            return
        place = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links stay
        if place.startswith(self.folder):
            self.seen.append(f"{event} {place}")
            if self.seen[-1] in self.seen[self.failing : self.failing + 1]:
                raise OSError(self.code, os.strerror(self.code), os.fsdecode(path))


faults = Faults()
sys.addaudithook(faults.on_event)  # it cannot be removed


def call(
    folder: Path, words: str, failing: int = sys.maxsize, code: int = 0
) -> tuple[int, str, int]:
    """Call a command; return its exit code, what it said, and the number of operations."""
    faults.seen.clear()
    faults.folder, faults.failing, faults.code = f"{folder}", failing, code
    try:
        ended, _, said = cli_study.call(*words.split(), cwd=folder)
    finally:
        faults.folder = ""
    return ended, said, len(faults.seen)


COMMANDS = {
    "status": "status made_up",
    "compare": "compare made_up made_up",
    "export": "export made_up -o t.csv",
    "doctor": "doctor",
    "mend": "doctor --mend",
    "clean": "clean --delete",
    "plan": "plan tiny.yaml",
    "explain": "explain tiny.yaml baseline",
    "report": "report made_up --no-pictures",
    "pack": "pack tiny -o tiny.zip",
    "import": "import rows.yaml rows.csv",
    "run": "run tiny.yaml --compute eager --no-pictures --no-audit --workers 1",
}
ROWS = """\
study: rows
baseline: {lr: 0.1}
trainer: {command: [python, train.py]}
factors: {lr: [0.1, 0.2]}
seeds: 1
"""
TABLE = "lr,seed,test_accuracy\n0.1,0,0.5\n0.2,0,0.6\n"
# The others do many operations, or take long.
QUICK = ("clean", "explain")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with made-up results, a study that was run, and one to import."""
    root = tmp_path_factory.mktemp("whole")
    small = fake_study.FakeStudy(variants=2, seeds=1, images=20, epochs=1)
    fake_study.publish(root / "results", small)
    (root / "results" / ".scratch").mkdir(exist_ok=True)
    (root / "results" / ".scratch" / "left").touch()
    (root / "rows.yaml").write_text(ROWS)
    (root / "rows.csv").write_text(TABLE)
    short = cli_study.STUDY.replace("epochs: 3", "epochs: 1").replace("seeds: 2", "seeds: 1")
    cli_study.write(root, short)
    (root / "train.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.fork_server._METHOD", "fork")
        code, said, _ = call(root, COMMANDS["run"])
    assert 0 == code, said
    return root


NAMED = [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in COMMANDS]


def done(folder: Path) -> set[str]:
    """Return the hashes of the trials that are done, also of those moved aside."""
    files = (*folder.glob("results/trials/*/DONE"), *folder.glob("results/damaged/*/DONE"))
    return {file.parent.name.partition(".")[0] for file in files}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("denied", [False, True])
def test_an_operation_that_fails_is_one_sentence_and_loses_nothing(
    whole: Path, tmp_path: Path, name: str, *, denied: bool
) -> None:
    """Whichever it is. Where permission is denied, Python's own functions tend to be silent."""
    copytree(whole, tmp_path / "all")
    *_, count = call(tmp_path / "all", COMMANDS[name])
    assert count
    for failing in range(count):
        folder = tmp_path / f"{failing}"
        copytree(whole, folder)
        error = errno.EACCES if denied else ERRORS[failing % len(ERRORS)]
        code, said, _ = call(folder, COMMANDS[name], failing, error)
        what = (faults.seen[failing : failing + 1], os.strerror(error), said)
        assert code in (0, 1, 2), what
        assert "Traceback" not in said, what
        assert done(whole) <= done(folder), what
        rmtree(folder)
