"""Nothing outside the store, and nothing that it has not made, is removed or followed."""

import shutil
from pathlib import Path

import pytest

from cnn_ablate.store import Store
from support import cli_study, fake_study, fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = [pytest.mark.slow, fast_study.allow_fork]

OWN = (".scratch", ".checkpoints", ".locks", "damaged", "trials")
COMMANDS = {
    "clean": ("clean", "--delete", "--checkpoints"),
    "mend": ("doctor", "--mend"),
    "doctor": ("doctor",),
    "list": ("clean",),
    "run": ("run", "fast.yaml", "--workers", "1", "--no-audit", "--no-pictures"),
}
# Names that users choose, and names that look like those of the store.
NAMES = (
    "notes",
    "precious.old",
    "baseline-seed0-0123456789ab",
    "baseline-seed0-0123456789ab.old",
    "baseline-seed0-0123456789ab.01234567",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef.log",
    f"{'f' * 64}.pt",
    "run-0123.lock",
    "door.lock",
)
ORDINARY = (
    "notes",
    "precious.old",
    "run-12345678",
    "2024-seed-0-12345678",
    "results.csv",
    ".DS_Store",
    "model.pt",
    "a-b",
    "2024-11-28",
)


def fill(folder: Path, names: tuple[str, ...]) -> None:
    """Write a file and a folder with a file under each name, side by side."""
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "thesis.tex").write_text("precious")


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A made-up study in `results/`, beside a study file that can be run."""
    small = fake_study.FakeStudy(variants=2, seeds=1, images=10, epochs=1)
    fake_study.publish(tmp_path / "results", small)
    (tmp_path / "fast.yaml").write_text(fast_study.STUDY)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("linked", OWN)
def test_what_a_link_leads_to_is_left_alone(study: Path, linked: str, command: str) -> None:
    """Whatever its names are: the folder is the user's."""
    home = study / "home"
    fill(home, NAMES)
    before = contents(home)
    shutil.rmtree(study / "results" / linked, ignore_errors=True)
    (study / "results" / linked).symlink_to(home)
    code, out, err = cli_study.call(*COMMANDS[command], cwd=study)
    after = contents(home)
    assert before == {name: after[name] for name in before}
    if command in {"mend", "run"} and linked != "trials":
        assert 1 == code
        assert f"{linked}: is a link to another folder" in err
    elif command == "clean":
        assert (0, "results: nothing to remove.\n") == (code, out)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("folder", OWN)
def test_files_of_the_user_in_the_store_are_left_alone(
    study: Path, folder: str, command: str
) -> None:
    """Only names of the store's own form are removed."""
    place = study / "results" / folder
    fill(place, ORDINARY)
    before = contents(place)
    code, _, err = cli_study.call(*COMMANDS[command], cwd=study)
    after = contents(place)
    assert 0 == code, err
    assert before == {name: after[name] for name in before}


def test_a_link_in_an_unneeded_trial_is_not_followed(study: Path) -> None:
    """Nor is a folder removed that holds anything else than a trial does."""
    fill(study / "home", ("notes",))
    store = Store(study / "results")
    for name in ("a-seed0-00000000", "b-seed0-00000000", "c-seed0-00000000"):
        (store.trials / name).mkdir()
        (store.trials / name / "trial.json").write_text("{}")
    (store.trials / "a-seed0-00000000" / "model.pt").symlink_to(study / "home" / "notes")
    (store.trials / "b-seed0-00000000" / "thesis.tex").write_text("precious")
    (store.trials / "d-seed0-00000000").symlink_to(study / "home")
    code, out, _ = cli_study.call("clean", "--delete", cwd=study)
    assert 0 == code
    assert "c-seed0" in out
    assert {"a", "b", "d"} == {path.name[0] for path in store.trials.glob("*-00000000")}
    assert "precious" == (study / "home" / "notes" / "thesis.tex").read_text()


def test_a_run_through_linked_trials_keeps_them(tmp_path: Path) -> None:
    """Trials may be kept on another disk: they are read and published there."""
    (tmp_path / "results").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "results" / "trials").symlink_to(tmp_path / "disk")
    run_study(tmp_path)
    assert fast_study.TRIALS == len([*(tmp_path / "disk").iterdir()])


OTHERS = {
    "csv": b"name,grade\nme,1.0\n",
    "json": b'[\n {\n  "name":"me"\n }\n]',
    "tex": b"\\documentclass{article}\n\\begin{document}\nThesis\n",
}


@pytest.mark.parametrize("style", OTHERS)
def test_export_replaces_only_what_it_has_made(study: Path, style: str) -> None:
    """Another file of that name is replaced with --force only."""
    table = "ablation" if style == "tex" else "trials"
    words = ("export", "made_up", "-o", f"table.{style}", "--table", table)
    file = study / f"table.{style}"
    for content in (OTHERS[style], b"", b"\0\1"):
        file.write_bytes(content)
        code, _, err = cli_study.call(*words, cwd=study)
        assert 1 == code
        assert f"table.{style}: is there already, and was not made by this command." in err
        assert content == file.read_bytes()
    for extra in (("--force",), ()):
        assert 0 == cli_study.call(*words, *extra, cwd=study)[0]
    assert not file.read_bytes().startswith(OTHERS[style][:5] + b"!")


def test_export_says_that_a_folder_is_no_file(study: Path) -> None:
    """In one sentence."""
    (study / "table.csv").mkdir()
    code, _, err = cli_study.call("export", "made_up", "-o", "table.csv", "--force", cwd=study)
    assert 1 == code
    assert "table.csv: is there already" in err
