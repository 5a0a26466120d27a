"""Modules of the user's own: where they are found, and when they are another source."""

from pathlib import Path

import pytest
from auditing import NETWORK, USERS, changed
from own import built, messages, study

from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan
from cnn_ablate.settings import parts, settle


def test_another_source_is_another_trial(tmp_path: Path) -> None:
    """What was trained with an older source of the network is not taken for the new one."""
    keys = {
        plan(study(tmp_path, network=network), settle).trials[0].key
        for network in (NETWORK, NETWORK, changed(NETWORK, ("relu", "tanh")))
    }

    assert 2 == len(keys)


def test_settings_of_another_source_cannot_be_built(tmp_path: Path) -> None:
    """A trial is never trained with a source that it was not planned with."""
    baseline = study(tmp_path).baseline
    study(tmp_path, network=changed(NETWORK, ("relu", "tanh")))

    with pytest.raises(UserError, match="the source of nets:Net is another one now"):
        parts(baseline)


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


def test_no_compiled_files_are_left_beside_the_module(tmp_path: Path) -> None:
    """The user's folder stays as it was."""
    study(tmp_path)

    assert {"nets.py", "tiny.yaml"} == {path.name for path in tmp_path.iterdir()}
