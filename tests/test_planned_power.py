"""`plan`: what the seeds of a study can show, its least and most trials, the spread of a pilot."""

import json
from pathlib import Path
from typing import Any

import pytest

from cnn_ablate.stats.sample_size import Precision
from support import cli_study, fake_study
from support.cli_study import STUDY


def planned(folder: Path, seeds: str, *options: str) -> str:
    """Return what `plan` prints of the tiny study with other seeds."""
    cli_study.write(folder, STUDY.replace("seeds: 2", f"seeds: {seeds}"))
    code, out, err = cli_study.call("plan", "tiny.yaml", *options, cwd=folder)
    assert 0 == code, err
    return out


def power_analysis_of(folder: Path, seeds: str) -> dict[str, Any]:
    """Return the power analysis of the same study in `plan --json`."""
    found: dict[str, Any] = json.loads(planned(folder, seeds, "--json"))["power_analysis"]
    return found


def test_the_smallest_p_and_the_grain_of_the_test_images(tmp_path: Path) -> None:
    """Below three seeds nothing is tested, below six normal differences are assumed."""
    assert "1 primary contrast with 2 seeds: too few for an interval" in planned(tmp_path, "2")
    assert "1 primary contrast with 5 seeds: Holm on paired t" in planned(tmp_path, "5")
    out = planned(tmp_path, "8")
    assert "8 seeds: the smallest adjusted p is 0.0078 (max-T over sign flips)." in out
    assert "Intervals reach about 0.84 standard deviations" in out  # 2.365 / sqrt(8)
    assert "effects of 1.2 of them or more are found with" in out  # (2.365 + 0.896) / sqrt(8)
    assert "One of 40 test images is 2.5 points of accuracy." in out


def test_a_program_reads_what_seeds_and_images_can_show(tmp_path: Path) -> None:
    """`plan --json` has the numbers that `plan` prints; what a test cannot give is null."""
    [few], [some], [many] = (power_analysis_of(tmp_path, seeds)["contrasts"] for seeds in "258")
    assert ("", None, None, None) == tuple(few.values())[3:]
    assert ("Holm, paired t", None) == (some["method"], some["smallest_p"])
    assert some["half_width"] == pytest.approx(2.7764 / 5**0.5, rel=1e-4)
    assert ("primary", 1, 8, "max-T, joint sign flips") == tuple(many.values())[:4]
    assert (2 / 2**8, True) == (many["smallest_p"], many["half_width"] < many["smallest_effect"])
    found = power_analysis_of(tmp_path, "{looks: [3, 5, 8]}")
    assert [{"images": 40, "points": 2.5}] == found["test_images"]
    [last] = found["contrasts"]  # half of the error is spent at the last of three looks
    assert last["half_width"] == pytest.approx(2.8412 / 8**0.5, rel=1e-4)
    assert {"seeds": [3, 5, 8], "fewest_trials": 6, "most_trials": 16} == found["looks"]
    printed = planned(tmp_path, "{looks: [3, 5, 8]}").partition("hash: ")[2][:12]
    assert found["preregistration_hash"].startswith(printed)


def test_the_best_and_the_worst_case_of_looks(tmp_path: Path) -> None:
    """All variants are trained up to the first look."""
    out = planned(tmp_path, "{looks: [3, 5, 8]}")
    assert "Looks at 3, 5 and 8 seeds: 6 trials at best" in out
    assert "16 at most" in out


def test_the_hash_changes_with_what_is_stated(tmp_path: Path) -> None:
    """Twelve digits to put into a commit or a paper."""
    hashes = {planned(tmp_path, seeds).partition("hash: ")[2][:12] for seeds in ("3", "3", "4")}
    assert 2 == len(hashes)
    assert all(int(digits, 16) for digits in hashes)


def test_seeds_that_a_pilot_asks_for(tmp_path: Path) -> None:
    """The spread seen, the half-width, the smallest effect, and the seeds for one point."""
    pilot = fake_study.FakeStudy(variants=2, seeds=4, images=200)
    folder = fake_study.publish(tmp_path / "pilot", pilot).record.study.folder
    levels = "batch_norm: {'true': {}, 'false': {model.norm: none}}"
    text = STUDY.partition("claims:")[0].replace("model.norm: [batch, none]", levels)
    text = text.replace("seeds: 2", "seeds: 8")
    cli_study.write(tmp_path, text)
    words = ("plan", "tiny.yaml", "--from")
    code, out, err = cli_study.call(*words, f"pilot/{folder}", cwd=tmp_path)
    assert 0 == code, err
    lines = out.partition("needed\n")[2].splitlines()
    assert ["batch_norm=false", "4"] == lines[0].split()[:2]
    assert "needed for 1 point" in lines[1]
    said = json.loads(cli_study.call(*words, f"pilot/{folder}", "--json", cwd=tmp_path)[1])
    [seen] = said["pilot"]
    assert ("batch_norm=false", "baseline", 4) == tuple(seen.values())[:3]
    assert f"{seen['half_width']:.3g} {seen['smallest_effect']:.3g}" in " ".join(lines[0].split())
    assert str(seen["seeds_needed"]) == lines[0].split()[-1]
    (tmp_path / "pilot" / folder).rename(tmp_path / "copy")
    assert (
        lines
        == cli_study.call(*words, "copy", cwd=tmp_path)[1].partition("needed\n")[2].splitlines()
    )
    code, _, err = cli_study.call(*words, "nowhere", cwd=tmp_path)
    assert (1, True) == (code, "no such study was run." in err)


def test_estimates_agree_with_the_formula() -> None:
    """By hand: t of 7 degrees at 0.975 is 2.365, at 0.8 it is 0.896."""
    precision = Precision(sd=1.0, seeds=8, contrasts=1, error=0.05)
    assert precision.half_width == pytest.approx(2.3646 / 8**0.5, rel=1e-4)
    assert precision.smallest_effect == pytest.approx((2.3646 + 0.8960) / 8**0.5, rel=1e-4)
    assert 10 == precision.seeds_for(1.0)
    assert precision.seeds_for(1e-9) is None
