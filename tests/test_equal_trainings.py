"""Both sides of a contrast are computed alike, or the contrast says that they are not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from cnn_ablate.schema import ComputeConfig
from support import cli_study

ROOT = Path(__file__).parents[1]
PUBLISHED = sorted(path.parent for path in (ROOT / "results").glob("*/effects.csv"))
SHIPPED = sorted(path.stem for path in (ROOT / "ablations").glob("*.yaml"))
# Pairs that the audit finds to be one and the same training.
EQUAL = ("baseline", "attention=none", "transformer=none")


def unmarked(folder: Path) -> list[tuple[str, str]]:
    """Return the contrasts of differently computed sides that effects.csv does not mark."""
    trials = pd.read_csv(folder / "results.csv", dtype=str, keep_default_na=False)
    effects = pd.read_csv(folder / "effects.csv")
    columns = [name for name in ComputeConfig.model_fields if name in trials]
    used = {
        variant: set(own[columns].itertuples(index=False, name=None))
        for variant, own in trials[trials["status"] == "done"].groupby("variant")
    }
    return [
        (variant, reference)
        for variant, reference, marked in zip(
            effects["variant"], effects["reference"], effects["compute_differs"], strict=True
        )
        if {variant, reference} <= used.keys() and used[variant] != used[reference] and not marked
    ]


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda folder: folder.name)
def test_published_tables_mark_contrasts_that_were_computed_differently(folder: Path) -> None:
    """There is such a mark wherever the trials differ in layout or backend."""
    assert [] == unmarked(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_new_run_computes_both_sides_alike(tmp_path: Path, name: str) -> None:
    """In one step per trial of embedded images: all contrasts, or those that differ are marked."""
    words = ("--smoke", "--no-audit", "--no-pictures", "--seeds", "1", "--workers", "2")
    code, _, err = cli_study.program("run", ROOT / f"ablations/{name}.yaml", *words, cwd=tmp_path)

    assert code == 0, err
    [folder] = (path.parent for path in (tmp_path / "results").glob("*/effects.csv"))
    assert [] == unmarked(folder)


@pytest.mark.slow
def test_trainings_that_the_audit_proves_equal_give_the_same_bits(tmp_path: Path) -> None:
    """Of the published network with ignored parts: predictions, and all weights they share."""
    words = ("--smoke", "--no-audit", "--no-pictures", "--seeds", "1", "--only", ",".join(EQUAL))
    sets = ("--set", "training.batch_size=16", "--set", "optimizer.lr=0.001")
    study = ROOT / "ablations/preact_cbam.yaml"
    code, _, err = cli_study.program("run", study, *words, *sets, cwd=tmp_path)

    assert code == 0, err
    folders = sorted((tmp_path / "results/trials").iterdir())
    assert 3 == len(folders)
    with np.load(folders[0] / "predictions.npz") as first:
        expected = {name: first[name].tobytes() for name in first.files}
    weights = [torch.load(folder / "model.pt", weights_only=True) for folder in folders]
    for folder, own in zip(folders, weights, strict=True):
        with np.load(folder / "predictions.npz") as predictions:
            assert expected == {name: predictions[name].tobytes() for name in predictions.files}
        for key in own.keys() & weights[0].keys():
            assert torch.equal(own[key], weights[0][key]), key
