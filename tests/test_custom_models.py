"""User-defined networks: imported, checked like those of the table, and trained."""

from pathlib import Path

import pytest
import torch

from cnn_ablate.custom import is_import_path
from cnn_ablate.data import load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.models import find_dead_parameters, network_size, user_model_options
from cnn_ablate.plan import plan
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.schema import ComputeConfig, Size, Study
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import Hooks, TrialInput, train
from support.audit import NETWORK, USERS, changed
from support.custom_study import TORCH_NAMES, built, messages, study


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nets:Net", True),
        ("package.nets:Net", True),
        ("lenet", False),
        ("nets.Net", False),
        ("nets:Net()", False),
        ("../nets:Net", False),
        (3, False),
    ],
)
def test_names_of_users_networks_have_a_colon(name: object, expected: bool) -> None:  # noqa: FBT001
    """An import path is a module and a name in it, and nothing else."""
    assert expected == is_import_path(name)


def test_knobs_are_the_arguments_of_the_class(tmp_path: Path) -> None:
    """Defaults are filled in; arguments that the data determine are no knobs."""
    settings = study(tmp_path).baseline["model"]

    assert {"name", "sha256", "width", "attention"} == settings.keys()
    assert (4, "none") == (settings["width"], settings["attention"])


def test_the_network_gets_knobs_and_the_form_of_the_images(tmp_path: Path) -> None:
    """Channels and classes come from the data set, the width from the file."""
    network = built(study(tmp_path))

    assert (4, 1, 3, 3) == network.stem.weight.shape
    assert (10, 4) == network.output.weight.shape


@pytest.mark.parametrize("sets", ["", ", num_classes: 10"])
def test_the_names_of_torch_are_filled_in_too(tmp_path: Path, sets: str) -> None:
    """`in_channels` and `num_classes` come from the data set, unless the study sets them."""
    text = changed(USERS, ("width: 4", f"width: 4{sets}"))
    found = study(tmp_path, text, TORCH_NAMES)
    network = built(found)

    assert (4, 1, 3, 3) == network.stem.weight.shape
    assert (10, 4) == network.output.weight.shape
    expected = {"name", "sha256", "width", "attention", *(["num_classes"] if sets else [])}
    assert expected == found.baseline["model"].keys()


def test_a_name_of_torch_is_a_knob_beside_that_of_the_program(tmp_path: Path) -> None:
    """Where `channels` is an argument, `in_channels` means something else."""
    [message] = messages(
        tmp_path, USERS, changed(NETWORK, ("channels, classes", "channels, in_channels, classes"))
    )

    said = (
        "baseline.model: the key 'in_channels' is missing. An argument of Net called "
        "`image_size` is filled in; any other needs a default, or a value in the study."
    )
    assert message.endswith(said)


def test_a_function_may_build_the_network(tmp_path: Path) -> None:
    """It gets the image size if it has this argument, and a tuple if its default is one."""
    function = """\

def make(classes, image_size, widths=(4, 5), bias: bool = True):
    assert widths == (6, 7)
    return nn.Sequential(nn.Flatten(), nn.Linear(image_size ** 2, classes, bias))
"""
    text = changed(USERS, ("nets:Net", "nets:make"), ("width: 4", "widths: [6, 7], bias: false"))

    network = built(study(tmp_path, text, NETWORK + function))

    assert (10, 784) == network[1].weight.shape
    assert network[1].bias is None


def test_networks_are_measured_as_those_of_the_table_are(tmp_path: Path) -> None:
    """Parameters, multiply-adds and dead parameters are counted."""
    unused = ("# more", "self.unused = nn.Linear(3, 3)")
    options = build_options(study(tmp_path, network=changed(NETWORK, unused)).baseline).model

    assert Size(parameters=40 + 50 + 12, macs=4 * 26 * 26 * 9 + 40) == network_size(
        options, (1, 28, 28), 10
    )
    assert {"unused": 12} == find_dead_parameters(options, (1, 28, 28), 10)


@pytest.mark.parametrize(
    ("end", "dead"),
    [
        ("logits.detach() if not self.training else logits", {"unused": 12}),
        ("logits.detach()", {"": 40 + 50 + 12}),
    ],
)
def test_a_network_may_know_no_gradient_in_evaluation(
    tmp_path: Path, end: str, dead: dict[str, int]
) -> None:
    """Parameters that get gradients in training mode are alive; without any, all are dead."""
    unused = ("# more", "self.unused = nn.Linear(3, 3)")
    network = changed(NETWORK, unused, ("return logits", f"return {end}"))
    options = build_options(study(tmp_path, network=network).baseline).model

    assert dead == find_dead_parameters(options, (1, 28, 28), 10)


