"""User modules: where they are searched, what their digest covers, and when they are refused."""

import hashlib
from pathlib import Path

import pytest

from cnn_ablate.custom import search_folders, user_code_folder, user_source_files
from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.study import read_study
from support.audit import NETWORK, USERS, changed
from support.custom_study import built, messages, study, write
from support.restart_python import restart_python

OTHER = changed(NETWORK, ("relu", "tanh"))


def test_another_source_is_another_trial(tmp_path: Path) -> None:
    """Trials of an older source are not reused for the new one."""
    keys = set()
    for network in (NETWORK, NETWORK, OTHER):
        keys.add(plan(study(tmp_path, network=network), resolve).trials[0].key)
        restart_python()

    assert 2 == len(keys)


def test_settings_of_another_source_cannot_be_built(tmp_path: Path) -> None:
    """A trial is only trained with the source that it was planned with."""
    baseline = study(tmp_path).baseline
    restart_python()
    study(tmp_path, network=OTHER)

    with pytest.raises(UserError, match="the source of nets:Net has changed since"):
        build_options(baseline)


RESTART = (
    "nets: this process has imported another version of 'nets'. "
    "Restart Python, or run the command again."
)


def test_a_module_that_was_edited_needs_a_restart(tmp_path: Path) -> None:
    """Neither a new plan nor an old one is trained with a source that is not on disk."""
    baseline = study(tmp_path).baseline

    [message] = messages(tmp_path, network=OTHER)

    assert message.endswith(f"baseline.model.name: {RESTART}")
    with pytest.raises(UserError) as caught:
        build_options(baseline)
    assert RESTART == str(caught.value)


def test_a_module_of_the_same_name_elsewhere_needs_a_restart(tmp_path: Path) -> None:
    """Python keeps one module per name; another one of the same contents is as good."""
    for folder in ("one", "same", "two", "none"):
        (tmp_path / folder).mkdir()
    first = study(tmp_path / "one").baseline

    assert first == study(tmp_path / "same").baseline
    assert messages(tmp_path / "two", network=OTHER)[0].endswith(RESTART)
    path = write(tmp_path / "none")
    path.with_name("nets.py").unlink()
    assert "there is no module 'nets' in " in messages_of(path)


def messages_of(path: Path) -> str:
    """Return what is wrong with a study."""
    with pytest.raises(ExceptionGroup) as caught:
        read_study(path)
    return "".join(map(str, caught.value.exceptions))


def test_the_folder_is_searched_only_while_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside, the current folder is searched, and modules in use are found where they were."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = study(tmp_path)
    with user_code_folder(tmp_path):
        assert (tmp_path, tmp_path / "elsewhere") == search_folders()

    assert (tmp_path / "elsewhere",) == search_folders()
    assert (4, 1, 3, 3) == built(found).stem.weight.shape


def test_modules_in_packages_import_each_other(tmp_path: Path) -> None:
    """A package beside the study is imported as Python imports it."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "nets.py").write_text(NETWORK, encoding="utf-8")
    (package / "more.py").write_text("from .nets import Net as Alias\n", encoding="utf-8")

    found = study(tmp_path, changed(USERS, ("nets:Net", "package.more:Alias")))

    assert (4, 1, 3, 3) == built(found).stem.weight.shape


def test_a_module_that_the_program_uses_cannot_be_replaced(tmp_path: Path) -> None:
    """A user's `json.py` would break the program, so it must be renamed."""
    (tmp_path / "json.py").write_text(NETWORK, encoding="utf-8")

    [message] = messages(tmp_path, changed(USERS, ("nets:Net", "json:Net")))

    assert message.endswith("json: the program itself uses a module 'json'. Rename yours.")


USE = "from nets import Net as Inner\n\n\nclass Net(Inner):\n    pass\n"
WRAPPED = changed(USERS, ("nets:Net", "use:Net"))


def key(folder: Path, text: str = WRAPPED, network: str = NETWORK) -> str:
    """Return the digest of the source of a study's network, as a new process computes it."""
    restart_python()
    return str(study(folder, text, network).baseline["model"]["sha256"])


@pytest.mark.parametrize("use", [USE, f"def Net(**knobs):\n    {USE.splitlines()[0]}\n"])
def test_a_module_stands_on_those_that_it_imports(tmp_path: Path, use: str) -> None:
    """A change of a module that the network imports is a change of the network; others are not."""
    (tmp_path / "use.py").write_text(use, encoding="utf-8")
    keys = {key(tmp_path), key(tmp_path, network=OTHER)}
    (tmp_path / "notes.py").write_text("import use\n", encoding="utf-8")

    assert 2 == len(keys)
    assert key(tmp_path) in keys


def test_a_helper_that_was_edited_needs_a_restart(tmp_path: Path) -> None:
    """No network is built on the old helper, whichever module was named before."""
    for name in ("use", "more"):
        (tmp_path / f"{name}.py").write_text(USE, encoding="utf-8")
    study(tmp_path, WRAPPED)

    for name in ("use", "more"):
        [message] = messages(tmp_path, changed(USERS, ("nets:Net", f"{name}:Net")), OTHER)
        assert message.endswith(RESTART.replace("nets:", f"{name}:"))


def test_a_module_that_failed_may_be_mended(tmp_path: Path) -> None:
    """What Python has not loaded needs no restart."""
    messages(tmp_path, network=f"{NETWORK}\n1 / 0\n")

    assert (4, 1, 3, 3) == built(study(tmp_path)).stem.weight.shape


def test_the_digest_is_that_of_the_sources_alone(tmp_path: Path) -> None:
    """Neither the folder nor earlier imports enter; for a single module it is its file's."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "use.py").write_text(USE, encoding="utf-8")
    alone = key(folders[1], USERS)

    assert key(folders[0]) == key(folders[1])
    assert hashlib.sha256(NETWORK.encode()).hexdigest() == alone == key(folders[0], USERS)


def test_workers_elsewhere_get_all_that_enters_the_digest(tmp_path: Path) -> None:
    """Also modules in packages, and modules that are imported late."""
    package = tmp_path / "package"
    package.mkdir()
    for name in ("__init__", "late"):
        (package / f"{name}.py").write_text("", encoding="utf-8")
    late = "def Net(**knobs):\n    from . import late\n"
    (package / "nets.py").write_text(late, encoding="utf-8")
    study(tmp_path, changed(USERS, ("nets:Net", "package.nets:Net"), (", width: 4", "")))

    assert {
        f"package/{name}.py" for name in ("__init__", "late", "nets")
    } <= user_source_files().keys()


def test_no_compiled_files_are_left_beside_the_module(tmp_path: Path) -> None:
    """The user's folder stays as it was."""
    study(tmp_path)

    assert {"nets.py", "tiny.yaml"} == {path.name for path in tmp_path.iterdir()}
