"""`pack`: a study in one file, which goes on elsewhere without training."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from support.cli_study import STUDY, call, write
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork

NETWORK = """\
from torch import nn


class Net(nn.Sequential):
    def __init__(self, channels, classes, norm="batch"):
        norms = [nn.BatchNorm2d(4)] if norm == "batch" else []
        super().__init__(nn.Conv2d(channels, 4, 3), *norms, nn.AdaptiveAvgPool2d(2),
                         nn.Flatten(), nn.Linear(16, classes))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study of a user-defined network that was run."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "nets.py").write_text(NETWORK, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.fork_server._METHOD", "fork")
        path = write(folder, STUDY.replace("name: lenet", 'name: "nets:Net"'))
        code, _, err = call("run", path.name, "--compute", "eager", cwd=folder)
    assert 0 == code, err
    return folder


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a ZIP file, and return the folder."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def test_what_is_unpacked_elsewhere_trains_nothing(ran: Path, tmp_path: Path) -> None:
    """The same command goes on, and writes the same report to the byte."""
    code, out, err = call("pack", "tiny.yaml", "-o", tmp_path / "tiny.zip", cwd=ran)
    assert (0, "") == (code, err)
    assert out.startswith(f"Packed: {tmp_path / 'tiny.zip'} (")
    elsewhere = unpack(tmp_path / "tiny.zip", tmp_path / "elsewhere")
    assert {"tiny.yaml", "nets.py", "README.md", "results", "reports"} == {
        path.name for path in elsewhere.iterdir()
    }
    packed = {path: path.read_bytes() for path in elsewhere.rglob("report.*")}
    code, _, err = call("run", "tiny.yaml", cwd=elsewhere)
    assert 0 == code
    assert "4 are done, 0 to train." in err
    assert packed == {path: path.read_bytes() for path in elsewhere.rglob("report.*")}
    assert not [*elsewhere.rglob("model.pt")]


@pytest.mark.slow
def test_the_same_study_makes_the_same_file(ran: Path, tmp_path: Path) -> None:
    """No time, no owner and no order of files enters it; with networks it has more."""
    copy = Path(shutil.copytree(ran, tmp_path / "copy"))
    for name, folder in {"one": ran, "other": copy}.items():
        assert 0 == call("pack", "tiny.yaml", "-o", tmp_path / name, "--networks", cwd=folder)[0]
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    said = call("pack", "tiny.yaml", "-o", tmp_path / "one", "--networks", "--json", cwd=ran)
    packed = json.loads(said[1])
    assert (0, 4) == (said[0], packed["trials"])
    assert 4 == sum(name.endswith("/model.pt") for name in packed["files"])


def test_links_are_not_followed(ran: Path, tmp_path: Path) -> None:
    """A link may lead to a file that nobody meant to publish."""
    folder = Path(shutil.copytree(ran, tmp_path / "copy"))
    secret = tmp_path / "secret.csv"
    secret.write_text("secret", encoding="utf-8")
    (folder / "results" / "tiny" / "notes.csv").symlink_to(secret)
    code, out, err = call("pack", "tiny.yaml", "-o", "tiny.zip", cwd=folder)
    assert (1, "") == (code, out)
    assert "results/tiny/notes.csv: is a link, which is not followed." in err
    assert not (folder / "tiny.zip").exists()


def test_a_damaged_trial_is_not_packed(ran: Path, tmp_path: Path) -> None:
    """Its file is named."""
    folder = Path(shutil.copytree(ran, tmp_path / "copy"))
    damaged = next(folder.glob("results/trials/*/epochs.csv"))
    damaged.write_text("damaged", encoding="utf-8")
    code, _, err = call("pack", "tiny.yaml", "-o", "tiny.zip", cwd=folder)
    assert 1 == code
    assert f"{damaged.relative_to(folder)}: does not match its checksum." in err
