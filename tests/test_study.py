"""Reading of study files: defaults, and changes of the command line."""

from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.plan import plan
from cnn_ablate.schema import Study
from cnn_ablate.settings import resolve
from cnn_ablate.study import Changes, read_study

SOUND = """\
study: tiny
baseline:
  data: {name: fashion_mnist_sample, subset: 100}
  model: {name: cnnnet, attention: cbam}
  optimizer: {name: sgd, lr: 1e-2}
factors:
  model.residual: [true, false]
  model.attention: [cbam, none]
seeds: [3, 5]
"""


def write(folder: Path, text: str) -> Path:
    """Write a study file."""
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def messages(folder: Path, text: str, changes: Changes | None = None) -> list[str]:
    """Return the errors of an invalid study, without its folder."""
    with pytest.raises((ExceptionGroup, UserError)) as caught:
        read_study(write(folder, text), changes)
    errors = getattr(caught.value, "exceptions", [caught.value])
    return [str(error).replace(f"{folder}/", "") for error in errors]


@pytest.fixture
def sound(tmp_path: Path) -> Study:
    """A small valid study."""
    return read_study(write(tmp_path, SOUND))


def test_every_default_is_filled_in(sound: Study) -> None:
    """The baseline is complete after reading, with sections that the file leaves out."""
    assert sound.baseline["model"]["fc_layers"] == 2
    assert sound.baseline["loss"]["name"] == "cross_entropy"
    assert sound.baseline["training"]["precision"] == "float32"


def test_yaml_is_version_1_2(tmp_path: Path) -> None:
    """`1e-2` is a number, and `on` a word instead of a truth value."""
    assert read_study(write(tmp_path, SOUND)).baseline["optimizer"]["lr"] == 0.01
    message = messages(tmp_path, SOUND.replace("residual: [true, false]", "residual: [true, on]"))
    assert ["s.yaml:7:26: factors.model.residual[1]: expected true or false, got 'on'."] == message


def test_characters_that_json_escapes_in_halves_are_whole(tmp_path: Path) -> None:
    """A study may be written as JSON, which escapes characters beyond 16 bits so."""
    text = SOUND.replace("study: tiny", 'study: tiny\ntitle: "\\ud83d\\ude80"')
    assert "🚀" == read_study(write(tmp_path, text)).title


def test_written_baseline_keeps_no_defaults(sound: Study) -> None:
    """Defaults of one entry are not carried over to another entry of the table."""
    assert {"name": "sgd", "lr": 0.01} == sound.written["optimizer"]


@pytest.mark.parametrize(
    ("seeds", "changes", "expected"),
    [
        ("seeds: 4", Changes(), (0, 1, 2, 3)),
        ("seeds: [7, 1]", Changes(), (7, 1)),
        ("seeds: [7, 1]", Changes(seeds=1), (7,)),
        ("seeds: [7, 1]", Changes(seeds=4), (7, 1, 8, 9)),
        ("seeds: 4", Changes(profile="smoke"), (0, 1)),
        ("seeds: {looks: [3, 5]}", Changes(), (0, 1, 2, 3, 4)),
        ("seeds: {looks: [3, 5]}", Changes(seeds=4), (0, 1, 2, 3)),
    ],
)
def test_seeds(tmp_path: Path, seeds: str, changes: Changes, expected: tuple[int, ...]) -> None:
    """Seeds are a list or a count, and the command line may ask for fewer or for more."""
    text = SOUND.replace("seeds: [3, 5]", seeds)
    assert expected == read_study(write(tmp_path, text), changes).seeds


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("cifar10", "fashion_mnist_sample"),
        ("image_folder", "image_folder"),
        ("torchvision.datasets:USPS", "torchvision.datasets:USPS"),
    ],
)
def test_a_smoke_test_keeps_data_of_the_users_own(tmp_path: Path, data: str, expected: str) -> None:
    """Published data, which may not be available, are replaced; all are cut to few images."""
    text = f"study: s\nbaseline: {{data: {{name: '{data}'}}, model: {{name: lenet}}}}\n"

    smoke = read_study(write(tmp_path, text), Changes(profile="smoke")).baseline

    assert (expected, 64, 50) == tuple(smoke["data"][k] for k in ("name", "subset", "test_subset"))
    assert 1 == smoke["training"]["epochs"]


