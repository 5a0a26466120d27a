"""Reading study files: what is filled in, and what is said of mistakes."""

from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.schema import Study
from cnn_ablate.study import Changes, read

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
    """Read a study that is wrong, and give what is said of it, without the folder."""
    with pytest.raises((ExceptionGroup, UserError)) as caught:
        read(write(folder, text), changes)
    errors = getattr(caught.value, "exceptions", [caught.value])
    return [str(error).replace(f"{folder}/", "") for error in errors]


@pytest.fixture
def sound(tmp_path: Path) -> Study:
    """A small sound study, read."""
    return read(write(tmp_path, SOUND))


def test_every_default_is_filled_in(sound: Study) -> None:
    """The baseline is complete after reading, with sections that the file leaves out."""
    assert sound.baseline["model"]["fc_layers"] == 2
    assert sound.baseline["loss"]["name"] == "cross_entropy"
    assert sound.baseline["training"]["precision"] == "float32"


def test_yaml_is_version_1_2(tmp_path: Path) -> None:
    """`1e-2` is a number, and `on` is a word and so no truth value."""
    assert read(write(tmp_path, SOUND)).baseline["optimizer"]["lr"] == 0.01
    said = messages(tmp_path, SOUND.replace("residual: [true, false]", "residual: [true, on]"))
    assert ["s.yaml:7:26: factors.model.residual[1]: expected true or false, got 'on'."] == said


def test_written_baseline_keeps_no_defaults(sound: Study) -> None:
    """What the file does not say is not carried to another entry of the table."""
    assert {"name": "sgd", "lr": 0.01} == sound.written["optimizer"]


@pytest.mark.parametrize(
    ("seeds", "changes", "expected"),
    [
        ("seeds: 4", Changes(), (0, 1, 2, 3)),
        ("seeds: [7, 1]", Changes(), (7, 1)),
        ("seeds: [7, 1]", Changes(seeds=1), (7,)),
        ("seeds: [7, 1]", Changes(seeds=4), (7, 1, 8, 9)),
        ("seeds: 4", Changes(profile="smoke"), (0, 1)),
    ],
)
def test_seeds(tmp_path: Path, seeds: str, changes: Changes, expected: tuple[int, ...]) -> None:
    """Seeds are a list or a count, and the command line may ask for fewer or for more."""
    text = SOUND.replace("seeds: [3, 5]", seeds)
    assert expected == read(write(tmp_path, text), changes).seeds


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
    recipe, augment, *_ = read(write(tmp_path, text)).factors
    assert ["paper", "adam"] == [level.label for level in recipe.levels]
    assert {"optimizer.name": "adam", "optimizer.lr": 0.001} == recipe.levels[1].sets
    assert {"data.augment": ["random_crop", "horizontal_flip"]} == augment.levels[1].sets


def test_set_overrides_every_variant(tmp_path: Path) -> None:
    """`--set` goes through the same validation, and holds where no factor moves the key."""
    study = read(write(tmp_path, SOUND), Changes(sets=("training.epochs=1", "data.subset=null")))
    assert {"training.epochs": 1, "data.subset": None} == study.forced
    assert study.baseline["training"]["epochs"] == 1


def test_set_of_a_factor_moves_only_the_baseline(tmp_path: Path) -> None:
    """A key that the study varies stays under the study's control."""
    study = read(write(tmp_path, SOUND), Changes(sets=("model.attention=none",)))
    assert study.baseline["model"]["attention"] == "none"
    assert {} == study.forced


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.epochs", "--set training.epochs: expected key=value."),
        ("training.epoch=1", "--set training.epoch=1: unknown key 'training.epoch'."),
        ("training.epochs=0", "training.epochs: expected a whole number from 1 to 100,000, got 0."),
    ],
)
def test_set_is_checked(tmp_path: Path, setting: str, said: str) -> None:
    """A wrong `--set` says what is wrong with it."""
    [message] = messages(tmp_path, SOUND, Changes(sets=(setting,)))
    assert message.startswith(said)


