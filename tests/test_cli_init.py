"""`init`: the file it writes is a study that runs."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from PIL import Image

from cnn_ablate.custom import user_code_folder
from cnn_ablate.data import DATASETS, DataSet
from cnn_ablate.data.picture_survey import survey_pictures
from cnn_ablate.models import MODELS, network_size
from cnn_ablate.plan import plan
from cnn_ablate.settings import build_options, options_of, resolve
from cnn_ablate.study import Changes, read_study
from cnn_ablate.study.json_schema import json_schema
from cnn_ablate.study.source import load
from cnn_ablate.study.template import study_template
from support import data_files
from test_cli import call


@pytest.mark.parametrize("model", MODELS)
def test_a_draft_of_every_network_is_a_study(tmp_path: Path, model: str) -> None:
    """It is read without an error, its variants differ, and each network can be built."""
    path = tmp_path / "mine.yaml"
    path.write_text(study_template(path.name, "fashion_mnist_sample", model), encoding="utf-8")
    study = read_study(path, Changes(profile="smoke"))
    layout = plan(study, resolve)
    assert ("mine", model) == (study.name, study.baseline["model"]["name"])
    assert (5, {}) == (len(layout.variants), layout.same)
    for variant in layout.variants:
        build_options(variant.settings).model.build((1, 28, 28), 10)


@pytest.mark.parametrize("data", DATASETS)
def test_a_draft_of_every_data_set_is_a_study(tmp_path: Path, data: str) -> None:
    """It is read without an error, is valid for editors, and normalises if statistics are known."""
    path = tmp_path / "mine.yaml"
    path.write_text(study_template(path.name, data, "lenet"), encoding="utf-8")
    study = read_study(path)
    assert data == study.baseline["data"]["name"]
    assert "none" != study.baseline["data"]["normalize"]
    assert [] == [*Draft7Validator(json_schema()).iter_errors(load(path).values)]


def draft_of(module: str, code: str, folder: Path) -> Path:
    """Return the study file that `init` drafts in a folder for `net` of a module with this code."""
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    path = folder / "mine.yaml"
    assert 0 == call("init", path, "--model", f"{module}:net").exit_code
    return path


def test_a_draft_of_a_network_of_the_users_own(tmp_path: Path) -> None:
    """Its switches are found in its signature; strings that YAML would misread are quoted."""
    code = (
        "from torch import nn\n"
        "def net(channels, classes, image_size, wide: bool = False, kind: str = 'null'):\n"
        "    size = channels * image_size ** 2\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(size, classes, bias=wide))\n"
    )
    path = draft_of("drafted_net", code, tmp_path)
    study = read_study(path)
    assert {"name": "drafted_net:net", "wide": False, "kind": "null"} == study.written["model"]
    assert "model.wide" == study.factors[0].name


@pytest.mark.parametrize("where", [".", "studies"])
def test_a_draft_of_a_folder_of_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The study finds the images from any directory: by its own folder, or by their path."""
    monkeypatch.chdir(tmp_path)
    for name in ("猫/1.png", "猫/2.png"):
        data_files.picture(tmp_path / "my pictures" / name)
    path = Path(where) / "mine.yaml"

    assert 0 == call("init", path, "--data", "my pictures", "--model", "lenet").exit_code

    data = read_study(path).written["data"]
    home = "my pictures" if where == "." else (tmp_path / "my pictures").as_posix()
    assert ("image_folder", home) == (data["name"], data["path"])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert ("猫",) == classes_of(tmp_path / path)


