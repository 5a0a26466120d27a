"""User-defined data sets: both halves are requested, read item by item, and checked."""

from pathlib import Path

import pytest

from cnn_ablate.data import load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.plan import plan
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.study import read_study
from support import cli_study
from support.audit import LENET, changed
from support.custom_study import write
from support.data_files import refused
from support.fast_study import allow_fork, fork_workers
from support.restart_python import restart_python

__all__ = ["fork_workers"]
pytestmark = [allow_fork, pytest.mark.usefixtures("all_figures")]

# Images that a straight line tells apart: class 1 is brighter.
STRIPES = """\
import numpy as np


class Stripes:
    classes = ("dark", "bright")

    def __init__(self, train, root, size=16, count: int = 40):
        self.numbers = range(count if train else 10)
        self.size = size

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, number):
        label = number % 2
        image = np.full((self.size, self.size, 1), 60 + 60 * label + number, np.uint8)
        return image, label
"""
STUDY = changed(
    LENET,
    ("{name: fashion_mnist_sample, subset: 200, test_subset: 100}", '{name: "sets:Stripes"}'),
    ("epochs: 3", "epochs: 1"),
    ("seeds: 6", "seeds: 1"),
)


def options(folder, text=STUDY, module=STRIPES):
    """Return the options of a study's data set, whose module is written beside it."""
    (folder / "sets.py").write_text(module, encoding="utf-8")
    return build_options(read_study(write(folder, text)).baseline).data


def test_items_become_images_in_their_order(tmp_path):
    """Shape, classes and pixels are those of the items."""
    images = load(options(tmp_path), tmp_path)

    assert ("dark", "bright") == images.facts.classes
    assert ("sets:Stripes", 40, 10) == (images.facts.name, images.facts.train, images.facts.test)
    assert (40, 1, 16, 16) == images.train.shape
    assert [60, 121, 62] == images.train[:3, 0, 0, 0].tolist()
    assert [0, 1, 0] == images.test_labels[:3].tolist()


def test_arguments_are_knobs_beside_those_of_every_data_set(tmp_path):
    """Arguments that the program passes are no knobs; the digest is part of the settings."""
    settings = read_settings(tmp_path, "size: 20, subset: 8, augment: [random_crop]")

    assert (20, 40, 8) == (settings["size"], settings["count"], settings["subset"])
    assert not {"train", "root"} & settings.keys()
    assert 64 == len(settings["sha256"])


def read_settings(folder, knobs, module=STRIPES):
    """Return the resolved `data` section of a study's baseline."""
    (folder / "sets.py").write_text(module, encoding="utf-8")
    text = changed(STUDY, ('"sets:Stripes"', f'"sets:Stripes", {knobs}'))
    return read_study(write(folder, text)).baseline["data"]


def test_a_factor_may_vary_a_knob_of_the_data(tmp_path):
    """Each level reads its own images, and another source makes other trials."""
    keys = []
    for module in (STRIPES, STRIPES.replace("60 +", "70 +")):
        (tmp_path / "sets.py").write_text(module, encoding="utf-8")
        study = read_study(write(tmp_path, STUDY + "factors: {data.size: [16, 20]}\n"))
        keys += [trial.key for trial in plan(study, resolve).trials]
        restart_python()

    assert 4 == len(set(keys))


def test_a_function_may_give_the_halves_by_their_name(tmp_path):
    """`split` is passed if there is no `train`, and labels may name the classes."""
    module = """\
import torch
from torch.utils.data import TensorDataset

def make(split, amount=1.0):
    n = {"train": 6, "test": 3}[split]
    return TensorDataset(torch.full((n, 3, 16, 16), amount), torch.arange(n) % 3)
"""
    text = changed(STUDY, ("sets:Stripes", "sets:make"))

    images = load(options(tmp_path, text, module))

    assert ("0", "1", "2") == images.facts.classes
    assert (6, 3, 255) == (len(images.train), len(images.test), int(images.train.max()))


def test_torchvision_has_data_sets_that_can_be_named(tmp_path):
    """A class of an installed package gets the data root as `root`."""
    text = changed(STUDY, ("sets:Stripes", "torchvision.datasets:USPS"))

    message = refused(load, options(tmp_path, text), tmp_path)

    assert message.startswith("torchvision.datasets:USPS: building it failed: FileNotFoundError: ")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("number % 2 + 1", "sets:Stripes: its labels start at 1. Subtract 1 from each."),
        (
            "number % 2 * 3",
            "sets:Stripes: no training image has label 1 and 2 of 0 to 3. Number the classes "
            "without gaps, or name all of them in an attribute `classes`.",
        ),
    ],
)
def test_labels_without_names_number_the_classes_from_zero(tmp_path, label, message):
    """Else there would be classes that no image has."""
    unnamed = ('classes = ("dark", "bright")\n', "")
    module = changed(
        STRIPES, unnamed, ("label = number % 2", f"label = {label}"), ("60 * label", "1")
    )

    assert message == refused(load, options(tmp_path, module=module))


