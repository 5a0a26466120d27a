"""Modules of the user's own: where they are found, and when they are another source."""

import hashlib
from pathlib import Path

import pytest

from cnn_ablate.custom import sources
from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan
from cnn_ablate.settings import build_options, resolve
from support.audit import NETWORK, USERS, changed
from support.custom_study import built, messages, study


def test_another_source_is_another_trial(tmp_path: Path) -> None:
    """What was trained with an older source of the network is not taken for the new one."""
    keys = {
        plan(study(tmp_path, network=network), resolve).trials[0].key
        for network in (NETWORK, NETWORK, changed(NETWORK, ("relu", "tanh")))
    }

    assert 2 == len(keys)


def test_settings_of_another_source_cannot_be_built(tmp_path: Path) -> None:
    """A trial is never trained with a source that it was not planned with."""
    baseline = study(tmp_path).baseline
    study(tmp_path, network=changed(NETWORK, ("relu", "tanh")))

    with pytest.raises(UserError, match="the source of nets:Net is another one now"):
        build_options(baseline)


def test_a_module_of_the_same_name_elsewhere_is_another_one(tmp_path: Path) -> None:
    """The folder of the study that is read decides, whatever was imported before."""
    folders = [tmp_path / "one", tmp_path / "two"]
    networks = [NETWORK, changed(NETWORK, ("relu", "tanh"))]
    for folder, network in zip(folders, networks, strict=True):
        folder.mkdir()
        study(folder, network=network)

    sources = [
        study(folder, network=n).baseline for folder, n in zip(folders, networks, strict=True)
    ]

    assert sources[0]["model"]["sha256"] != sources[1]["model"]["sha256"]


def test_modules_in_packages_import_each_other(tmp_path: Path) -> None:
    """A package beside the study is imported as Python would import it."""
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
OTHER = changed(NETWORK, ("relu", "tanh"))
WRAPPED = changed(USERS, ("nets:Net", "use:Net"))


def key(folder: Path, text: str = WRAPPED, network: str = NETWORK) -> str:
    """Give the digest of what a study's network comes from."""
    return str(study(folder, text, network).baseline["model"]["sha256"])


@pytest.mark.parametrize("use", [USE, f"def Net(**knobs):\n    {USE.splitlines()[0]}\n"])
def test_a_module_stands_on_those_that_it_imports(tmp_path: Path, use: str) -> None:
    """Another source of a helper is another network, wherever it is imported; others are not."""
    (tmp_path / "use.py").write_text(use, encoding="utf-8")
    keys = {key(tmp_path), key(tmp_path, network=OTHER)}
    (tmp_path / "notes.py").write_text("import use\n", encoding="utf-8")

    assert 2 == len(keys)
    assert key(tmp_path) in keys


def test_what_stands_on_a_helper_that_changed_is_imported_anew(tmp_path: Path) -> None:
    """No part of the old network is left, whichever module was named before."""
    for name in ("use", "more"):
        (tmp_path / f"{name}.py").write_text(USE, encoding="utf-8")
    more = changed(USERS, ("nets:Net", "more:Net"))
    study(tmp_path, WRAPPED)
    found = {text: study(tmp_path, text, OTHER) for text in (more, WRAPPED)}

    assert all("tanh" in built(one).forward.__code__.co_names for one in found.values())


def test_the_digest_is_that_of_the_sources_alone(tmp_path: Path) -> None:
    """Neither the folder nor what was imported before enters; a lone module's is its file's."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "use.py").write_text(USE, encoding="utf-8")
    alone = key(folders[1], USERS)

    assert key(folders[0]) == key(folders[1])
    assert hashlib.sha256(NETWORK.encode()).hexdigest() == alone == key(folders[0], USERS)


def test_workers_elsewhere_get_all_that_enters_the_digest(tmp_path: Path) -> None:
    """Of modules in packages too, and of those that are imported when they are needed."""
    package = tmp_path / "package"
    package.mkdir()
    for name in ("__init__", "late"):
        (package / f"{name}.py").write_text("", encoding="utf-8")
    late = "def Net(**knobs):\n    from . import late\n"
    (package / "nets.py").write_text(late, encoding="utf-8")
    study(tmp_path, changed(USERS, ("nets:Net", "package.nets:Net"), (", width: 4", "")))

    assert {f"package/{name}.py" for name in ("__init__", "late", "nets")} <= sources().keys()


def test_no_compiled_files_are_left_beside_the_module(tmp_path: Path) -> None:
    """The user's folder stays as it was."""
    study(tmp_path)

    assert {"nets.py", "tiny.yaml"} == {path.name for path in tmp_path.iterdir()}
