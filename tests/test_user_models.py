"""Networks of the user's own: imported, checked like those of the table, and trained."""

from pathlib import Path

import pytest
import torch
from auditing import NETWORK, USERS, changed
from torch import nn

from cnn_ablate.data import load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Terms
from cnn_ablate.models import find_dead, size, user_model
from cnn_ablate.plan import plan
from cnn_ablate.runner import Where, outstanding, run, survey
from cnn_ablate.schema import Recipe, Size, Study
from cnn_ablate.settings import parts, settle
from cnn_ablate.study import Changes, read
from cnn_ablate.train import Watch, train
from cnn_ablate.users import is_users


def write(folder: Path, text: str = USERS, network: str = NETWORK) -> Path:
    """Write a study and the module that it names."""
    (folder / "nets.py").write_text(network, encoding="utf-8")
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def study(folder: Path, text: str = USERS, network: str = NETWORK) -> Study:
    """Read a study of a user's network."""
    return read(write(folder, text, network))


def messages(folder: Path, text: str = USERS, network: str = NETWORK, *sets: str) -> list[str]:
    """Read a study that is wrong, and give what is said of it, without the folder."""
    path = write(folder, text, network)
    with pytest.raises((ExceptionGroup, UserError)) as caught:
        read(path, Changes(sets=sets))
    errors = getattr(caught.value, "exceptions", [caught.value])
    return [str(error).replace(f"{folder}", "HERE") for error in errors]


def built(found: Study) -> nn.Module:
    """Build the network of a study's baseline, for images of 28 x 28 px and 10 classes."""
    return parts(found.baseline).model.build((1, 28, 28), 10)


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
    """A module and a name in it, nothing else, are taken for a user's network."""
    assert expected == is_users(name)


def test_knobs_are_the_arguments_of_the_class(tmp_path: Path) -> None:
    """Defaults are filled in; what the data decides is no knob."""
    settings = study(tmp_path).baseline["model"]

    assert {"name", "sha256", "width", "attention"} == settings.keys()
    assert (4, "none") == (settings["width"], settings["attention"])


def test_the_network_gets_knobs_and_the_form_of_the_images(tmp_path: Path) -> None:
    """Channels and classes come from the data set, the width from the file."""
    network = built(study(tmp_path))

    assert (4, 1, 3, 3) == network.stem.weight.shape
    assert (10, 4) == network.output.weight.shape


