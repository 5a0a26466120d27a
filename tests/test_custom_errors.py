"""Errors in a user-defined network: one sentence each, with the place."""

from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.study import Changes, read_study
from support.audit import NETWORK, USERS, changed
from support.custom_study import TORCH_NAMES, built, messages, study, write

WRONG = {
    "no such module": (
        ("nets:Net", "netz:Net"),
        "HERE/tiny.yaml:4:17: baseline.model.name: netz: there is no module 'netz' in HERE or CWD.",
    ),
    "no such name": (
        ("nets:Net", "nets:Nett"),
        "HERE/tiny.yaml:4:17: baseline.model.name: nets:Nett: unknown name in nets 'Nett'. Did you "
        "mean 'Net'? Known: Net.",
    ),
    "no such argument": (
        ("width: 4", "widht: 4"),
        "HERE/tiny.yaml:4:29: baseline.model.widht: unknown key 'widht'. Did you mean 'width'? "
        "Known: attention, width.",
    ),
    "an argument of another network": (
        ("width: 4", "fc_layers: 4"),
        "HERE/tiny.yaml:4:29: baseline.model.fc_layers: unknown key 'fc_layers'. Known: attention, "
        "width.",
    ),
    "a wrong type": (
        ("width: 4", "depth: four"),
        "HERE/tiny.yaml:4:36: baseline.model.depth: expected a whole number, got 'four'.",
    ),
    "a factor that is no argument": (
        ("seeds: 6", "factors: {model.widht: [4, 8]}"),
        "HERE/tiny.yaml:7:11: factors.model.widht: unknown key 'model.widht'. Did you mean "
        "'model.width'? Known: model.attention, model.depth, model.name, model.width.",
    ),
    "a source that is chosen": (
        ("width: 4", "sha256: abc"),
        "HERE/tiny.yaml:4:29: baseline.model.sha256: unknown key 'sha256'. Known: attention, "
        "width.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A missing or misspelt name is reported in one sentence, with suggestions."""
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    change, expected = WRONG[name]
    typed = ("attention=", "depth: int = 1, attention=") if "depth" in expected else ("", "")

    said = messages(here, changed(USERS, change), changed(NETWORK, typed))

    assert [expected.replace("CWD", str(tmp_path / "elsewhere"))] == said


def test_all_arguments_without_a_value_are_named_together(tmp_path: Path) -> None:
    """The hint has the names under which the numbers of the data are filled in."""
    network = changed(NETWORK, ("channels, classes,", "n_in, n_out,"))

    assert [
        "HERE/tiny.yaml:4:10: baseline.model: the keys 'n_in' and 'n_out' are missing. An "
        "argument of Net called `channels`, `classes`, `image_size`, `in_channels` or "
        "`num_classes` is filled in; any other needs a default, or a value in the study."
    ] == messages(tmp_path, network=network)


BROKEN = {
    "import": ("import torch\n", "import torch\nimport no_such_library\n"),
    "syntax": ("class Net(", "class Net Net("),
    "run": ("import torch\n", "import torch\n1 / 0\n"),
}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("import", "ModuleNotFoundError: No module named 'no_such_library' (nets.py, line 2)."),
        ("syntax", "SyntaxError: invalid syntax (nets.py, line 5)."),
        ("run", "ZeroDivisionError: division by zero (nets.py, line 2)."),
    ],
)
def test_a_module_that_fails_says_where(tmp_path: Path, name: str, said: str) -> None:
    """The error and its line in the user's file are reported, without a traceback."""
    [message] = messages(tmp_path, USERS, changed(NETWORK, BROKEN[name]))

    assert message.endswith(f"baseline.model.name: nets: importing it failed: {said}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("# more", "raise ValueError('too wide.')"),
            "nets:Net: building it failed: ValueError: too wide (nets.py, line 11).",
        ),
        (
            ("# more", "raise SystemExit(0)"),
            "nets:Net: building it failed: SystemExit: 0 (nets.py, line 11).",
        ),
        (
            ("return logits", "return logits @ logits"),
            "nets:Net: calling it failed: RuntimeError: mat1 and mat2 shapes cannot be multiplied "
            "(2x10 and 2x10) (nets.py, line 18).",
        ),
        (
            ("return logits", "return logits[:, :3]"),
            "nets:Net: expected logits of shape (2, 10) for two images, got (2, 3). An argument "
            "`classes` or `num_classes` is given that number; one called otherwise is set in the "
            "study.",
        ),
        (
            ("return logits", "return logits, x"),
            "nets:Net: expected logits of shape (2, 10) for two images, got tuple.",
        ),
    ],
)
def test_a_network_that_fails_says_where(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    """An error in the user's code is the user's to fix."""
    found = study(tmp_path, network=changed(NETWORK, change))

    with pytest.raises(UserError) as caught:
        built(found)

    assert said == str(caught.value)


def test_a_network_that_is_not_told_the_channels(tmp_path: Path) -> None:
    """The hint names the arguments to which the number is given."""
    own = [("channels, classes", "classes, width_in=3"), ("Conv2d(channels", "Conv2d(width_in")]

    with pytest.raises(UserError, match=r"The data have 1 channel\. An argument `channels` or"):
        built(study(tmp_path, network=changed(NETWORK, *own)))


@pytest.mark.parametrize(
    ("defaults", "wrong"),
    [
        ("in_channels=3, num_classes=10", "in_channels=1"),
        ("in_channels=1, num_classes=7", "num_classes=10"),
        ("in_channels=3, num_classes=7", "in_channels=1 and num_classes=10"),
    ],
)
def test_a_default_that_does_not_fit_the_data_is_named(
    tmp_path: Path, defaults: str, wrong: str
) -> None:
    """A default of the signature is kept, and the error says what the data need in its place."""
    network = changed(TORCH_NAMES, ("in_channels, num_classes", defaults))
    with pytest.raises(UserError) as caught:
        built(study(tmp_path, network=network))

    hint = f"The data have {wrong}: set it in the study, or give it no default."
    assert hint == caught.value.hint


def test_an_argument_that_settings_cannot_hold_is_refused(tmp_path: Path) -> None:
    """A knob with the name of a method of the options would hide it."""
    [message] = messages(tmp_path, USERS, changed(NETWORK, ("attention=", "copy=1, attention=")))

    assert message.endswith("nets:Net: 'copy' cannot be a knob. Rename this argument.")


def test_settings_on_the_command_line_are_checked_too(tmp_path: Path) -> None:
    """`--set` knows the knobs of the user's network."""
    assert [
        "--set model.widht=5: unknown key 'model.widht'. Did you mean 'model.width'? Known: "
    ] == [
        m.partition("Known: ")[0] + "Known: "
        for m in messages(tmp_path, USERS, NETWORK, "model.widht=5")
    ]
    assert (
        5
        == read_study(write(tmp_path), Changes(sets=("model.width=5",))).baseline["model"]["width"]
    )
