"""Audit of designs: a variant that fails, an excluded baseline, and levels that contradict."""

from pathlib import Path

import pytest

from support import cli_study
from support.audit import LENET, NETWORK, USERS, changed, findings_of, subject

BUNDLE = """\
factors:
  optimizer.lr: [0.01, 0.1]
  recipe: {sgd: {}, adam: {optimizer.name: adam, optimizer.lr: 0.003}}
"""
FROZEN = ("# more", "[p.requires_grad_(attention != 'frozen') for p in self.parameters()]")


@pytest.mark.parametrize(
    ("level", "network", "reason"),
    [
        ("frozen", changed(NETWORK, FROZEN), "has no parameters to train"),
        (
            "broken",
            changed(NETWORK, ("# more", "assert attention != 'broken', 'no such gate'")),
            "building it failed: AssertionError: no such gate",
        ),
    ],
)
def test_a_variant_that_fails_is_named_and_the_others_run(
    tmp_path: Path, level: str, network: str, reason: str
) -> None:
    """With its level, in plan, audit, run and report; the run exits with 2."""
    (tmp_path / "nets.py").write_text(network, encoding="utf-8")
    text = changed(USERS, ("seeds: 6", "seeds: 1"), ("epochs: 3", "epochs: 1"))
    text += f"factors: {{model.attention: [none, {level}], optimizer.lr: [0.01, 0.1]}}\n"
    study = cli_study.write(tmp_path, text)
    expected = f"Variant attention={level} (model.attention {level}) cannot be trained: nets:Net: "

    code, _, err = cli_study.call("run", study, "--workers", "1", cwd=tmp_path)

    assert code == 2
    assert expected + reason in err
    assert "1 of 3 trials failed" in err
    code, out, _ = cli_study.call("plan", study, cwd=tmp_path)
    assert code == 0
    assert f"Variant attention={level} cannot be trained: nets:Net: {reason}" in out
    results = tmp_path / "results" / "tiny"
    assert "cannot-train" in (results / "findings.csv").read_text(encoding="utf-8")
    report = (tmp_path / "reports" / "tiny" / "report.md").read_text(encoding="utf-8")
    assert "cannot train" in report


def test_a_baseline_that_fails_ends_the_run(tmp_path: Path) -> None:
    """Without it nothing is compared, so nothing is trained."""
    (tmp_path / "nets.py").write_text(changed(NETWORK, FROZEN), encoding="utf-8")
    text = changed(USERS, ("width: 4", "width: 4, attention: frozen"))
    study = cli_study.write(tmp_path, text)

    code, _, err = cli_study.call("run", study, cwd=tmp_path)

    assert code == 1
    assert "nets:Net: has no parameters to train: none has requires_grad." in err


def test_variants_that_can_be_trained_are_no_finding(tmp_path: Path) -> None:
    """A user-defined network is tried."""
    (tmp_path / "nets.py").write_text(NETWORK, encoding="utf-8")

    assert [] == findings_of("cannot-train", subject(tmp_path, USERS))


def test_an_excluded_baseline_is_an_error(tmp_path: Path) -> None:
    """Its contrasts are gone, and the variants that lack one are named."""
    text = f"{LENET}factors: {{model.norm: [none, batch], training.batch_size: [32, 64]}}\n"
    rule = "exclude: [{model.norm: none}]\n"

    [finding] = findings_of("excluded-baseline", subject(tmp_path, text + rule))

    assert "error" == finding.severity
    assert "its contrasts: norm=batch is compared with nothing." in finding.message


def test_other_exclusions_are_no_finding(tmp_path: Path) -> None:
    """A rule that leaves the baseline in place."""
    text = f"{LENET}factors: {{model.norm: [none, batch], training.batch_size: [32, 64]}}\n"
    rule = "exclude: [{training.batch_size: 64}]\n"

    assert [] == findings_of("excluded-baseline", subject(tmp_path, text + rule))


@pytest.mark.parametrize("design", ["factorial", "leave_one_out"])
def test_levels_that_set_one_key_differently_are_found(tmp_path: Path, design: str) -> None:
    """The bundle wins, so that lr=0.1 is not the rate of the variant that is named after it."""
    bundle = BUNDLE.replace("sgd: {}", "sgd: {optimizer.lr: 0.02}")
    found = findings_of("set-twice", subject(tmp_path, f"{LENET}{bundle}design: {design}\n"))

    assert ["warning"] == [finding.severity for finding in found]
    assert ["optimizer.lr", "recipe"] == found[0].data["factors"]
    assert "optimizer.lr 0.01 (0.01) with recipe sgd (0.02): recipe wins" in found[0].message


@pytest.mark.parametrize("design", ["one_at_a_time", "ladder"])
def test_a_bundle_beside_its_key_is_no_finding(tmp_path: Path, design: str) -> None:
    """One of them is moved at a time; a ladder replaces on purpose."""
    assert [] == findings_of("set-twice", subject(tmp_path, f"{LENET}{BUNDLE}design: {design}\n"))
