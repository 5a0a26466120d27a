"""SUMS: an edited, emptied or removed table is found by `doctor`, named, and written anew."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.runner import prepare
from cnn_ablate.store import Store, is_sealed, read
from cnn_ablate.store.verify import find_problems
from support import cli_study, fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork

NAMES = ("results", "epochs", "steps", "classes", "confusion", "effects", "findings", "claims")
SEALED = (*(f"{name}.csv" for name in NAMES), "samples.npz")


def edit(path: Path) -> None:
    """Change one digit of a file, as an editor does."""
    content = path.read_bytes()
    at = max(content.rfind(b"%d" % digit) for digit in range(10))
    at = at if at >= 0 else len(content) // 2
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def empty(path: Path) -> None:
    """Remove all bytes of a file."""
    path.write_bytes(b"")


def cut(path: Path) -> None:
    """Remove the last byte of a file."""
    path.write_bytes(path.read_bytes()[:-1])


FAULTS = (edit, empty, cut, Path.unlink)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the study once; the folder of its tables, which each test leaves as it was."""
    patch = pytest.MonkeyPatch()
    patch.setattr(fast_study.fork_server, "_METHOD", "fork")
    folder = tmp_path_factory.mktemp("study")
    run_study(folder)
    yield folder / "results" / "fast"
    patch.undo()


def test_sums_are_those_of_all_tables(study: Path) -> None:
    """In the format of sha256sum."""
    expected = "".join(
        f"{hashlib.sha256((study / name).read_bytes()).hexdigest()}  {name}\n"
        for name in sorted(SEALED)
    )
    assert expected == (study / "SUMS").read_text()
    assert is_sealed(study)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", [*SEALED, "SUMS"])
def test_a_changed_table_is_found_and_written_anew(
    study: Path, name: str, fault: Callable[[Path], None]
) -> None:
    """`doctor` names it; `run` moves it aside and writes the same bytes again."""
    before = {path.name: path.read_bytes() for path in study.iterdir()}
    fault(study / name)
    problems = find_problems(Store(study.parent))
    if name != "SUMS":
        assert [study / name] == [problem.path for problem in problems]
    elif fault != Path.unlink:
        assert 1 == len(problems)
    run_study(study.parents[1])
    volatile = {"study.json", "progress.json"}
    after = {path.name: path.read_bytes() for path in study.iterdir()}
    assert {n: before[n] for n in before.keys() - volatile} == {
        n: after[n] for n in after.keys() - volatile
    }
    assert (fault != Path.unlink) == bool([*study.parent.glob("damaged/fast-*")])
    shutil.rmtree(study.parent / "damaged", ignore_errors=True)


@pytest.mark.parametrize("command", ["report", "export", "compare", "status", "plan"])
def test_other_commands_name_a_changed_table(study: Path, tmp_path: Path, command: str) -> None:
    """What they show is computed from the trials, and is right."""
    copy = shutil.copytree(study.parents[1], tmp_path / "copy")
    empty(copy / "results" / "fast" / "effects.csv")
    words = {"export": ("-o", "x.csv"), "compare": ("fast",), "plan": ()}.get(command, ())
    name = "fast.yaml" if command == "plan" else "fast"
    code, out, err = cli_study.call(command, name, *words, cwd=copy)
    assert 0 == code
    assert "effects.csv: does not match its checksum in SUMS." in out + err


def test_a_run_names_a_changed_table(study: Path, tmp_path: Path) -> None:
    """It says what it moves aside before it does."""
    copy = shutil.copytree(study.parents[1], tmp_path / "copy")
    edit(copy / "results" / "fast" / "effects.csv")
    config = fast_study.RunConfig(results=copy / "results")
    [note] = prepare(fast_study.read_study(copy / "fast.yaml"), config).notes
    assert "effects.csv: does not match its checksum in SUMS. A run moves it" in note


@pytest.mark.parametrize("name", ["results.csv", "epochs.csv", "effects.csv"])
def test_tables_without_trials_are_only_read_as_they_were_written(
    study: Path, tmp_path: Path, name: str
) -> None:
    """Where only the tables are left, an edited one is refused, and not shown."""
    copy = shutil.copytree(study, tmp_path / "fast")
    assert fast_study.TRIALS == len(read(tmp_path, "fast").trials)
    edit(copy / name)
    with pytest.raises(UserError, match=f"{name}: does not match its checksum in SUMS"):
        read(tmp_path, "fast")


def test_tables_of_an_earlier_version_have_no_sums(study: Path, tmp_path: Path) -> None:
    """They are read as they are."""
    copy = shutil.copytree(study, tmp_path / "fast")
    (copy / "SUMS").unlink()
    edit(copy / "effects.csv")
    assert fast_study.TRIALS == len(read(tmp_path, "fast").trials)
    assert not is_sealed(copy)


def test_a_study_is_read_from_the_folder_of_its_name(study: Path, tmp_path: Path) -> None:
    """Two studies that changed folders are not taken for each other; a copy has its own tables."""
    copy = shutil.copytree(study, tmp_path / "other")
    with pytest.raises(UserError, match=r"study\.json: is that of 'fast'"):
        read(tmp_path, "other")
    results = read(tmp_path, "other", is_copy=True)
    assert (copy, fast_study.TRIALS) == (results.folder, len(results.trials))
