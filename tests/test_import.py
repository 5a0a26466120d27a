"""Results that were trained elsewhere become a study: effects, verdicts and a report."""

import csv
import json
import sqlite3
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cnn_ablate import import_results, load_study
from cnn_ablate.analysis import Analysis, analyse
from cnn_ablate.cli.commands.import_results import parse_columns
from cnn_ablate.schema import Effect
from cnn_ablate.store import read
from support.cli_study import call
from test_import_errors import GOOD, write

ROOT = Path(__file__).parents[1]
NUMBERS = set(Effect.model_fields) - {
    "compute_differs",
    *("images", "images_low", "images_high", "low_both", "high_both", "mcnemar_p", "sentence"),
    "action",
}
# Claims of this study that need only accuracies, each once per variant and seed.
SAME = {"accuracy-model1", "accuracy-model2", "accuracy-adam", "rate-too-high-fails"}
SAME |= {"adam-better", "adam-better-text", "adam-better-same-network", "simple-is-enough-text"}
MISSING = {
    "model2-more-complex": "no parameters are reported",
    "higher-rate-faster-model1": "no curves are reported",
    "shirt-weakest": "no predictions are reported",
}


def accuracies(folder: Path, study: str = "elsewhere") -> dict[tuple[str, str], str]:
    """Return the accuracy of each variant and seed in the tables of a study."""
    path = folder / "results" / study / "results.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["variant"], row["seed"]): row["test_accuracy"] for row in rows}


def imported(folder: Path, name: str, content: bytes, *options: str) -> dict[tuple[str, str], str]:
    """Import a table, and return the accuracies."""
    path = write(folder, name, content)
    columns = parse_columns([word for word in options if "=" in word])
    import_results(
        load_study(folder / "study.yaml"),
        path,
        columns=columns,
        percent="--percent" in options,
        results=folder / "results",
    )
    return accuracies(folder)


WHOLE = {
    ("baseline", "0"): "0.9",
    ("baseline", "1"): "0.91",
    ("lr=0.1", "0"): "0.8",
    ("lr=0.1", "1"): "0.82",
    ("norm=none", "0"): "0.85",
    ("norm=none", "1"): "0.86",
}
HEADER, *ROWS = [line.split(",") for line in GOOD.splitlines()]
TABLES = {
    "byte order mark": ("t.csv", b"\xef\xbb\xbf" + GOOD.encode(), []),
    "semicolons": ("t.csv", GOOD.replace(",", ";").replace(".", ",").encode(), []),
    "tabs": ("t.tsv", GOOD.replace(",", "\t").encode(), []),
    "other names": (
        "t.csv",
        GOOD.replace("lr,norm,seed,test_accuracy", "a,b,c,d").encode(),
        ["--map", "a=lr", "--map", "b=model.norm", "--map", "c=seed", "--map", "d=test_accuracy"],
    ),
    "lines of JSON": (
        "t.jsonl",
        "\n".join(
            json.dumps(
                {
                    "lr": float(lr),
                    "model": {"norm": norm},
                    "seed": int(seed),
                    "test_accuracy": float(accuracy),
                }
            )
            for lr, norm, seed, accuracy in ROWS
        ).encode(),
        [],
    ),
    "short numbers": ("t.csv", GOOD.replace("0.01,", "1e-2,").encode(), []),
}


@pytest.mark.parametrize("kind", TABLES)
def test_kinds_of_tables(tmp_path: Path, kind: str) -> None:
    """Each is the same results."""
    name, content, options = TABLES[kind]
    assert WHOLE == imported(tmp_path, name, content, *options)


def test_per_cent(tmp_path: Path) -> None:
    """With --percent, accuracies become fractions."""
    table = b"variant,seed,test_accuracy\nbaseline,0,90.5\nlr=0.1,0,80\n"
    expected = {("baseline", "0"): "0.905", ("lr=0.1", "0"): "0.8"}
    assert expected == imported(tmp_path, "t.csv", table, "--percent")


def test_a_hydra_multirun_folder(tmp_path: Path) -> None:
    """Each run's configuration and metrics.json are a row; a run without metrics failed."""
    write(tmp_path, "t.csv", b"")
    for number, (lr, norm, seed, accuracy) in enumerate(ROWS):
        run = tmp_path / "multirun" / str(number)
        (run / ".hydra").mkdir(parents=True)
        config = f"lr: {lr}\nmodel: {{norm: {norm}}}\nseed: {seed}\nworkers: 4\n"
        (run / ".hydra" / "config.yaml").write_text(config)
        if number:
            (run / "metrics.json").write_text(json.dumps({"test_accuracy": float(accuracy)}))

    code, out, err = call("import", "study.yaml", "multirun", cwd=tmp_path)

    assert 0 == code, out + err
    assert {**WHOLE, ("baseline", "0"): ""} == accuracies(tmp_path)


def test_an_mlflow_store(tmp_path: Path) -> None:
    """Parameters, last metrics and status of its active runs, without MLflow."""
    write(tmp_path, "t.csv", b"")
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.executescript(
            "CREATE TABLE runs (run_uuid, name, status, start_time, end_time, lifecycle_stage);"
            "CREATE TABLE params (run_uuid, key, value);"
            "CREATE TABLE latest_metrics (run_uuid, key, value, is_nan);"
        )
        for number, (lr, norm, seed, accuracy) in enumerate([*ROWS, ROWS[0]]):
            stage = "active" if number < len(ROWS) else "deleted"
            run = (str(number), f"run{number}", "FINISHED", 0, 2000, stage)
            store.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", run)
            for key, value in (("lr", lr), ("model.norm", norm), ("seed", seed)):
                store.execute("INSERT INTO params VALUES (?, ?, ?)", (str(number), key, value))
            metric = (str(number), "test_accuracy", float(accuracy), 0)
            store.execute("INSERT INTO latest_metrics VALUES (?, ?, ?, ?)", metric)
    store.close()

    code, out, err = call("import", "study.yaml", "mlflow.db", cwd=tmp_path)

    assert 0 == code, out + err
    assert WHOLE == accuracies(tmp_path)


