"""The smaller commands, called in this process."""

import json
import re
from importlib.metadata import version
from itertools import product
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cnn_ablate.cli import app
from cnn_ablate.cli.commands.list import LISTS
from cnn_ablate.cli.grouped_help import GROUPS
from cnn_ablate.data import DATASETS, load
from cnn_ablate.errors import UserError
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.models import MODELS
from cnn_ablate.plan.designs import DESIGNS
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.settings import build_options
from cnn_ablate.store import Store
from cnn_ablate.study import read_study
from cnn_ablate.train import TrialInput, train
from support import fake_study
from test_train import trial

ROOT = Path(__file__).parents[1]


def call(*words: object, columns: int = 200) -> Result:
    """Return the result of a command."""
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": str(columns)})


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("models", list(MODELS)),
        ("datasets", list(DATASETS)),
        ("augments", ["random_crop", "cutmix"]),
        ("attention", ["none", "se", "cbam", "self_attention"]),
        ("training", ["epochs", "average_start"]),
        ("designs", list(DESIGNS)),
        ("metrics", list(KNOWN_METRICS)),
        ("", list(LISTS)),
    ],
)
def test_list_shows_entries_and_knobs(table: str, names: list[str]) -> None:
    """Every entry of a table is listed."""
    said = call("list", *([table] if table else []))
    assert 0 == said.exit_code
    assert set(names) <= set(said.output.replace(":", " ").split())


def test_the_version_is_printed() -> None:
    """`--version` prints that of the installed package."""
    assert f"cnn-ablate {version('cnn-ablate')}\n" == call("--version").output


def test_help_groups_every_command_with_its_whole_sentence() -> None:
    """No command is left out, and none is cut off."""
    said = call("--help", columns=80).output
    assert all(f"\n{title}:\n" in said for title in GROUPS)
    assert "Other:" not in said
    assert "..." not in said.partition("Start:")[2]


def test_data_list_says_what_is_here(tmp_path: Path) -> None:
    """The embedded images are found, the others are not."""
    said = call("data", "list", "--data", tmp_path).output
    assert "fashion_mnist_sample: here." in said
    assert "svhn: not found: looked for" in said


def test_data_verify_prints_the_fingerprint() -> None:
    """The counts and the SHA-256 of an intact data set are printed."""
    said = call("data", "verify", "fashion_mnist_sample").output
    assert "4,000 training and 1,000 test images, SHA-256 " in said


def test_data_fetch_of_what_cannot_be_fetched() -> None:
    """A data set without a download has a message on how to get it."""
    said = call("data", "fetch", "image_folder")
    assert isinstance(said.exception, UserError)
    said = call("data", "fetch", "imagenet")
    assert "unknown data set 'imagenet'" in str(said.exception)


def test_plan_prints_a_table_and_remarks(tmp_path: Path) -> None:
    """The plan shows changes, sizes and the smallest possible p."""
    study = tmp_path / "s.yaml"
    study.write_text(
        "study: s\n"
        "baseline:\n"
        "  data: {name: fashion_mnist_sample, augment: [random_crop]}\n"
        "  model: {name: lenet}\n"
        "factors:\n"
        "  model.activation: [relu, mish]\n"
        "  data.augment: [[random_crop], [horizontal_flip]]\n"
        "seeds: 4\n"
    )
    said = call("plan", study, "--results", tmp_path).output
    assert "activation: relu -> mish" in said
    assert "augment: random_crop -> horizontal_flip" in said
    assert "3 variants x 4 seeds = 12 trials; 0 are done" in said
    assert "contrasts with 4 seeds: Holm on paired t" in said


def test_plan_with_fewer_seeds_of_some(tmp_path: Path) -> None:
    """If variants have different numbers of seeds, the plan says so and counts the trials."""
    study = tmp_path / "s.yaml"
    study.write_text(
        "study: s\n"
        "baseline: {data: {name: fashion_mnist_sample}, model: {name: lenet}}\n"
        "factors: {model.activation: [relu, mish, elu]}\n"
        "seeds: 8\n"
        "fewer_seeds: {activation=elu: 3}\n"
    )
    said = call("plan", study, "--results", tmp_path).output
    assert "3 variants x 3 to 8 seeds = 19 trials" in said
    rows = json.loads(call("plan", study, "--json", "--results", tmp_path).output)["variants"]
    assert [len(row["trial_ids"]) for row in rows] == [8, 8, 3]
    assert rows[-1]["seeds"] == [0, 1, 2]


def test_plan_guesses_the_time_on_this_machine(tmp_path: Path) -> None:
    """A trial costs its multiply-adds (30 G per second) and its steps (2 ms each) on a CPU."""
    study = tmp_path / "s.yaml"
    text = (
        "study: s\n"
        "baseline:\n"
        "  data: {name: fashion_mnist_sample, val_fraction: 0.1}\n"
        "  model: {name: lenet}\n"
        "  training: {epochs: 100, batch_size: 4}\n"
        "seeds: 20\n"
    )
    study.write_text(text)
    asked = ("plan", study, "--device", "cpu", "--workers", 1, "--results", tmp_path)
    row = json.loads(call(*asked, "--json").output)["variants"][0]
    assert 100 * 900 == row["steps"]
    seconds = 100 * (900 * 0.002 + row["macs"] * (3 * 3600 + 400 + 1000) / 3e10)
    assert pytest.approx(seconds) == row["seconds"]
    assert (
        f"about {20 * seconds / 60:.0f} min on this machine (cpu, 1 worker)" in call(*asked).output
    )
    study.write_text(text.replace("fashion_mnist_sample", "fashion_mnist"))
    row = json.loads(call(*asked, "--json", "--data", tmp_path).output)["variants"][0]
    assert 100 * 13_500 == row["steps"]  # 60,000 images, though they are not here


