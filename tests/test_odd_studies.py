"""Studies that are odd, or wrong in one place: names of any form, networks of any kind."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate import fork_server
from support import cli_study
from support.fast_study import allow_fork

pytestmark = [pytest.mark.slow, allow_fork]

BASELINE = """\
baseline:
  data: {name: fashion_mnist_sample, subset: 40, test_subset: 20}
  model: {name: lenet}
  optimizer: {name: sgd, lr: 0.01}
  training: {epochs: 1, batch_size: 20}
seeds: 2
"""
NAMES = [
    "base",
    "=1+1",
    "@SUM(A1)",
    "-2",
    "a_b%c&d#e{f}g~h^i\\j$k",
    "<script>alert(1)</script>",
    "a|b",
    "naïve 学习率 🚀",
    "../../up",
    "comma, and = sign",
    "baseline",
    "long " * 60,
    "line\nbreak",
    "[/bold] [red]",
    "*star* _under_",
    "א ב",
    "  blank before",
    "'quote' \"double\"",
]
TITLE = "50 % of A_B & C #1 {x} ~y^2 \\alpha $z$ <script>alert(1)</script> | pipe"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which a study was run whose levels have odd names."""
    folder = tmp_path_factory.mktemp("named")
    levels = {name: {"optimizer.lr": 0.01 + 0.01 * i} for i, name in enumerate(NAMES)}
    study = {"study": "names_1", "title": TITLE, "factors": {"recipe": {**levels, "base": {}}}}
    # JSON is YAML.
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in study.items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fork_server, "_METHOD", "fork")
        path = cli_study.write(folder, text + BASELINE)
        code, _, err = cli_study.call("run", path.name, "--compute", "eager", cwd=folder)
        assert 0 == code, err
        yield folder


COMMANDS = {
    "plan": ["plan", "tiny.yaml"],
    "audit": ["audit", "tiny.yaml"],
    "status": ["status", "tiny.yaml"],
    "report": ["report", "tiny.yaml", "--latex"],
    "compare": ["compare", "names_1", "names_1"],
    "doctor": ["doctor"],
    "clean": ["clean"],
    "export": ["export", "names_1", "--table", "ablation", "-o", "table.tex"],
    "pack": ["pack", "tiny.yaml", "-o", "all.zip"],
    "run again": ["run", "tiny.yaml"],
    **{f"explain {name!r}": ["explain", "tiny.yaml", f"recipe={name}"] for name in NAMES[1:-1]},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_names_of_any_form(named: Path, command: str) -> None:
    """It ends as for other names, and none breaks a line."""
    code, out, err = cli_study.call(*COMMANDS[command], cwd=named)
    assert 0 == code, err
    assert "line\nbreak" not in out + err


def test_names_of_any_form_are_kept_and_shown_as_text(named: Path) -> None:
    """Tables have them letter by letter; no page runs them, and no folder is outside."""
    levels = pd.read_csv(named / "results" / "names_1" / "results.csv")["recipe"]
    assert {name.strip() for name in NAMES} == {name.strip() for name in levels}
    page = (named / "reports" / "names_1" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert 2 * len(NAMES) == len(list((named / "results" / "trials").iterdir()))
    assert {"results", "reports", "tiny.yaml"} >= {
        path.name for path in named.iterdir() if path.suffix not in {".tex", ".zip"}
    }


NETWORK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels, classes, kind="plain"):
        super().__init__()
        if kind == "unbuildable":
            raise RuntimeError("no such thing\\nas a second line")
        self.kind = kind
        self.stem = nn.LazyConv2d(4, 3) if kind == "lazy" else nn.Conv2d(channels, 4, 3)
        self.squash = (lambda x: x.clamp(min=0)) if kind == "lambda" else torch.relu
        self.head = nn.Linear(4, classes)
        self.register_buffer("calls", torch.zeros(()))
        if kind == "frozen":
            self.requires_grad_(False)

    def forward(self, images):
        x = self.stem(images)
        if self.kind == "in place":
            x += 1
        x = self.squash(x)
        if self.kind == "buffer":
            self.calls += 1
        if self.kind == "talks":
            print("called")
        if self.kind == "fails":
            raise ValueError("my own mistake")
        y = self.head(x.mean((2, 3)))
        if self.kind == "tuple":
            return y, y
        if self.kind == "mapping":
            return {"logits": y}
        if self.kind == "few":
            return y[:, :5]
        return y * {"constant": 0.0, "infinite": float("inf")}.get(self.kind, 1.0)


class Weightless(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.classes = classes

    def forward(self, images):
        return images.mean((1, 2, 3))[:, None].repeat(1, self.classes)
"""
TRAINS = ["plain", "lazy", "lambda", "in place", "buffer", "talks", "constant"]
FAILS = {
    "unbuildable": "building it failed: RuntimeError: no such thing",
    "frozen": "has no parameters to train",
    "fails": "ValueError: my own mistake",
    "tuple": "got tuple.",
    "mapping": "got dict.",
    "few": "got (2, 5).",
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, str]:
    """Run a study whose levels are networks of all kinds; its trials, and what was printed."""
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "nets.py").write_text(NETWORK, encoding="utf-8")
    names = ", ".join([*TRAINS, *FAILS, "infinite"])
    study = f"study: kinds\n{BASELINE}factors: {{model.kind: [{names}]}}\n"
    study = study.replace("lenet", '"nets:Net"').replace("seeds: 2", "seeds: 1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fork_server, "_METHOD", "fork")
        path = cli_study.write(folder, study)
        code, _, err = cli_study.call("run", path.name, "--compute", "eager", cwd=folder)
    assert 2 == code, err
    trials = pd.read_csv(folder / "results" / "kinds" / "results.csv").set_index("model.kind")
    return trials, err


def test_networks_of_any_kind_are_trained(kinds: tuple[pd.DataFrame, str]) -> None:
    """Lambdas, buffers that change, operations in place, lazy layers, constant outputs."""
    trials, err = kinds
    assert {"done"} == set(trials.loc[TRAINS, "status"]), err
    assert "diverged" == trials.loc["infinite", "status"]
    assert "bug" not in err


@pytest.mark.parametrize("kind", FAILS)
def test_a_network_that_fails_fails_alone(kinds: tuple[pd.DataFrame, str], kind: str) -> None:
    """One sentence, before training already, names its level and the reason."""
    trials, err = kinds
    assert "failed" == trials.loc[kind, "status"]
    assert FAILS[kind] in trials.loc[kind, "error"]
    [line] = [line for line in err.splitlines() if f"(model.kind {kind})" in line]
    assert FAILS[kind] in line


def test_a_network_without_parameters_is_refused(tmp_path: Path) -> None:
    """In one sentence, whichever command builds it."""
    (tmp_path / "nets.py").write_text(NETWORK, encoding="utf-8")
    study = f"study: weightless\n{BASELINE}".replace("lenet", '"nets:Weightless"')
    path = cli_study.write(tmp_path, study)
    for command in ("plan", "audit", "run"):
        code, _, err = cli_study.call(command, path.name, cwd=tmp_path)
        assert (1, "nets:Weightless: has no parameters to train: none has requires_grad.\n") == (
            code,
            err,
        )