def test_a_network_that_only_training_breaks_is_the_users_to_mend(tmp_path: Path) -> None:
    """A tuple, returned in training mode only, is refused."""
    several = "return (logits, x) if self.training else logits.detach()"
    network = changed(NETWORK, ("return logits", several))
    options = build_options(study(tmp_path, network=network).baseline).model

    with pytest.raises(UserError, match="nets:Net: training it failed: AttributeError"):
        find_dead_parameters(options, (1, 28, 28), 10)


@pytest.mark.parametrize("annotation", ["torch.nothing", "nothing", "1 / 0"])
def test_an_annotation_that_means_nothing_allows_any_value(tmp_path: Path, annotation: str) -> None:
    """Python itself never evaluates it either."""
    network = changed(
        NETWORK,
        ("import torch\n", "from __future__ import annotations\n\nimport torch\n"),
        ("width=4", f"width: {annotation} = 4"),
    )

    assert 4 == study(tmp_path, network=network).baseline["model"]["width"]


def test_what_takes_any_keyword_may_get_any(tmp_path: Path) -> None:
    """With `**kwargs`, only the class itself can tell which keywords are right."""
    network = changed(
        NETWORK, ('attention="none")', 'attention="none", **rest)'), ("# more", "self.rest = rest")
    )
    text = changed(USERS, ("width: 4", "width: 4, depth: 2"))
    text += "factors: {model.height: [1, 2]}\n"

    found = study(tmp_path, text, network)
    layout = plan(found, resolve)

    assert {"depth": 2} == built(found).rest
    assert [2, 2, 2] == [variant.settings["model"]["depth"] for variant in layout.variants]
    assert [None, 1, 2] == [v.settings["model"].get("height") for v in layout.variants]


def test_users_networks_stand_beside_those_of_the_table(tmp_path: Path) -> None:
    """A factor over networks may have both kinds, each with its own knobs."""
    text = changed(USERS, ('{name: "nets:Net", width: 4}', "{name: lenet, kernel: 3, width: 8}"))
    text += 'factors: {model.name: [lenet, "nets:Net"]}\n'

    layout = plan(study(tmp_path, text), resolve)

    assert ["lenet", "nets:Net"] == [v.settings["model"]["name"] for v in layout.variants]
    assert [3, None] == [v.settings["model"].get("kernel") for v in layout.variants]
    assert [None, 8] == [v.settings["model"].get("width") for v in layout.variants]


def test_own_initial_weights_follow_from_the_seed(tmp_path: Path) -> None:
    """`default` keeps the network's own initial weights, which the trial's seed draws."""
    own = ("# more", "nn.init.constant_(self.stem.weight, 2.0)")
    options = user_model_of(study(tmp_path, network=changed(NETWORK, own)))

    def weights(seed: int, scheme: str) -> tuple[torch.Tensor, torch.Tensor]:
        network = options.build_initialised((1, 28, 28), 10, seed=seed, scheme=scheme)
        return network.stem.weight, network.output.weight

    torch.manual_seed(1)
    stem, output = weights(0, "default")

    assert bool((stem == 2).all())
    assert output.equal(weights(0, "default")[1])
    assert not output.equal(weights(1, "default")[1])
    assert not bool((weights(0, "kaiming_fan_out")[0] == 2).any())


def user_model_of(found: Study) -> object:
    """Return the options of the baseline's network."""
    model = dict(found.baseline["model"])
    return user_model_options(model.pop("name")).model_validate(model)


DROPOUT = changed(
    NETWORK,
    ("self.output = ", "self.drop = nn.Dropout(0.3)\n        self.output = "),
    ("self.output(x.mean((2, 3)))", "self.output(self.drop(x.mean((2, 3))))"),
)


def test_workers_find_the_module_beside_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the program was started, its worker processes import what the study names."""
    folder, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    text = changed(USERS, ("seeds: 6", "seeds: 1"), ("epochs: 3", "epochs: 1"))
    text += "factors: {model.attention: [none, cbam, CBAM]}\n"
    config = RunConfig(results=elsewhere, data=elsewhere, resources=Resources(1))
    prepared = prepare(study(folder, text, DROPOUT), config)

    table = run(prepared, outstanding(prepared), config, lambda _: None).results.trials

    losses = table.set_index("variant")["train_loss"]
    assert losses["baseline"] == losses["attention=cbam"]
    assert losses["baseline"] != losses["attention=CBAM"]


def test_torchs_own_random_numbers_are_the_same_after_an_interruption(tmp_path: Path) -> None:
    """Torch's own dropout depends on neither earlier draws nor checkpoints."""
    found = study(tmp_path, network=DROPOUT)
    trial = plan(found, resolve).trials[0]
    images = load(build_options(found.baseline).data)
    states: list[bytes] = []

    whole = train(TrialInput(trial, images), ComputeConfig(), Hooks(save_checkpoint=states.append))
    torch.rand(7)
    again = train(TrialInput(trial, images), ComputeConfig())
    resumed = train(TrialInput(trial, images, states[0]), ComputeConfig())

    assert whole.weights == again.weights == resumed.weights
