"""A folder val/ beside train/ and test/: its images validate, and no other."""

import pytest

from cnn_ablate.data import DATASETS, Loader, split
from cnn_ablate.data.cache import load
from cnn_ablate.errors import UserError
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.study import read_study
from support import cli_study, data_files
from support.data_files import refused

STUDY = """\
study: s
baseline:
  data: {name: image_folder, path: images, image_size: 16}
  model: {name: convnet}
  training: {epochs: 1, batch_size: 4, select: best_val}
seeds: 2
"""


@pytest.fixture
def pictures(root):
    """Two classes: four training, two test and six validation images."""
    place = data_files.folder(root / "images", ["a", "b"])
    for label, name in enumerate("ab"):
        for number in range(3):
            data_files.picture(
                place / "val" / name / f"{number}.png", seed=50 + 10 * label + number
            )
    return place


def test_its_images_validate(root, pictures):
    """They are counted apart, and are not trained on."""
    images = load(DATASETS["image_folder"](), root)
    chosen = split(images, DATASETS["image_folder"]())

    assert (4, 6, 2) == (images.facts.train, images.facts.val, images.facts.test)
    assert ([0, 1, 2, 3], [4, 5, 6, 7, 8, 9]) == (chosen.train.tolist(), chosen.val.tolist())
    assert all(images.train_names[i].startswith("train/") for i in chosen.train)
    assert all(images.train_names[i].startswith("val/") for i in chosen.val)
    assert images.facts == load(DATASETS["image_folder"](), root).facts


def test_a_subset_is_of_the_training_images(root, pictures):
    """All images of val/ validate."""
    options = DATASETS["image_folder"](subset=2)
    images = load(options, root)

    assert (2, 6, 2) == images.facts.counts({"subset": 2, "val_fraction": 0.0})
    assert (2, 6) == tuple(map(len, (split(images, options).train, split(images, options).val)))


def test_a_fraction_takes_its_place(root, pictures):
    """Where the study holds out training images, val/ is not used."""
    options = DATASETS["image_folder"](val_fraction=0.5)
    images = load(options, root)

    assert (2, 2, 2) == images.facts.counts({"val_fraction": 0.5})
    assert 4 > int(split(images, options).val.max())


def test_other_images_in_it_are_other_data(root, pictures):
    """What is validated on belongs to the identity of a trial; a broken picture may be skipped."""
    options = DATASETS["image_folder"](broken="skip")
    before = load(options, root).facts
    (pictures / "val" / "b" / "2.png").write_bytes(b"broken")
    after = load(options, root).facts

    assert (6, 5, 4) == (before.val, after.val, after.train)
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("val/c/x.png", "/train: class 'c' is missing."),
        ("valid/a/x.png", ": has val/ and valid/, of which one can validate."),
    ],
)
def test_what_does_not_match_is_refused(root, pictures, made, message):
    """One sentence names the folder."""
    data_files.picture(pictures / made)

    assert message in refused(load, DATASETS["image_folder"](), root)


def test_the_best_epoch_needs_images_to_validate_on(root, pictures, monkeypatch):
    """The folder is enough; without it the sentence names both ways."""
    monkeypatch.chdir(root)
    (root / "s.yaml").write_text(STUDY)
    config = RunConfig(results=root / "results")
    [facts] = prepare(read_study(root / "s.yaml"), config).data
    assert 6 == facts.val
    (pictures / "val").rename(root / "elsewhere")
    with pytest.raises(UserError, match=r"training.select: best_val .* or add a folder val/"):
        prepare(read_study(root / "s.yaml"), config)


def test_commands_say_how_many_pictures_are_left_out(root, pictures):
    """Beside how many validate."""
    (pictures / "val" / "b" / "2.png").write_bytes(b"broken")
    (root / "s.yaml").write_text(STUDY.replace("image_size", "broken: skip, image_size"))

    code, said, err = cli_study.call("plan", "s.yaml", cwd=root)

    assert 0 == code, err
    [line] = (line for line in said.splitlines() if "left out" in line)
    assert line == "images: 1 of 12 pictures cannot be read and was left out: val/b/2.png."
    assert "5 images of images, in val/, for validation." in said


def test_validation_uses_the_folder(root, pictures):
    """A loader yields its images for validation."""
    options = DATASETS["image_folder"]()
    loader = Loader(load(options, root), options, seed=0, batch_size=4)

    assert (4, 6) == (loader.train_size, sum(len(batch.targets) for batch in loader.val()))