# Of what MLflow itself depends on.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_store_that_mlflow_has_written(tmp_path: Path) -> None:
    """The last value of each metric; deleted runs and those not ended are left out."""
    mlflow = pytest.importorskip("mlflow", reason="MLflow is large and not among the test packages")
    write(tmp_path, "t.csv", b"")
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.create_experiment("norms", artifact_location=str(tmp_path / "files"))
    for lr, norm, seed, accuracy in [*ROWS, ROWS[0], ROWS[1]]:
        run = client.create_run(experiment).info.run_id
        for key, value in (("lr", lr), ("model.norm", norm), ("seed", seed)):
            client.log_param(run, key, value)
        for step, value in enumerate((0.1, float(accuracy))):
            client.log_metric(run, "test_accuracy", value, step=step)
        runs = len(client.search_runs([experiment]))
        if runs <= len(ROWS):
            client.set_terminated(run)
    deleted = client.search_runs([experiment], "attributes.status = 'RUNNING'")[0].info.run_id
    client.set_terminated(deleted)
    client.delete_run(deleted)

    code, out, err = call("import", "study.yaml", "mlflow.db", cwd=tmp_path)

    assert 0 == code, out + err
    assert WHOLE == accuracies(tmp_path)


def test_an_import_again_changes_nothing_unless_fresh(tmp_path: Path) -> None:
    """The same numbers are accepted; others are refused with their row."""
    imported(tmp_path, "t.csv", GOOD.encode())
    assert WHOLE == imported(tmp_path, "t.csv", GOOD.encode())
    (tmp_path / "t.csv").write_text(GOOD.replace("0.80", "0.70"))

    code, _, err = call("import", "study.yaml", "t.csv", cwd=tmp_path)
    assert 1 == code
    assert "t.csv, line 4: seed 0 of lr=0.1 was imported with others." in err
    assert WHOLE == accuracies(tmp_path)

    code, _, _ = call("import", "study.yaml", "t.csv", "--fresh", cwd=tmp_path)
    assert (0, "0.7") == (code, accuracies(tmp_path)["lr=0.1", "0"])


def test_missing_rows_and_failures_are_said(tmp_path: Path) -> None:
    """A trial without a row is not there; one that failed is an outcome."""
    write(
        tmp_path, "t.csv", b"variant,seed,test_accuracy,status\nbaseline,0,0.9,\nlr=0.1,0,,killed\n"
    )

    code, out, _ = call("import", "study.yaml", "t.csv", cwd=tmp_path)

    assert 0 == code
    assert "4 trials of the study have no row: seed 1 of baseline, seed 1 of lr=0.1" in out
    assert {("baseline", "0"): "0.9", ("lr=0.1", "0"): ""} == accuracies(tmp_path)
    report = (tmp_path / "reports" / "elsewhere" / "report.md").read_text(encoding="utf-8")
    assert "trained elsewhere" in report


@pytest.fixture(scope="module")
def fashion(tmp_path_factory: pytest.TempPathFactory) -> tuple[Analysis, Analysis]:
    """Analyses of a committed study, and of its accuracies as a table that is imported."""
    folder = tmp_path_factory.mktemp("fashion")
    record = json.loads((ROOT / "results/fashion_lr/study.json").read_bytes())
    study = YAML(typ="safe").load((ROOT / "ablations/fashion_lr.yaml").read_text(encoding="utf-8"))
    study |= {"baseline": record["study"]["baseline"], "trainer": "external"}
    with (folder / "study.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(study, file)
    with (ROOT / "results/fashion_lr/results.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            [row[c] for c in ("variant", "seed", "test_accuracy")] for row in csv.DictReader(file)
        ]
    with (folder / "runs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["variant", "seed", "test_accuracy"], *rows])
    code, out, err = call("import", "study.yaml", "runs.csv", cwd=folder)
    assert 0 == code, out + err
    return analyse(read(ROOT / "results", "fashion_lr")), analyse(
        read(folder / "results", "fashion_lr")
    )


def test_effects_of_a_table_are_those_of_the_study(fashion: tuple[Analysis, Analysis]) -> None:
    """Differences, intervals, p and adjusted p agree to the last digit."""
    own, table = ({(e.variant, e.reference): e for e in a.effects} for a in fashion)
    assert own.keys() == table.keys()
    for pair, effect in own.items():
        assert effect.model_dump(include=NUMBERS) == table[pair].model_dump(include=NUMBERS)


def test_verdicts_of_a_table_are_those_of_the_study(fashion: tuple[Analysis, Analysis]) -> None:
    """Those that need only accuracies; the others say what is missing."""
    own, table = ({v.claim: v for v in a.verdicts} for a in fashion)
    assert {c: own[c].verdict for c in SAME} == {c: table[c].verdict for c in SAME}
    for claim, missing in MISSING.items():
        assert ("not comparable", missing) == (table[claim].verdict, table[claim].condition)