def test_a_function_may_build_the_network(tmp_path: Path) -> None:
    """It gets the size of the images if it wants it, and a tuple where its default is one."""
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
    options = parts(study(tmp_path, network=changed(NETWORK, unused)).baseline).model

    assert Size(parameters=40 + 50 + 12, macs=4 * 26 * 26 * 9 + 40) == size(
        options, (1, 28, 28), 10
    )
    assert {"unused": 12} == find_dead(options, (1, 28, 28), 10)


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
    """What is missing or misspelt is said in one sentence, with what may have been meant."""
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    change, expected = WRONG[name]
    typed = ("attention=", "depth: int = 1, attention=") if "depth" in expected else ("", "")

    said = messages(here, changed(USERS, change), changed(NETWORK, typed))

    assert [expected.replace("CWD", str(tmp_path / "elsewhere"))] == said


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
    """The error and its line in the user's file are given, and no traceback."""
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
            ("return logits", "return logits @ logits"),
            "nets:Net: calling it failed: RuntimeError: mat1 and mat2 shapes cannot be multiplied "
            "(2x10 and 2x10) (nets.py, line 18).",
        ),
        (
            ("return logits", "return logits[:, :3]"),
            "nets:Net: expected logits of shape (2, 10) for two images, got (2, 3).",
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
    """What goes wrong in the user's code is the user's to mend."""
    found = study(tmp_path, network=changed(NETWORK, change))

    with pytest.raises(UserError) as caught:
        built(found)

    assert said == str(caught.value)


def test_an_argument_that_settings_cannot_hold_is_refused(tmp_path: Path) -> None:
    """A knob called as a method of the options would hide it."""
    [message] = messages(tmp_path, USERS, changed(NETWORK, ("attention=", "copy=1, attention=")))

    assert message.endswith("nets:Net: 'copy' cannot be a knob. Rename this argument.")


def test_what_takes_any_keyword_may_get_any(tmp_path: Path) -> None:
    """Where the class swallows keywords, only its own code can tell which are right."""
    network = changed(
        NETWORK, ('attention="none")', 'attention="none", **rest)'), ("# more", "self.rest = rest")
    )
    text = changed(USERS, ("width: 4", "width: 4, depth: 2"))
    text += "factors: {model.height: [1, 2]}\n"

    found = study(tmp_path, text, network)
    layout = plan(found, settle)

    assert {"depth": 2} == built(found).rest
    assert [2, 2, 2] == [variant.settings["model"]["depth"] for variant in layout.variants]
    assert [None, 1, 2] == [v.settings["model"].get("height") for v in layout.variants]


def test_users_networks_stand_beside_those_of_the_table(tmp_path: Path) -> None:
    """A factor over networks may mix both, and each takes its own knobs."""
    text = changed(USERS, ('{name: "nets:Net", width: 4}', "{name: lenet, kernel: 3, width: 8}"))
    text += 'factors: {model.name: [lenet, "nets:Net"]}\n'

    layout = plan(study(tmp_path, text), settle)

    assert ["lenet", "nets:Net"] == [v.settings["model"]["name"] for v in layout.variants]
    assert [3, None] == [v.settings["model"].get("kernel") for v in layout.variants]
    assert [None, 8] == [v.settings["model"].get("width") for v in layout.variants]


def test_settings_on_the_command_line_are_checked_too(tmp_path: Path) -> None:
    """`--set` knows the knobs of the user's network."""
    assert [
        "--set model.widht=5: unknown key 'model.widht'. Did you mean 'model.width'? Known: "
    ] == [
        m.partition("Known: ")[0] + "Known: "
        for m in messages(tmp_path, USERS, NETWORK, "model.widht=5")
    ]
    assert 5 == read(write(tmp_path), Changes(sets=("model.width=5",))).baseline["model"]["width"]


def test_another_source_is_another_trial(tmp_path: Path) -> None:
    """What was trained with an older source of the network is not taken for the new one."""
    keys = {
        plan(study(tmp_path, network=network), settle).trials[0].key
        for network in (NETWORK, NETWORK, changed(NETWORK, ("relu", "tanh")))
    }

    assert 2 == len(keys)


def test_settings_of_another_source_cannot_be_built(tmp_path: Path) -> None:
    """A trial is never trained with a source that it was not planned with."""
    baseline = study(tmp_path).baseline
    study(tmp_path, network=changed(NETWORK, ("relu", "tanh")))

    with pytest.raises(UserError, match="the source of nets:Net is another one now"):
        parts(baseline)


def test_a_module_of_the_same_name_elsewhere_is_another_one(tmp_path: Path) -> None:
    """The folder of the study that is read decides, whatever was imported before."""
    folders = [tmp_path / "one", tmp_path / "two"]
    networks = [NETWORK, changed(NETWORK, ("relu", "tanh"))]
    for folder, network in zip(folders, networks, strict=True):
        folder.mkdir()
        study(folder, network=network)

    sources = [
        study(folder, network=n).baseline for folder, n in zip(folders, networks, strict=True)
    ]

    assert sources[0]["model"]["sha256"] != sources[1]["model"]["sha256"]


def test_modules_in_packages_import_each_other(tmp_path: Path) -> None:
    """A package beside the study is imported as Python would import it."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "nets.py").write_text(NETWORK, encoding="utf-8")
    (package / "more.py").write_text("from .nets import Net as Alias\n", encoding="utf-8")

    found = study(tmp_path, changed(USERS, ("nets:Net", "package.more:Alias")))

    assert (4, 1, 3, 3) == built(found).stem.weight.shape


def test_a_module_that_the_program_uses_cannot_be_replaced(tmp_path: Path) -> None:
    """A user's `json.py` would break the program, so it must be renamed."""
    (tmp_path / "json.py").write_text(NETWORK, encoding="utf-8")

    [message] = messages(tmp_path, changed(USERS, ("nets:Net", "json:Net")))

    assert message.endswith("json: the program itself uses a module 'json'. Rename yours.")


def test_no_compiled_files_are_left_beside_the_module(tmp_path: Path) -> None:
    """The user's folder stays as it was."""
    study(tmp_path)

    assert {"nets.py", "tiny.yaml"} == {path.name for path in tmp_path.iterdir()}


def test_own_initial_weights_follow_from_the_seed(tmp_path: Path) -> None:
    """`default` leaves what the network draws for itself, from the trial's seed; others do not."""
    own = ("# more", "nn.init.constant_(self.stem.weight, 2.0)")
    options = user_model_of(study(tmp_path, network=changed(NETWORK, own)))

    def weights(seed: int, scheme: str) -> tuple[torch.Tensor, torch.Tensor]:
        network = options.initialised((1, 28, 28), 10, seed=seed, scheme=scheme)
        return network.stem.weight, network.output.weight

    torch.manual_seed(1)
    stem, output = weights(0, "default")

    assert bool((stem == 2).all())
    assert output.equal(weights(0, "default")[1])
    assert not output.equal(weights(1, "default")[1])
    assert not bool((weights(0, "kaiming_fan_out")[0] == 2).any())


def user_model_of(found: Study) -> object:
    """Give the options of the baseline's network."""
    model = dict(found.baseline["model"])
    return user_model(model.pop("name")).model_validate(model)


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
    where = Where(results=elsewhere, data=elsewhere, terms=Terms(1))
    laid_out = survey(study(folder, text, DROPOUT), where)

    table = run(laid_out, outstanding(laid_out), where, lambda _: None).trials

    losses = table.set_index("variant")["train_loss"]
    assert losses["baseline"] == losses["attention=cbam"]
    assert losses["baseline"] != losses["attention=CBAM"]


def test_what_a_network_draws_for_itself_is_the_same_after_an_interruption(tmp_path: Path) -> None:
    """Torch's own dropout draws alike whatever was drawn before, and from a checkpoint on."""
    found = study(tmp_path, network=DROPOUT)
    trial = plan(found, settle).trials[0]
    images = load(parts(found.baseline).data)
    states: list[bytes] = []

    whole = train(trial, images, Recipe(), Watch(save=states.append))
    torch.rand(7)
    again = train(trial, images, Recipe())
    resumed = train(trial, images, Recipe(), resume=states[0])

    assert whole.weights == again.weights == resumed.weights