def test_bundles_and_labelled_levels(tmp_path: Path) -> None:
    """A bundle sets several keys; levels of one key may be given names."""
    text = SOUND + ("design: one_at_a_time\n")
    text = text.replace(
        "factors:\n",
        "factors:\n"
        "  recipe:\n"
        "    paper: {}\n"
        "    adam: {optimizer.name: adam, optimizer.lr: 0.001}\n"
        "  data.augment:\n"
        "    none: []\n"
        "    both: [random_crop, horizontal_flip]\n",
    )
    recipe, augment, *_ = read_study(write(tmp_path, text)).factors
    assert ["paper", "adam"] == [level.label for level in recipe.levels]
    assert {"optimizer.name": "adam", "optimizer.lr": 0.001} == recipe.levels[1].sets
    assert {"data.augment": ["random_crop", "horizontal_flip"]} == augment.levels[1].sets


def test_set_overrides_every_variant(tmp_path: Path) -> None:
    """`--set` is validated too, and applies unless a factor varies the key."""
    study = read_study(
        write(tmp_path, SOUND), Changes(sets=("training.epochs=1", "data.subset=null"))
    )
    assert {"training.epochs": 1, "data.subset": None} == study.forced
    assert study.baseline["training"]["epochs"] == 1


def test_set_of_a_factor_moves_only_the_baseline(tmp_path: Path) -> None:
    """A key that the study varies is still varied."""
    study = read_study(write(tmp_path, SOUND), Changes(sets=("model.attention=none",)))
    assert study.baseline["model"]["attention"] == "none"
    assert {"model.attention": "none"} == study.forced
    assert {} == study.fixed


@pytest.mark.parametrize(
    ("setting", "start"),
    [
        ("training.epochs", "--set training.epochs: expected key=value."),
        ("training.epoch=1", "--set training.epoch=1: unknown key 'training.epoch'."),
        ("training.epochs=0", "training.epochs: expected a whole number from 1 to 100,000, got 0."),
    ],
)
def test_set_is_checked(tmp_path: Path, setting: str, start: str) -> None:
    """An invalid `--set` has an error message."""
    [message] = messages(tmp_path, SOUND, Changes(sets=(setting,)))
    assert message.startswith(start)


def test_looks_are_those_of_the_study_or_of_its_profile(tmp_path: Path) -> None:
    """A number of seeds on the command line, and the smoke test, take their place."""
    text = SOUND.replace("seeds: [3, 5]", "seeds: {looks: [3, 5, 8], error: 0.1}")
    path = write(tmp_path, text + "profiles: {quick: {seeds: {looks: [3, 4]}}, two: {seeds: 2}}\n")
    study = read_study(path)
    assert ((3, 5, 8), 0.1) == (study.looks, study.error)
    assert (3, 4) == read_study(path, Changes(profile="quick")).looks
    for changes in (Changes(seeds=9), Changes(profile="two"), Changes(profile="smoke")):
        assert () == read_study(path, changes).looks


def test_some_variants_have_fewer_seeds(tmp_path: Path) -> None:
    """Variants that match a pattern have only the first seeds, also on the command line."""
    path = write(tmp_path, SOUND + "fewer_seeds: {residual=*: 1}\n")
    for count, expected in ((None, [3, 5]), (1, [3]), (3, [3, 5, 6])):
        seeds: dict[str, list[int]] = {}
        for trial in plan(read_study(path, Changes(seeds=count)), resolve).trials:
            seeds.setdefault(trial.variant, []).append(trial.seed)
        assert {"baseline": expected, "residual=false": [3], "attention=none": expected} == seeds


def test_a_profile_has_its_own_fewer_seeds(tmp_path: Path) -> None:
    """Seeds of the profile replace those of the study."""
    more = "fewer_seeds: {residual=*: 1}\nprofiles: {cpu: {fewer_seeds: {attention=none: 1}}}\n"
    study = read_study(write(tmp_path, SOUND + more), Changes(profile="cpu"))
    assert study.fewer_seeds == {"attention=none": 1}
    assert read_study(write(tmp_path, SOUND + more), Changes(profile="smoke")).fewer_seeds == {}


def test_profile_of_the_study(tmp_path: Path) -> None:
    """A profile overrides settings, and may have its own seeds."""
    text = SOUND + "profiles: {cpu: {training.epochs: 1, seeds: 1}}\n"
    study = read_study(write(tmp_path, text), Changes(profile="cpu"))
    assert ("cpu", (0,), "tiny-cpu") == (study.profile, study.seeds, study.folder)
    assert study.baseline["training"]["epochs"] == 1
