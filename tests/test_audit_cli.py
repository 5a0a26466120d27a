"""The command `audit`: findings for readers, for programs, and as an exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cnn_ablate.cli import app
from support import cli_study
from support.audit import LENET, NETWORK, USERS, changed

ENOUGH = changed(LENET, ("subset: 200, test_subset: 100", "subset: 2400, test_subset: 200"))
INERT = f"{ENOUGH}factors: {{model.norm: [none, batch], training.patience: [0, 9]}}\n"
SOUND = f"{ENOUGH}factors: {{model.norm: [none, batch]}}\n"


def audit(folder: Path, text: str, *words: str) -> Result:
    """Audit a study, in this process."""
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    command = ["audit", str(path), "--data", str(folder), *words]
    return CliRunner().invoke(app, command, env={"COLUMNS": "90"})


def test_an_option_that_a_users_network_ignores_is_caught(tmp_path: Path) -> None:
    """The study has `cbam`, the network compares with `CBAM`: the factor would have no effect."""
    (tmp_path / "nets.py").write_text(NETWORK, encoding="utf-8")
    path = cli_study.write(tmp_path, f"{USERS}factors: {{model.attention: [none, cbam]}}\n")

    code, output, _ = cli_study.call("audit", path.name, "--strict", cwd=tmp_path)

    assert 1 == code
    assert "inert-factor at model.attention" in output
    text = " ".join(output.split())
    assert "Levels none and cbam of model.attention are one and the same training" in text
    assert "give the same 90 weights and the same outputs, bit for bit." in text
    assert "Check how nets:Net uses attention." in text


def test_the_option_is_left_alone_where_the_network_knows_it(tmp_path: Path) -> None:
    """Spelt as in the network, the same level is no finding."""
    (tmp_path / "nets.py").write_text(NETWORK, encoding="utf-8")

    result = audit(tmp_path, f"{USERS}factors: {{model.attention: [none, CBAM]}}\n", "--strict")

    assert 0 == result.exit_code
    assert "inert-factor" not in result.output


def test_an_option_ignored_in_this_baseline_names_its_switch(tmp_path: Path) -> None:
    """A width of the gate has an effect if the gate is on, and the message says so."""
    network = changed(
        NETWORK,
        ('attention="none")', 'attention="none", inner=2)'),
        (
            "nn.Conv2d(width, width, 1) if",
            "nn.Sequential(nn.Conv2d(width, inner, 1), nn.Conv2d(inner, width, 1)) if",
        ),
    )
    (tmp_path / "nets.py").write_text(network, encoding="utf-8")
    factors = "factors: {model.inner: [2, 3], model.attention: [none, CBAM]}\n"

    result = audit(tmp_path, USERS + factors)

    assert "They differ if model.attention is CBAM." in " ".join(result.output.split())


def test_random_behaviour_of_a_users_network_is_not_called_inert(tmp_path: Path) -> None:
    """An event in one step of ten occurs in the steps that are tried."""
    network = changed(
        NETWORK,
        ('attention="none")', 'attention="none", skip=0.0)'),
        ("# more", "self.skip = skip"),
        ("return logits", "return logits * 2 if torch.rand(()) < self.skip else logits"),
    )
    (tmp_path / "nets.py").write_text(network, encoding="utf-8")

    result = audit(tmp_path, f"{USERS}factors: {{model.skip: [0.0, 0.1]}}\n")

    assert "inert-factor" not in result.output


def test_findings_are_printed_gravest_first_and_counted(tmp_path: Path) -> None:
    """Errors come before notes, and the last line says how many there are."""
    result = audit(tmp_path, changed(INERT, ("seeds: 6", "seeds: 2")))

    assert 0 == result.exit_code
    lines = [line.split()[0] for line in result.output.splitlines() if " at " in line[:40]]
    assert ["error", "note"] == lines
    assert result.output.endswith("tiny: 1 error and 1 note.\n")


def test_json_holds_the_same_findings(tmp_path: Path) -> None:
    """The JSON has kind, severity, place, message and numbers."""
    result = audit(tmp_path, changed(INERT, ("seeds: 6", "seeds: 2")), "--json")

    first, second = json.loads(result.output)

    assert {"kind", "severity", "where", "message", "data"} == first.keys()
    assert ("inert-factor", "error", "training.patience") == (
        first["kind"],
        first["severity"],
        first["where"],
    )
    assert {"seeds": 2, "contrasts": 2, "cannot": 2} == second["data"]


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (INERT, ("--strict",), 1),
        (INERT, ("--strict", "--json"), 1),
        (INERT, (), 0),
        (SOUND, ("--strict",), 0),
        (changed(SOUND, ("seeds: 6", "seeds: 2")), ("--strict",), 0),
        (INERT, ("--strict", "--set", "training.epochs=50"), 0),
        (changed(INERT, ("epochs: 3", "epochs: 50")), ("--strict", "--smoke"), 0),
    ],
)
def test_only_errors_under_strict_fail(
    tmp_path: Path, text: str, words: tuple[str, ...], code: int
) -> None:
    """Warnings and notes never fail, nor errors that only the command line causes."""
    assert code == audit(tmp_path, text, *words).exit_code


def test_a_sound_study_has_no_findings(tmp_path: Path) -> None:
    """The command says so."""
    assert "tiny: nothing found.\n" == audit(tmp_path, SOUND).output


def test_a_study_is_audited_without_its_images(tmp_path: Path) -> None:
    """Published data sets may be missing; the output says that they were not examined."""
    result = audit(tmp_path, changed(SOUND, ("fashion_mnist_sample", "cifar10")))

    assert 0 == result.exit_code
    assert "Images were not looked at: data set cifar10: not found" in result.output


@pytest.mark.parametrize(
    ("answer", "message"), [("logits.long()", "RuntimeError: "), ("exit(0)", "SystemExit: 0")]
)
def test_a_network_that_cannot_be_trained_is_a_finding(
    tmp_path: Path, answer: str, message: str
) -> None:
    """An error that occurs only in training is a sentence too, with its line."""
    fails = f"return {answer} if self.training else logits"
    (tmp_path / "nets.py").write_text(changed(NETWORK, ("return logits", fails)), encoding="utf-8")
    text = f"{USERS}factors: {{model.attention: [none, cbam]}}\n"

    result = audit(tmp_path, text, "--json")

    found = [finding for finding in json.loads(result.output) if finding["severity"] == "error"]
    assert ["baseline", "attention=cbam"] == [finding["where"] for finding in found]
    assert all(f"nets:Net: training it failed: {message}" in f["message"] for f in found)


def test_claims_about_variants_that_the_command_line_renames_are_skipped(tmp_path: Path) -> None:
    """With another baseline some variants have other names, which is no error."""
    claims = (
        "claims:\n"
        "  - {id: a, variant: norm=batch, metric: parameters, value: 7}\n"
        "  - {id: b, variant: norm=batch, reference: baseline, quote: larger, effect: higher}\n"
    )

    result = audit(tmp_path, SOUND + claims, "--set", "model.norm=batch")

    assert "tiny: nothing found.\n" == result.output
