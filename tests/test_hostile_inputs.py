"""Hostile studies and results: no command but `run` of a trainer runs anything or touches files."""

import io
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cnn_ablate.store import read_record
from cnn_ablate.store.checksums import as_json, sha256
from support import cli_study, fake_study

pytestmark = pytest.mark.slow
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"}
CHANGES = {
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime"),
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
DATA = "data: {name: fashion_mnist_sample, subset: 40, test_subset: 20}"
HEAD = f"study: hostile\nbaseline:\n  {DATA}\n"
TRAINER = 'study: hostile\nbaseline: {lr: 0.1}\ntrainer: {command: [touch, "../precious/pwned"]'
# What Python's audit hooks report while they are watched; a hook cannot be removed.
events: list[str] = []
allowed: list[str] = []


def hook(event: str, arguments: tuple[object, ...]) -> None:
    """Record programs that are started, and files that are written outside of allowed folders."""
    if not allowed:
        return
    if event in PROGRAMS:
        events.append(f"{event} {arguments[:2]}")
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if (event in CHANGES or writes) and isinstance(arguments[0], str | bytes | Path):
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 - links stay
        if not path.startswith((*allowed, "/dev/")):
            events.append(f"{event} {path}")


sys.addaudithook(hook)


@contextmanager
def watched(*folders: Path) -> Iterator[None]:
    """Record what happens outside of some folders."""
    events.clear()
    allowed[:] = map(str, folders)
    try:
        yield
    finally:
        allowed.clear()


class Payload:
    """A pickle of it runs a command."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        """Return what is called when it is loaded."""
        return os.system, ("touch ../precious/pwned",)


STUDIES = {
    "a YAML tag": f"{HEAD}  model: !!python/object/apply:os.system ['touch ../precious/pwned']\n",
    "a shell as a network": f'{HEAD}  model: {{name: "subprocess:getoutput", cmd: touch x}}\n',
    "a shell as data": 'study: h\nbaseline: {data: {name: "os:system", command: touch x}}\n',
    "a pickle as weights": f'{HEAD}  model: {{name: "torchvision:resnet18", weights: evil.pt}}\n',
    "a command": f"{TRAINER}}}\n",
    "a command with inputs elsewhere": f'{TRAINER}, inputs: ["../precious/*"]}}\n',
    "a name that leads up": HEAD.replace("hostile", "../precious") + "  model: {name: lenet}\n",
    "a link to a module": f'{HEAD}  model: {{name: "linked:getoutput", cmd: touch x}}\n',
}
READING = ("plan", "audit", "explain", "status", "report", "export", "compare")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, beside one that is not to be touched."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file.txt").write_text("the user's")
    (tmp_path / "inside").mkdir()
    return tmp_path / "inside"


def assert_untouched(place: Path) -> None:
    """Assert that nothing was run, and that the folder beside is as it was."""
    assert [] == events
    [file] = (place.parent / "precious").iterdir()
    assert "the user's" == file.read_text()


def call(place: Path, *words: object) -> None:
    """Call a command, whose end is 0 or one sentence."""
    caches = [place.parent / "cache", place.parent / "home"]
    with watched(place, *caches):
        code, _, err = cli_study.call(*words, cwd=place)
    assert code in (0, 1, 2), err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", STUDIES)
def test_no_study_runs_or_touches_anything(place: Path, name: str) -> None:
    """Whichever command reads it."""
    (place / "hostile.yaml").write_text(STUDIES[name])
    (place / "evil.pt").write_bytes(pickle.dumps(Payload()))
    (place / "linked.py").symlink_to(shutil.__file__)
    for command in READING:
        words = {"export": ("-o", "t.csv"), "compare": ("other",), "explain": ("baseline",)}
        call(place, command, "hostile.yaml", *words.get(command, ()))
    assert_untouched(place)


def objects() -> bytes:
    """Return arrays of NumPy, one of which is a pickle that runs a command."""
    file = io.BytesIO()
    np.savez(file, label=np.array([Payload()], object), predicted=np.zeros(1))
    return file.getvalue()


def change(trial: Path, name: str, content: bytes) -> None:
    """Replace a file of a trial, with its checksum."""
    (trial / name).write_bytes(content)
    sums = json.loads((trial / "DONE").read_bytes())
    (trial / "DONE").write_bytes(as_json({**sums, name: sha256(content)}))


def named(trial: Path) -> None:
    """Name a shell as the network of a trial."""
    said = json.loads((trial / "trial.json").read_bytes())
    said["trial"]["settings"]["model"] = {"name": "os:system", "command": "touch x"}
    change(trial, "trial.json", json.dumps(said).encode())


def renamed(trial: Path) -> None:
    """Let the record of a study lead to another folder."""
    record = next(trial.parents[1].glob("*/study.json"))
    said = json.loads(record.read_bytes())
    said["study"] |= {"name": "../../../precious", "source": "../precious/file.txt"}
    record.write_text(json.dumps(said))


def linked(trial: Path) -> None:
    """Put links to the other folder where the store keeps its own."""
    shutil.rmtree(trial.parents[1] / ".scratch", ignore_errors=True)
    for name in (".scratch", ".checkpoints", "damaged"):
        (trial.parents[1] / name).symlink_to(trial.parents[3] / "precious")


def linked_trial(trial: Path) -> None:
    """Put a link to the other folder in the place of a trial."""
    shutil.rmtree(trial)
    trial.symlink_to(trial.parents[3] / "precious")


RESULTS: dict[str, Callable[[Path], None]] = {
    "a network that is a pickle": lambda t: change(t, "model.pt", pickle.dumps(Payload())),
    "predictions that are pickles": lambda t: change(t, "predictions.npz", objects()),
    "a shell as a network": named,
    "a record that leads elsewhere": renamed,
    "linked folders": linked,
    "a linked trial": linked_trial,
}
USING = (
    *("report", "status", "compare", "export", "predict", "load", "doctor", "mend"),
    *("clean", "pack"),
)
WORDS: dict[str, tuple[str, ...]] = {
    "compare": ("compare", "made_up", "made_up"),
    "export": ("export", "made_up", "-o", "t.csv"),
    "predict": ("predict", "made_up", "pictures", "-o", "p.csv"),
    "load": ("predict", "made_up", "pictures", "-o", "q.csv", "--trust-code"),
    "doctor": ("doctor",),
    "mend": ("doctor", "--mend"),
    "clean": ("clean", "--delete"),
    "pack": ("pack", "made_up", "-o", "made_up.zip"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_no_results_run_or_touch_anything(place: Path, name: str) -> None:
    """Whichever command uses them."""
    small = fake_study.FakeStudy(variants=2, seeds=1, images=20, epochs=1)
    fake_study.publish(place / "results", small)
    (place / "pictures").mkdir()
    [trial, *_] = read_record(place / "results", "made_up").plan.trials
    RESULTS[name](place / "results" / "trials" / trial.id)
    for command in USING:
        call(place, *WORDS.get(command, (command, "made_up")))
    assert_untouched(place)


def test_the_hook_sees_programs_and_files(place: Path) -> None:
    """The tests above could fail."""
    with watched(place):
        os.system("true")  # noqa: S605, S607 - what is watched for
        (place.parent / "outside").write_text("")
        (place / "within").write_text("")
    assert ["os.system (b'true',)", f"open {place.parent / 'outside'}"] == events