def test_images_of_four_channels_are_trained_on_and_not_shown(tmp_path):
    """The report has no pictures of them; all else is there."""
    (tmp_path / "sets.py").write_text(
        changed(STRIPES, ("self.size, self.size, 1", "4, self.size, self.size")), encoding="utf-8"
    )
    study = write(tmp_path, STUDY)

    code, _, err = cli_study.call("run", study, "--workers", "1", cwd=tmp_path)

    assert code == 0, err
    names = {path.stem for path in (tmp_path / "reports").rglob("*.svg")}
    assert names
    assert not names & {"samples", "confused_samples"}


WRONG = {
    "neither": (
        ("train, root", "root"),
        "HERE/tiny.yaml:3:16: baseline.data.name: sets:Stripes: takes neither 'train' nor 'split'. "
        "It is called once for the training and once for the test images.",
    ),
    "a knob that is taken": (
        ("size=16", "shuffle=16"),
        "HERE/tiny.yaml:3:16: baseline.data.name: sets:Stripes: 'shuffle' cannot be a knob. "
        "Rename this argument.",
    ),
    "building": (
        ("self.size = size", "self.size = size / 0"),
        "sets:Stripes: building it failed: ZeroDivisionError: division by zero (sets.py, line 9).",
    ),
    "an item": (
        ("image, label", "image, label, 3"),
        "sets:Stripes: item 0 is not a pair of an image and a label.",
    ),
    "an item that fails": (
        ("label = number % 2", "label = [0, 1][number]"),
        "sets:Stripes: its training images cannot be read: IndexError: list index out of range "
        "(sets.py, line 15).",
    ),
    "normalised": (
        ("np.uint8)", "np.float32)"),
        "sets:Stripes: item 0: expected numbers from 0 to 1, got 60 to 60. Leave it to "
        "data.normalize to normalise.",
    ),
    "mixed sizes": (
        ("self.size, self.size, 1", "self.size, self.size + number, 1"),
        "sets:Stripes: image 1 is 1 x 16 x 17, but the first is 1 x 16 x 16. All images "
        "must have one size.",
    ),
    "too many labels": (
        ("label = number % 2", "label = number % 3 * (number < 6)"),
        "sets:Stripes: the label 2 is not one of 2 classes. Labels start at 0.",
    ),
    "no labels": (
        ("image, label", "image, 'bright'"),
        "sets:Stripes: item 0: expected a class number from 0 up as label, got 'bright'.",
    ),
    "no images": (
        ("image, label", "'file.png', label"),
        "sets:Stripes: item 0: expected a picture, an array or a tensor, got str.",
    ),
    "nothing": (
        ("else 10", "else 0"),
        "sets:Stripes: it contains no images.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    """An error in the user's code, or in its output, is reported with its name and line."""
    change, expected = WRONG[name]
    with pytest.raises((ExceptionGroup, UserError)) as caught:
        load(options(tmp_path, module=changed(STRIPES, change)))

    [fault] = getattr(caught.value, "exceptions", [caught.value])
    assert expected == str(fault).replace(str(tmp_path), "HERE")


def test_a_study_of_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers open it too, wherever the program was started."""
    folder = tmp_path / "study"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    options(folder)
    config = RunConfig(results=tmp_path / "results", resources=Resources(workers=1))
    prepared = prepare(read_study(folder / "tiny.yaml"), config)

    [status] = run(prepared, outstanding(prepared), config, lambda _: None).results.trials["status"]

    assert "done" == status


def test_images_that_change_are_not_trained_on(tmp_path: Path) -> None:
    """A data set whose images are random cannot be compared with itself."""
    options(tmp_path, module=changed(STRIPES, ("+ number,", "+ np.random.randint(9),")))
    config = RunConfig(results=tmp_path / "results", resources=Resources(workers=1))
    prepared = prepare(read_study(tmp_path / "tiny.yaml"), config)

    [error] = run(prepared, outstanding(prepared), config, lambda _: None).results.trials["error"]

    assert "sets:Stripes: its images have changed since the study was planned." in error
