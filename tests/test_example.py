"""The complete example: its images, network and study, run as its page says."""

import runpy
import shutil
from pathlib import Path

import pytest

from cnn_ablate import load_model, load_study, plan_study, run_study
from cnn_ablate.schema import Study
from support.fast_study import allow_fork, fork_workers
from support.restart_python import restart_python

__all__ = ["fork_workers"]
pytestmark = allow_fork

EXAMPLE = Path(__file__).parents[1] / "examples" / "shapes"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, with a few images."""
    folder = tmp_path_factory.mktemp("example") / "shapes"
    shutil.copytree(EXAMPLE, folder)
    make = runpy.run_path(str(folder / "make_images.py"))["make"]
    make(folder / "images", {"train": 4, "test": 2})
    return folder


def shortened(folder: Path) -> Study:
    """Return the example's study, shortened to one epoch."""
    return load_study(folder / "study.yaml", sets={"training.epochs": 1}, seeds=1)


def test_the_study_is_short(here: Path) -> None:
    """The study has no more than twenty lines."""
    assert 20 >= len((here / "study.yaml").read_text(encoding="utf-8").splitlines())


def test_each_switch_makes_another_network(here: Path) -> None:
    """Three switches and the baseline: four networks, of three sizes."""
    table = plan_study(shortened(here), results=here).set_index("variant")

    sizes = table["parameters"].to_dict()
    assert ["baseline", "stem=imagenet", "pool=max", "shortcuts=false"] == list(sizes)
    assert sizes["baseline"] == sizes["pool=max"]
    assert sizes["stem=imagenet"] > sizes["baseline"] > sizes["shortcuts=false"]


def test_a_smoke_test_is_of_these_pictures(here: Path) -> None:
    """The network only takes colour images."""
    assert (
        "image_folder" == load_study(here / "study.yaml", profile="smoke").baseline["data"]["name"]
    )


def test_it_runs_and_its_network_is_found_again(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variant is trained and loaded from anywhere: its module is found beside the study."""
    tables = run_study(shortened(here), only="baseline", audit=False, results=here / "r", workers=1)
    [trial] = tables["trials"].query("status == 'done'")["trial"]
    monkeypatch.chdir(tmp_path)
    restart_python()

    network = load_model(trial, here / "r", trust_code=True)

    assert "ResNet" == type(network).__name__
