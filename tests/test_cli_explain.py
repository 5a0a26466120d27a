"""`explain`: what a variant changes, and its network layer by layer."""

import json
from pathlib import Path

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.models import MODELS, network_size
from cnn_ablate.models.summary import Layer, summarise
from test_cli import call

STUDY = """\
study: s
baseline:
  data: {name: fashion_mnist_sample}
  model: {name: cnnnet, attention: cbam}
factors:
  model.attention: [cbam, none]
  model.residual: [true, false]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of three variants."""
    path = tmp_path / "s.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", MODELS)
def test_the_whole_is_what_size_says(name: str) -> None:
    """The first row has the parameters and multiply-adds of the whole network."""
    options = MODELS[name]()
    whole, *inside = summarise(options, (3, 32, 32), 10)
    found = network_size(options, (3, 32, 32), 10)
    assert ("", (10,), found.parameters, found.macs) == (
        whole.name,
        whole.shape,
        whole.parameters,
        whole.macs,
    )
    assert sum(layer.macs for layer in inside if "." not in layer.name) <= found.macs


def test_layers_of_a_known_network() -> None:
    """LeNet's first convolution has 6 x 3 x 5 x 5 + 6 parameters, applied at 28 x 28 positions."""
    layers = {layer.name: layer for layer in summarise(MODELS["lenet"](), (3, 32, 32), 10)}
    found = next(layer for layer in layers.values() if layer.kind == "Conv2d")
    assert Layer(found.name, "Conv2d", (6, 28, 28), 456, 450 * 28 * 28) == found


def test_a_part_that_is_never_called_has_no_output() -> None:
    """The Transformer block that the released network builds but skips has no multiply-adds."""
    layers = {layer.name: layer for layer in summarise(MODELS["preact_resnet"](), (3, 32, 32), 10)}
    dead = layers["transformer"]
    assert (None, 694_320, 0) == (dead.shape, dead.parameters, dead.macs)


def test_explain_shows_changes_layers_and_differences(study: Path) -> None:
    """The change, the layers with their shapes, and the difference in cost."""
    said = call("explain", study, "attention=none").output
    assert "attention=none against baseline:\n  model.attention: cbam -> none\n" in said
    assert "  first        Sequential   16 x 28 x 28          176     112,896" in said
    assert "Against baseline: -100 parameters, -76,836 MACs." in said


def test_explain_as_data(study: Path) -> None:
    """`--json` prints the settings, the changes and the layers down to `--depth`."""
    said = json.loads(call("explain", study, "residual=false", "--json", "--depth", 0).output)
    assert {"baseline": {"model.residual": [True, False]}} == said["references"]
    assert said["settings"]["model"]["residual"] is False
    assert [""] == [layer["name"] for layer in said["layers"]]


def test_explain_the_baseline_and_what_is_dead() -> None:
    """A variant without a reference is a reference itself; dead parameters are named."""
    said = call("explain", "preact_cbam", "baseline", "--depth", 0).output
    assert "baseline: the reference of" in said
    assert "No gradient reaches transformer: 694,320 parameters." in said


def test_explain_an_unknown_variant(study: Path) -> None:
    """The message for an unknown variant lists the known ones."""
    fault = call("explain", study, "attention=nune").exception
    assert isinstance(fault, UserError)
    assert "variant attention=nune: unknown variant 'attention=nune'." in str(fault)


def test_explain_fits_forty_columns(study: Path) -> None:
    """On a narrow terminal no number is cut, and no line is too long."""
    said = call("explain", study, "baseline", columns=40).output
    assert "41,159,292" in said
    assert max(map(len, said.splitlines())) <= 40
