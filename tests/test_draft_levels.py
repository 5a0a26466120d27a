"""The levels that a draft of `init` proposes for the knobs of a network, and its claim."""

import re
from pathlib import Path

import pytest

from cnn_ablate.study import read_study
from cnn_ablate.study.source import load
from cnn_ablate.study.template import study_template
from test_cli_init import draft_of


def test_a_draft_proposes_a_factor_for_every_knob(tmp_path: Path) -> None:
    """Those that are not varied are there as comments; without the comment sign they are valid."""
    text = study_template("mine.yaml", "fashion_mnist_sample", "cnnnet")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("  # model.", "  model."), encoding="utf-8")
    study = read_study(path)
    varied = {factor.name for factor in study.factors}
    knobs = {f"model.{knob}" for knob in study.written["model"] if knob != "name"}
    assert knobs <= varied
    assert "title: Ablation of cnnnet on fashion_mnist_sample\n" in text.replace('"', "")


@pytest.mark.parametrize(
    ("knob", "off", "on"),
    [
        ("se: bool = True", False, True),
        ("se: bool = False", False, True),
        ("norm: bool = True", False, True),
        ("norm: Literal['batch', 'none'] = 'batch'", "none", "batch"),
        ("norm: Literal['batch', 'none'] = 'none'", "none", "batch"),
        ("norm: Literal['batch', None] = 'batch'", None, "batch"),
        ("se: Literal['yes', 'no'] = 'no'", "no", "yes"),
        ("pool: Literal['max', 'avg'] = 'avg'", "max", "avg"),
    ],
)
def test_a_draft_claims_that_a_component_helps(
    knob: str, off: object, on: object, tmp_path: Path
) -> None:
    """Whichever level is in the baseline, which is the better one where both have a component."""
    code = f"from typing import Literal\n\n\ndef net(classes, {knob}): ...\n"
    draft = load(draft_of("switched_net", code, tmp_path)).values
    [claim] = draft["claims"]
    assert (off, on) == (claim["from"], claim["to"])
    name, default = knob.partition(":")[0], knob.rpartition("= ")[2]
    assert default.strip("'") == str(draft["baseline"]["model"][name])


def test_a_draft_varies_no_number_of_the_data(tmp_path: Path) -> None:
    """Classes and channels are what the data say."""
    code = "def net(in_channels=1, num_classes=10, wide=True): ...\n"
    path = draft_of("plain_net", code, tmp_path)
    factors = path.read_text(encoding="utf-8").partition("factors:\n")[2]
    assert "num_classes" not in factors
    assert "in_channels" not in factors


def test_a_draft_varies_no_number_without_which_the_network_does_not_fit(tmp_path: Path) -> None:
    """Other names of classes and channels are seen by what another number does."""
    code = (
        "from torch import nn\n"
        "def net(in_ch=1, n_out=10, width=4):\n"
        "    conv = nn.Conv2d(in_ch, width, 3)\n"
        "    return nn.Sequential(conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(),\n"
        "                         nn.Linear(width, n_out))\n"
    )
    path = draft_of("named_net", code, tmp_path)
    factors = path.read_text(encoding="utf-8").partition("factors:\n")[2]
    assert re.findall(r"model\.\w+(?=: \[)", factors) == ["model.width"]


def test_a_commented_factor_says_what_its_second_level_is(tmp_path: Path) -> None:
    """Listed choices are all named; where nothing is known, there is a place to fill in."""
    code = (
        "from typing import Literal\n"
        "def net(channels, classes, wide=True, pool: Literal['max', 'avg', 'none'] = 'max',\n"
        "        act: Literal['relu', 'tanh', 'gelu'] = 'relu', width: int = 16, drop=0.07,\n"
        "        widths=(8, 16), stem='conv'): ...\n"
    )
    path = draft_of("levels_net", code, tmp_path)
    factors = path.read_text(encoding="utf-8").partition("factors:\n")[2].splitlines()[:8]
    assert [
        "  model.wide: [true, false]",
        "  model.pool: [max, none]  # or avg",
        "  # Other knobs of the network; without its first # a line varies one more.",
        "  # model.act: [relu, tanh]  # or gelu",
        "  # model.width: [16, 8]  # half",
        "  # model.drop: [0.07, 0.007]  # a tenth",
        "  # model.widths: [[8, 16], [8]]  # without the last one",
        "  # model.stem: [conv, OTHER]  # for OTHER, a value that the network takes",
    ] == [line.replace('"', "") for line in factors]