def test_a_study_may_lie_beside_train_and_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it is not inside the folder of classes, and finds them."""
    data_files.folder(tmp_path, ["a", "b"])
    monkeypatch.chdir(tmp_path)

    assert 0 == call("init", "mine.yaml", "--data", ".", "--model", "lenet").exit_code

    assert ("a", "b") == classes_of(Path("mine.yaml"))


@pytest.mark.parametrize(
    ("mode", "sizes", "expected"),
    [
        (
            "L",
            [28, 28],
            [
                "image_size: 28  # All pictures have 28 x 28 pixels.",
                "grey: true  # All pictures are grey: one channel is enough.",
            ],
        ),
        (
            "RGB",
            [48, 48],
            [
                "image_size: 48  # All pictures have 48 x 48 pixels.",
                "grey: false  # Read one grey channel instead of red, green and blue.",
            ],
        ),
        (
            "RGB",
            [28, 40],
            ["image_size: 32  # Side in pixels; pictures (up to 40 x 40) are fitted."],
        ),
        (
            "RGB",
            [80, 80],
            ["image_size: 32  # Side in pixels; pictures (up to 80 x 80) are fitted."],
        ),
    ],
)
def test_a_draft_has_the_size_and_the_channels_of_the_pictures(
    tmp_path: Path, mode: str, sizes: Sequence[int], expected: Sequence[str]
) -> None:
    """Small pictures of one size keep it, grey ones have one channel, and comments say why."""
    for number, side in enumerate(sizes):
        data_files.picture(tmp_path / f"shapes/a/{number}.png", mode=mode, size=(side, side))
    path = tmp_path / "mine.yaml"
    assert 0 == call("init", path, "--data", tmp_path / "shapes", "--model", "lenet").exit_code
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    assert [*expected] == [line for line in expected if line in lines]


def test_pictures_stored_in_colour_can_be_grey_and_broken_ones_are_left_to_the_run(
    tmp_path: Path,
) -> None:
    """Equal channels are one; a draft needs no picture that can be read."""
    data_files.picture(tmp_path / "grey.png", mode="L", size=(28, 28))
    Image.open(tmp_path / "grey.png").convert("RGB").save(tmp_path / "colour.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert survey_pictures([tmp_path / "colour.png", tmp_path / "broken.png"]).knobs() == {
        "image_size": (28, "All of 1 that were read have 28 x 28 pixels."),
        "grey": (True, "All of 1 that were read are grey: one channel is enough."),
    }
    assert {} == survey_pictures([tmp_path / "broken.png"]).knobs()


def classes_of(path: Path) -> tuple[str, ...]:
    """Return the classes that a study finds in its folder of images."""
    with user_code_folder(path.parent):
        data: DataSet = options_of("data", read_study(path).baseline["data"])
        return data.spec().classes


def test_init_writes_a_file_and_says_what_to_do(tmp_path: Path) -> None:
    """The study and the schema for editors are written, and the next command is printed."""
    path = tmp_path / "new" / "my study.yaml"
    said = call("init", path, "--data", "cifar10", "--model", "resnet")
    assert 0 == said.exit_code
    assert f"Try it: cnn-ablate run '{path}' --smoke" in said.output
    assert "my_study" == read_study(path).name
    assert path.with_name("study.schema.json").is_file()


@pytest.mark.parametrize("file", ["con.yaml", "trials.yaml", f"{'n' * 200}.yaml"])
def test_a_file_whose_name_no_study_can_have(tmp_path: Path, file: str) -> None:
    """The study gets another name then, and can be read."""
    path = tmp_path / "mine.yaml"
    path.write_text(study_template(file, "fashion_mnist_sample", "lenet"), encoding="utf-8")
    assert "study" == read_study(path).name


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    """An existing file is not changed."""
    path = tmp_path / "mine.yaml"
    path.write_text("mine", encoding="utf-8")
    assert f"{path}: already exists. Choose another name." == str(call("init", path).exception)
    assert "mine" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mine.txt"], "a study file ends in .yaml. Name it mine.txt.yaml."),
        (
            ["a.yaml", "--data", "cifar"],
            "--data cifar: no such folder, and unknown data set 'cifar'. Did you mean 'cifar10'?",
        ),
        (["a.yaml", "--data", "boxes"], "notes.txt: is not a folder of pictures."),
        (["a.yaml", "--model", "lenett"], "unknown model 'lenett'. Did you mean 'lenet'?"),
        (
            ["a.yaml", "--model", "wanting_net:Net"],
            "model: the keys 'ins' and 'outs' are missing. An argument of Net called `channels`, "
            "`classes`, `image_size`, `in_channels` or `num_classes` is filled in; any other ",
        ),
    ],
)
def test_init_of_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    """Unknown names, missing keys and stray files are reported, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "notes.txt").touch()
    (tmp_path / "wanting_net.py").write_text("def Net(ins, outs): ...\n", encoding="utf-8")
    assert said in str(call("init", *words).exception)
    assert [] == [*tmp_path.glob("*.yaml")]


@pytest.mark.parametrize(
    ("count", "epochs", "batch_size"), [(160, 63, 16), (2_000, 10, 32), (60_000, 10, 64)]
)
def test_few_images_get_more_epochs_and_smaller_batches(
    tmp_path: Path, count: int, epochs: int, batch_size: int
) -> None:
    """A draft trains for at least 500 steps, and its comment is as true of other values."""
    images = count - round(count / 5)
    text = study_template("mine.yaml", "fashion_mnist_sample", "lenet", images=images)
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    training = read_study(path).written["training"]
    assert {"epochs": epochs, "batch_size": batch_size} == training
    assert -(-images // batch_size) * epochs >= 500
    rule = f"At least 500 steps: an epoch has {images:,} images, divided by batch_size."
    assert f"    epochs: {epochs}  # {rule}\n" in text


def test_without_a_network_the_draft_is_of_one_that_trains_in_minutes(tmp_path: Path) -> None:
    """All its trials together take fewer than 10^12 multiply-adds."""
    path = tmp_path / "first.yaml"
    assert 0 == call("init", path).exit_code
    study = read_study(path)
    size = network_size(options_of("model", study.baseline["model"]), (1, 28, 28), 10)
    images = DATASETS["fashion_mnist_sample"].sizes[0] * study.baseline["training"]["epochs"]
    assert len(plan(study, resolve).trials) * images * size.macs < 1e12
