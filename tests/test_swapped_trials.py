"""A folder that holds another trial than its name says is named by every command, never read."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.inference import load_trained
from cnn_ablate.store import Store, read
from cnn_ablate.store.checksums import DONE
from support import cli_study, fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = [pytest.mark.slow, fast_study.allow_fork]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the study once, and return its folder."""
    patch = pytest.MonkeyPatch()
    patch.setattr(fast_study.fork_server, "_METHOD", "fork")
    folder = tmp_path_factory.mktemp("whole")
    run_study(folder)
    patch.undo()
    return folder


def swap(first: Path, second: Path) -> None:
    """Let two folders change their names."""
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def overwrite(first: Path, second: Path) -> None:
    """Let one folder hold a copy of the other."""
    shutil.rmtree(first)
    shutil.copytree(second, first)


def undo(first: Path, second: Path) -> None:
    """Let one folder hold a copy of the other that is not done."""
    overwrite(first, second)
    (first / DONE).unlink()


@pytest.fixture(params=[swap, overwrite])
def swapped(request: pytest.FixtureRequest, whole: Path, tmp_path: Path) -> Path:
    """Return a copy of the study with two trials that are not where their names say."""
    copy = shutil.copytree(whole, tmp_path / "copy", copy_function=shutil.copy2)
    first, second, *_ = sorted((copy / "results" / "trials").iterdir())
    request.param(first, second)
    return copy


COMMANDS = {
    "report": ("report", "fast"),
    "export": ("export", "fast", "-o", "table.csv"),
    "compare": ("compare", "fast", "fast"),
    "status": ("status", "fast"),
    "doctor": ("doctor",),
    "plan": ("plan", "fast.yaml"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_a_swapped_folder(swapped: Path, command: str) -> None:
    """Numbers of one trial are never shown under the name of another."""
    first = min((swapped / "results" / "trials").iterdir()).name
    _, out, err = cli_study.call(*COMMANDS[command], cwd=swapped)
    said = " ".join([*out.split(), *err.split()])
    assert first in said
    assert "holds another trial" in said
    assert not (swapped / "table.csv").exists()


def test_no_network_of_another_trial_is_loaded(swapped: Path) -> None:
    """By id and by folder; a copy whose name is not that of a trial is taken as it is."""
    first, *_ = sorted((swapped / "results" / "trials").iterdir())
    for trial in (first.name, first):
        with pytest.raises(UserError, match="holds another trial"):
            load_trained(trial, swapped / "results")
    shutil.copytree(first, swapped / "my_network")
    assert 10 == len(load_trained(swapped / "my_network").data.classes)


def test_a_run_trains_swapped_trials_anew(swapped: Path, whole: Path) -> None:
    """They are moved aside; the results are then those of the unbroken study."""
    run_study(swapped)
    fast_study.assert_same(whole, swapped)
    assert [*(swapped / "results" / "damaged").iterdir()]


def test_a_folder_that_is_not_done_holds_its_own_trial_too(whole: Path, tmp_path: Path) -> None:
    """The result of a trial that failed is not shown as that of another."""
    copy = shutil.copytree(whole, tmp_path / "copy")
    first, second, *_ = sorted((copy / "results" / "trials").iterdir())
    undo(first, second)
    text = (first / "trial.json").read_text().replace('"done"', '"diverged"')
    (first / "trial.json").write_text(text)
    with pytest.raises(UserError, match=f"{first.name}: holds another trial"):
        read(copy / "results", "fast")
    run_study(copy)
    fast_study.assert_same(whole, copy)


@pytest.mark.parametrize("name", ["trial.json", "epochs.csv", "predictions.npz", DONE])
@pytest.mark.parametrize(
    "fault", [Path.unlink, lambda path: path.write_bytes(b""), lambda path: path.mkdir()]
)
def test_a_file_that_cannot_be_read_is_named(
    whole: Path, tmp_path: Path, name: str, fault: Callable[[Path], object]
) -> None:
    """A missing, emptied or odd file is named; without DONE, a trial is not done."""
    copy = shutil.copytree(whole, tmp_path / "copy")
    file = min((copy / "results" / "trials").iterdir()) / name
    aside = file.rename(file.with_suffix(".aside"))
    if "mkdir" not in fault.__code__.co_names:
        aside.rename(file)
    fault(file)
    if name == DONE and not file.is_file():
        assert fast_study.TRIALS - 1 == len(read(copy / "results", "fast").predicted)
        assert None is Store(copy / "results").open(file.parent.name)
        return
    with pytest.raises(UserError, match=re.escape(f"{file}: ")):
        read(copy / "results", "fast")