def test_profile_of_the_study(tmp_path: Path) -> None:
    """A profile overrides settings, and may have seeds of its own."""
    text = SOUND + "profiles: {cpu: {training.epochs: 1, seeds: 1}}\n"
    study = read(write(tmp_path, text), Changes(profile="cpu"))
    assert ("cpu", (0,), "tiny-cpu") == (study.profile, study.seeds, study.folder)
    assert study.baseline["training"]["epochs"] == 1


CASES = {
    "unknown key": (
        SOUND.replace("study: tiny", "study: tiny\nfactor: 1"),
        "s.yaml:2:1: factor: unknown key 'factor'. Did you mean 'factors'?",
    ),
    "unknown knob": (
        SOUND.replace("attention: cbam}", "atention: cbam}"),
        "s.yaml:4:25: baseline.model.atention: unknown key 'atention'. Did you mean 'attention'?",
    ),
    "wrong type": (
        SOUND.replace("lr: 1e-2", "lr: fast"),
        "s.yaml:5:30: baseline.optimizer.lr: expected a number above 0, got 'fast'.",
    ),
    "unknown name": (
        SOUND.replace("[cbam, none]", "[cbamm, none]"),
        "s.yaml:8:21: factors.model.attention[0]: unknown attention 'cbamm'. "
        "Did you mean 'cbam'? Known: cbam, none, se, self_attention.",
    ),
    "unknown section": (
        SOUND.replace("  optimizer:", "  optimiser:"),
        "s.yaml:5:3: baseline.optimiser: unknown section 'optimiser'. Did you mean 'optimizer'?",
    ),
    "no validation images": (
        SOUND.replace("factors:", "  training: {select: best_val}\nfactors:"),
        "s.yaml:6:22: baseline.training.select: best_val needs images to validate on.",
    ),
    "no model": (
        SOUND.replace("name: cnnnet, ", ""),
        "s.yaml:4:10: baseline.model: the key 'name' is missing.",
    ),
    "duplicate level": (
        SOUND.replace("[true, false]", "[true, false, true]"),
        "s.yaml:7:33: factors.model.residual[2]: the same level as true.",
    ),
    "duplicate key": (
        SOUND + "seeds: 3\n",
        "s.yaml:10:1: seeds stands twice.",
    ),
    "empty factors": (
        SOUND.partition("factors:")[0] + "factors: {}\n",
        "s.yaml:6:10: factors: expected at least one factor, got none.",
    ),
    "no levels": (
        SOUND.replace("[true, false]", "[]"),
        "s.yaml:7:19: factors.model.residual: expected a list of levels, with at least one.",
    ),
    "bundle as list": (
        SOUND.replace("model.residual:", "residual:"),
        "s.yaml:7:13: factors.residual: a bundle maps each level to the keys it sets.",
    ),
    "bad seed": (
        SOUND.replace("[3, 5]", "[3, x]"),
        "s.yaml:9:12: seeds[1]: expected a whole number of at least 0",
    ),
    "negative seed": (
        SOUND.replace("[3, 5]", "[-3]"),
        "s.yaml:9:9: seeds[0]: expected a whole number of at least 0",
    ),
    "no seeds": (
        SOUND.replace("[3, 5]", "0"),
        "s.yaml:9:8: seeds: expected at least one seed, got 0.",
    ),
    "seed twice": (
        SOUND.replace("[3, 5]", "[3, 3]"),
        "s.yaml:9:8: seeds: a seed stands twice.",
    ),
    "bad exclude": (
        SOUND + "exclude: [{model.attention: sem}]\n",
        "s.yaml:10:29: exclude[0].model.attention: unknown level of model.attention 'sem'.",
    ),
    "unknown exclude": (
        SOUND + "exclude: [{modle.attention: none}]\n",
        "s.yaml:10:12: exclude[0].modle.attention: unknown factor or key 'modle.attention'.",
    ),
    "unknown design": (
        SOUND + "design: one_by_one\n",
        "s.yaml:10:9: design: unknown design 'one_by_one'.",
    ),
    "unknown factor": (
        SOUND + "design: {factorial: [model.atention]}\n",
        "s.yaml:10:22: design.factorial[0]: unknown factor 'model.atention'. "
        "Did you mean 'model.attention'?",
    ),
    "unknown start": (
        SOUND + "design: {list: {a: {from: b, model.residual: false}}}\n",
        "s.yaml:10:27: design.list.a.from: unknown variant 'b'.",
    ),
    "smoke taken": (
        SOUND + "profiles: {smoke: {training.epochs: 1}}\n",
        "s.yaml:10:12: profiles.smoke: every study has a profile 'smoke' already.",
    ),
    "bad profile": (
        SOUND + "profiles: {cpu: {training.epochs: -1}}\n",
        "s.yaml:10:35: profiles.cpu.training.epochs: expected a whole number from 1",
    ),
    "claim of no variant": (
        SOUND + "claims: [{id: a, variant: attention=se, metric: test_accuracy, value: 1.0}]\n",
        "s.yaml:10:27: claims[0].variant: unknown variant 'attention=se'.",
    ),
    "claim of no level": (
        SOUND + "claims: [{id: a, factor: model.attention, from: none, to: se, effect: higher}]\n",
        "s.yaml:10:59: claims[0].to: unknown level of model.attention 'se'.",
    ),
    "claim of no metric": (
        SOUND + "claims: [{id: a, variant: baseline, metric: tset_accuracy, value: 1.0}]\n",
        "s.yaml:10:45: claims[0].metric: unknown metric 'tset_accuracy'. "
        "Did you mean 'test_accuracy'?",
    ),
    "claim without threshold": (
        SOUND + "claims: [{id: a, variant: baseline, metric: epochs_to_accuracy, value: 1.0}]\n",
        "s.yaml:10:10: claims[0]: epochs_to_accuracy needs a 'threshold'.",
    ),
    "claim key": (
        SOUND + "claims: [{id: a, varient: baseline}]\n",
        "s.yaml:10:18: claims[0].varient: unknown key 'varient'. Did you mean 'variant'?",
    ),
    "not YAML": ("study: [a, b\nseeds: 3\n", "s.yaml:"),
    "no mapping": ("just words\n", "s.yaml:1:1: expected a mapping"),
    "empty": ("", "s.yaml:1:1: expected a mapping"),
    "a python object": (
        SOUND.replace("study: tiny", "study: !!python/name:os.system tiny"),
        "s.yaml:1:8: not YAML: could not determine a constructor",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_clear_message(tmp_path: Path, case: str) -> None:
    """Each mistake gets one message, with file, line and column."""
    text, expected = CASES[case]
    [said] = messages(tmp_path, text)
    assert said.startswith(expected)


def test_all_mistakes_are_said_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Nothing stops at the first mistake."""
    text = SOUND.replace("1e-2", "-1").replace("none]", "nune]").replace("[3, 5]", "x")
    said = messages(tmp_path, text)
    assert ["s.yaml:5:30", "s.yaml:8:27", "s.yaml:9:8"] == [m.split(": ")[0] for m in said]


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(UserError, match=r"nowhere\.yaml: no such file\."):
        read(tmp_path / "nowhere.yaml")


def test_binary_junk(tmp_path: Path) -> None:
    """Bytes that are no text are refused as such."""
    path = tmp_path / "junk.yaml"
    path.write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text file: byte 0 is not UTF-8"):
        read(path)


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """Megabytes are no study."""
    with pytest.raises(UserError, match="too many for a study file"):
        read(write(tmp_path, "a: " + "b" * 1_000_000))


def test_alias_bomb_is_refused(tmp_path: Path) -> None:
    """Aliases of aliases cannot blow up."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    [said] = messages(tmp_path, "\n".join(lines))
    assert "more than 50,000 values" in said