def test_plan_assumes_nothing_of_pictures_that_it_cannot_read(tmp_path: Path) -> None:
    """The number of images in a folder with unreadable ones is unknown."""
    for part, label in product(("train", "test"), ("cat", "dog")):
        folder = tmp_path / "data" / "pets" / part / label
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / "1.png")
    (folder / "2.png").write_bytes(b"no picture")
    study = tmp_path / "s.yaml"
    study.write_text(
        "study: s\n"
        "baseline:\n"
        "  data: {name: image_folder, path: pets, image_size: 16}\n"
        "  model: {name: lenet}\n"
    )
    said = call("plan", study, "--results", tmp_path, "--data", tmp_path / "data").output
    assert f"Trials done, steps and time are unknown: {folder / '2.png'}: " in said
    assert " or set data.broken to skip." in said
    assert ["?", "?", "of", "3"] == said.partition("\nbaseline ")[2].splitlines()[0].split()[-4:]
    assert "= 3 trials.\n" in said
    assert not re.search("test images|Left to train|are done", said)


def test_one_class_is_none_to_tell_apart(tmp_path: Path) -> None:
    """Any network would always be right."""
    for part in ("train", "test"):
        folder = tmp_path / "pets" / part / "cat"
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / "1.png")
    study = tmp_path / "s.yaml"
    study.write_text(
        "study: s\n"
        "baseline:\n"
        "  data: {name: image_folder, path: pets, image_size: 16}\n"
        "  model: {name: lenet}\n"
    )
    with pytest.raises(UserError, match="image_folder: has one class; a classifier takes two"):
        outstanding(prepare(read_study(study), RunConfig(data=tmp_path)))


def test_plan_estimates_time(tmp_path: Path) -> None:
    """With --estimate a few steps are timed, and minutes are printed."""
    study = tmp_path / "s.yaml"
    study.write_text(
        "study: s\n"
        "baseline: {data: {name: fashion_mnist_sample, subset: 640}, model: {name: lenet}}\n"
    )
    said = call("plan", study, "--estimate", "--results", tmp_path).output
    assert "from timed steps." in said


def test_predict_writes_both_formats(tmp_path: Path) -> None:
    """A column per class, or two columns for a competition; broken images give exit code 2."""
    one = trial(training__epochs=1)
    images = load(build_options(one.settings).data)
    Store(tmp_path / "results").publish(train(TrialInput(one, images), ComputeConfig()))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i, image in enumerate(images.test[:3, 0].numpy()):
        Image.fromarray(image).save(pictures / f"{i}.png")
    asked = ("predict", one.id, pictures, "--results", tmp_path / "results", "-o")
    assert 0 == call(*asked, tmp_path / "full.csv").exit_code
    lines = (tmp_path / "full.csv").read_text().splitlines()
    assert lines[0].startswith("ID,label,name,probability,T-shirt/top,")
    assert 14 == len(lines[0].split(","))
    assert ["0.png", "1.png", "2.png"] == [line.split(",")[0] for line in lines[1:]]
    (pictures / "3.png").write_bytes(b"broken")
    (pictures / "notes.txt").write_text("no picture")
    said = call(*asked, tmp_path / "two.csv", "--format", "submission", "--tta")
    assert 2 == said.exit_code
    assert "notes.txt: is not a picture: its name ends in none of " in said.output
    assert "2 of 5 files could not be read." in said.output
    lines = (tmp_path / "two.csv").read_text().splitlines()
    assert "ID,Labels" == lines[0]
    assert ["0", "1", "2"] == [line.split(",")[0] for line in lines[1:]]
    call(*asked, tmp_path / "names.csv", "--format", "submission-names")
    named = (tmp_path / "names.csv").read_text().splitlines()
    full = (tmp_path / "full.csv").read_text().splitlines()
    assert [line.split(",")[2] for line in full[1:]] == [n.split(",")[1] for n in named[1:]]


def test_predict_of_nothing(tmp_path: Path) -> None:
    """A missing trial, format or image is reported in one sentence."""
    said = call("predict", "x", tmp_path, "--results", tmp_path, "-o", tmp_path / "p.csv")
    assert "no finished trial of this id or folder" in str(said.exception)
    said = call("predict", "x", tmp_path, "--format", "xml", "-o", tmp_path / "p.csv")
    assert "unknown format 'xml'" in str(said.exception)


@pytest.mark.parametrize("command", ["run", "plan", "audit", "status", "report"])
def test_two_profiles_at_once(command: str) -> None:
    """Neither of the two is ignored."""
    said = call(command, "smoke", "--profile", "cpu", "--smoke").exception
    expected = "--smoke: means --profile smoke, but --profile cpu is given as well."
    assert f"{expected} Use only one of them." == str(said)


def test_one_profile_named_twice(tmp_path: Path) -> None:
    """Both options may select the same profile."""
    fake_study.publish(
        tmp_path, fake_study.FakeStudy(variants=2, seeds=1, images=50, profile="smoke")
    )
    said = call("status", "made_up", "--profile", "smoke", "--smoke", "--results", tmp_path)
    assert "made_up-smoke: 2 trials: 2 done." in said.output
