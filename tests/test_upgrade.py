"""Files of earlier versions are read for good, and their trials count as done."""

import lzma
import shutil
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.schema import ComputeConfig, Record
from cnn_ablate.store import (
    Store,
    parse_record,
    read,
    upgrade_results,
)
from cnn_ablate.store.study_files import write_record
from cnn_ablate.store.upgrade import parse_trial
from cnn_ablate.store.verify import find_problems

# Written when compute settings were called `recipe`; the trial is kept without its network.
OLD = Path(__file__).parent / "fixtures" / "recipe_format"
STUDIES = sorted(path.name.removesuffix(".study.json.xz") for path in OLD.glob("*.xz"))


def old_record(study: str) -> Record:
    """Parse a study.json of the earlier version."""
    return parse_record(lzma.decompress((OLD / f"{study}.study.json.xz").read_bytes()))


@pytest.mark.parametrize("study", STUDIES)
def test_every_record_is_read(study: str, tmp_path: Path) -> None:
    """The compute settings are named as today, and writing the record again loses nothing."""
    record = old_record(study)
    expected = "compiled" if study == "preact_cbam-cpu" else "eager"
    assert (expected, 1) == (record.compute.backend, record.compute.width)
    assert record.plan.trials
    store = Store(tmp_path)
    write_record(store, record)
    assert record == parse_record((tmp_path / study / "study.json").read_bytes())


def test_all_studies_of_that_version_are_tested() -> None:
    """No fixture is lost."""
    assert 7 == len(STUDIES)


def test_a_trial_of_the_earlier_version_is_done(tmp_path: Path) -> None:
    """It is whole without its network, and gives the rows that it gave then."""
    store = Store(shutil.copytree(OLD / "results", tmp_path / "results"))
    [folder] = store.trials.iterdir()
    result = parse_trial((folder / "trial.json").read_bytes())
    assert ({result.trial.id}, []) == store.done([result.trial])
    assert [] == find_problems(store)
    assert ComputeConfig() == result.compute
    assert store.result(result.trial) == result


def test_tables_are_made_of_trials_of_the_earlier_version(tmp_path: Path) -> None:
    """A report of them needs no training."""
    store = Store(shutil.copytree(OLD / "results", tmp_path / "results"))
    [folder] = store.trials.iterdir()
    trial = parse_trial((folder / "trial.json").read_bytes()).trial
    record = old_record("lenet_cifar")
    variant = record.plan.variants[0].model_copy(update={"name": trial.variant, "levels": {}})
    plan = record.plan.model_copy(
        update={"variants": (variant,), "contrasts": (), "trials": (trial,)}
    )
    write_record(store, record.model_copy(update={"plan": plan}))
    [row] = read(store.root, "lenet_cifar").trials.to_dict("records")
    assert (0.102, "eager", 1) == (row["test_accuracy"], row["backend"], row["width"])


def test_results_csv_of_the_earlier_version_has_the_columns_of_today() -> None:
    """Backend and width take the place of three columns; those of today are left alone."""
    table = upgrade_results(pd.read_csv(OLD / "results.csv"))
    assert [*ComputeConfig.model_fields] == list(table.loc[:, "device":"width"].columns)
    assert {("eager", 1)} == {*zip(table["backend"], table["width"], strict=True)}
    assert "micro_batch" not in table
    assert table is upgrade_results(table)
