"""`plan`: what the seeds of a study can show, its least and most trials, the spread of a pilot."""

from pathlib import Path

import pytest

from cnn_ablate.stats.sample_size import Spread
from support import cli_study, fake_study
from support.cli_study import STUDY


def planned(folder: Path, seeds: str) -> str:
    """Return what `plan` prints of the tiny study with other seeds."""
    cli_study.write(folder, STUDY.replace("seeds: 2", f"seeds: {seeds}"))
    code, out, err = cli_study.call("plan", "tiny.yaml", cwd=folder)
    assert 0 == code, err
    return out


def test_the_smallest_p_and_the_grain_of_the_test_images(tmp_path: Path) -> None:
    """Below three seeds nothing is tested, below six normal differences are assumed."""
    assert "1 primary contrast with 2 seeds: too few for an interval" in planned(tmp_path, "2")
    assert "1 primary contrast with 5 seeds: Holm on paired t" in planned(tmp_path, "5")
    out = planned(tmp_path, "8")
    assert "8 seeds: the smallest adjusted p is 0.0078 (max-T over sign flips)." in out
    assert "One of 40 test images is 2.5 points of accuracy." in out


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
    code, _, err = cli_study.call(*words, "nowhere", cwd=tmp_path)
    assert (1, True) == (code, "no such study was run." in err)


def test_estimates_agree_with_the_formula() -> None:
    """By hand: t of 7 degrees at 0.975 is 2.365, at 0.8 it is 0.896."""
    spread = Spread("b", "a", seen=4, sd=1.0, seeds=8, contrasts=1, error=0.05)
    assert spread.half_width == pytest.approx(2.3646 / 8**0.5, rel=1e-4)
    assert spread.smallest_effect == pytest.approx((2.3646 + 0.8960) / 8**0.5, rel=1e-4)
    assert 10 == spread.seeds_for(1.0)
    assert spread.seeds_for(1e-9) is None
