"""A study of a user's own script, as a user runs it."""

import csv
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sklearn.metrics as sklearn

from cnn_ablate import load_study
from cnn_ablate.cli.changed_inputs import changes_in
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.store import read_record
from support import fast_study, script_study
from support.cli_study import call, program
from support.fast_study import fork_workers

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


def run_script(folder: Path, workers: int = 2) -> None:
    """Run the study in a folder as the command line does."""
    config = RunConfig(results=folder / "results", resources=Resources(workers=workers))
    prepared = prepare(load_study(folder / "study.yaml"), config)
    run(prepared, outstanding(prepared), config, lambda _: None)


def rows(folder: Path, table: str = "results", study: str = "script") -> list[dict[str, str]]:
    """Return the rows of a table."""
    with (folder / "results" / study / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_hand(folder: Path, act: str, seed: int) -> float:
    """Train as somebody would without this program: call the script."""
    out = folder / f"{act}{seed}"
    out.mkdir(parents=True)
    words = ["--lr", "0.01", "--act", act, "--seed", str(seed), "--out", str(out)]
    subprocess.run([sys.executable, folder.parent / "train.py", *words], check=True)
    return float(json.loads((out / "metrics.json").read_text())["test_accuracy"])


def test_tables_are_those_of_a_loop_by_hand(tmp_path: Path) -> None:
    """Two workers, three seeds: accuracies and their difference to the last digit."""
    script_study.write(tmp_path)
    run_script(tmp_path)

    relu, tanh = (
        [by_hand(tmp_path / "hand", act, s) for s in range(3)] for act in ("relu", "tanh")
    )

    measured = {(row["model.act"], int(row["seed"])): row for row in rows(tmp_path)}
    assert relu == [float(measured["relu", seed]["test_accuracy"]) for seed in range(3)]
    assert tanh == [float(measured["tanh", seed]["test_accuracy"]) for seed in range(3)]
    assert {str(1 - accuracy) for accuracy in relu} == {
        measured["relu", s]["nll"] for s in range(3)
    }
    difference = 100 * statistics.fmean(b - a for a, b in zip(relu, tanh, strict=True))
    [effect] = rows(tmp_path, "effects")
    assert difference == pytest.approx(float(effect["difference"]), abs=1e-9)


def test_nothing_is_said_of_what_a_script_does_with_its_settings(tmp_path: Path) -> None:
    """Though they have the names of sections of this program's own trainer."""
    own = """
  model: {act: relu, name: resnet18}
  data: {image_size: 32, resize: bicubic, normalize: true}
  optimizer: {name: sgd}
  training: {epochs: 90, average: swa, tta: 10}
"""
    study = script_study.STUDY.replace("\n  model: {act: relu}\n", own)
    script_study.write(tmp_path, study)
    code, _, err = call("run", "study.yaml", cwd=tmp_path)
    assert 0 == code, err
    text = (tmp_path / "reports" / "script" / "report.md").read_text(encoding="utf-8")
    assert "90" in text
    for untrue in ("bilinear", "weights", "normalised", "measured with that"):
        assert untrue not in text


def test_kill_9_loses_nothing_and_trains_nothing_twice(tmp_path: Path) -> None:
    """The same command goes on; what was running ends with the program."""
    slow = script_study.SCRIPT.replace("args = ", "import time; time.sleep(0.5)\nargs = ")
    script_study.write(tmp_path, script=slow)
    pid = fast_study.fork(lambda: run_script(tmp_path))
    while not (done := fast_study_done(tmp_path)):
        time.sleep(0.05)
    os.killpg(pid, signal.SIGKILL)
    fast_study.exit_code(pid)

    assert 0 == fast_study.exit_code(fast_study.fork(lambda: run_script(tmp_path)))

    assert done.items() <= fast_study_done(tmp_path).items()
    assert 6 == len(fast_study_done(tmp_path))
    assert {"done"} == {row["status"] for row in rows(tmp_path)}


def fast_study_done(folder: Path) -> dict[str, int]:
    """Return the inode of the DONE file of each trial that is done."""
    return {p.parent.name: p.stat().st_ino for p in folder.glob("results/trials/*/DONE")}


def test_an_edited_script_trains_again_and_is_named(tmp_path: Path) -> None:
    """Its contents are part of each trial; those of the study file are not."""
    path = script_study.write(tmp_path)
    run_script(tmp_path)
    edited = path.read_text().replace("title: Which activation?", "title: Which one?")
    path.write_text(edited, encoding="utf-8")
    config = RunConfig(results=tmp_path / "results")
    assert [] == outstanding(prepare(load_study(path), config))

    (tmp_path / "train.py").write_text(script_study.SCRIPT + "# better\n", encoding="utf-8")

    prepared = prepare(load_study(path), config)
    assert 6 == len(outstanding(prepared))
    assert ["train.py"] == changes_in(read_record(config.results, "script"), prepared)
    _, out, _ = call("status", "study.yaml", cwd=tmp_path)
    assert "train.py has changed since the last run: a run trains its trials again." in out


def test_only_run_executes_the_command(tmp_path: Path) -> None:
    """Commands that look at a study start no program of it."""
    mark = "Path(__file__).with_name('ran').touch()\n"
    path = script_study.write(tmp_path, script=f"from pathlib import Path\n{mark}")

    for words in (("plan",), ("audit",), ("explain", "act=tanh")):
        code, out, err = call(words[0], path.name, *words[1:], cwd=tmp_path)
        assert 0 == code, out + err

    assert not (tmp_path / "ran").exists()


def test_a_metric_of_its_own_leads(tmp_path: Path) -> None:
    """Effects are in the metric that the study names, which the script reports."""
    metric = "metric: nll\nmetrics: {nll: {better: lower, unit: nats}}\n"
    script_study.write(tmp_path, script_study.STUDY.partition("claims:")[0] + metric)
    run_script(tmp_path)

    [effect] = rows(tmp_path, "effects")
    assert "nll" == effect["metric"]


def test_smoke_is_what_the_study_says(tmp_path: Path) -> None:
    """Its profile `smoke` sets keys of the script, for two seeds."""
    path = script_study.write(tmp_path)

    study = load_study(path, profile="smoke")

    assert ({"": 0.02}, (0, 1)) == (study.baseline["lr"], study.seeds)


def test_a_script_trains_in_several_epochs_and_classes(tmp_path: Path) -> None:
    """Curves and predictions become tables as those of any other trial."""
    more = """
(args.out / "epochs.csv").write_text("epoch,lr,test_accuracy\\n1,.1,.5\\n2,.1,.75\\n")
answers = ["cat,cat", "dog,dog", "cat,dog", "dog,dog"] if args.act == "relu" else ["cat,dog"] * 4
(args.out / "predictions.csv").write_text("true,predicted\\n" + "\\n".join(answers))
"""
    script = script_study.SCRIPT.replace('{"test_accuracy": accuracy, ', "{")
    script_study.write(tmp_path, script=script + more)
    run_script(tmp_path)

    classes = {(r["variant"], r["class"]): r["accuracy"] for r in rows(tmp_path, "classes")}
    assert ("0.5", "1.0") == (classes["baseline", "cat"], classes["baseline", "dog"])
    assert {"0.75", "0.0"} == {row["test_accuracy"] for row in rows(tmp_path)}
    assert 12 == len(rows(tmp_path, "epochs"))


def test_metrics_of_classes_are_computed_from_predictions(tmp_path: Path) -> None:
    """As scikit-learn has them, to 1e-6; a script that writes predictions need not report them."""
    true = ["cat", "cat", "dog", "dog", "dog", "cow"]
    answers = {"relu": ["cat", "dog", "dog", "dog", "dog", "dog"], "tanh": ["dog"] * 6}
    more = f"""
pairs = zip({true}, {answers}[args.act])
(args.out / "predictions.csv").write_text("true,predicted\\n" + "\\n".join(map(",".join, pairs)))
"""
    script = script_study.SCRIPT.replace('{"test_accuracy": accuracy, ', "{")
    study = script_study.STUDY.partition("claims:")[0].replace("seeds: 3", "seeds: 1")
    study += "metric: balanced_accuracy\nalso: [macro_f1]\n"
    script_study.write(tmp_path, study, script + more)
    run_script(tmp_path, workers=1)

    for row in rows(tmp_path):
        seen = answers[row["model.act"]]
        expected = sklearn.balanced_accuracy_score(true, seen)
        assert float(row["balanced_accuracy"]) == pytest.approx(expected, abs=1e-6)
        expected = sklearn.f1_score(true, seen, average="macro", zero_division=0)
        assert float(row["macro_f1"]) == pytest.approx(expected, abs=1e-6)


# What a study file can get wrong about its command.
FAULTS = {
    "typo": ('"{lr}"', '"{rl}"', "unknown placeholder 'rl'. Did you mean 'lr'?"),
    "not passed": ('--act, "{model.act}", ', "", "the command does not get 'model.act', so that"),
    "no seed": ('--seed, "{seed}", ', "", "the command does not get {seed}."),
    "unknown factor": ("  model.act: [", "  model.atc: [", "unknown key 'model.atc'. Did you mean"),
    "unknown short factor": ("  model.act: [", "  rl: [", "unknown key 'rl'. Did you mean 'lr'?"),
    "reserved": ("  lr: 0.01\n", "  lr: 0.01\n  seed: 1\n", "'{seed}' stands for the seed of the"),
    "date": ("lr: 0.01", "lr: 2020-01-01", "expected a text, a number, true, false or null"),
    "no command": ("command: [", "order: [", "the key 'command' is missing."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_mistakes_in_the_file_have_one_sentence(tmp_path: Path, fault: str) -> None:
    """Each names its line."""
    old, new, message = FAULTS[fault]
    path = script_study.write(tmp_path, script_study.STUDY.replace(old, new, 1))

    with pytest.raises(ExceptionGroup) as caught:
        load_study(path)

    assert any(message in str(error) for error in caught.value.exceptions)


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    """Before anything runs."""
    inputs = script_study.STUDY.replace("trainer:\n", "trainer:\n  inputs: [data/*.npz]\n")
    path = script_study.write(tmp_path, inputs)

    with pytest.raises(UserError, match=r"trainer.inputs: there is no file 'data/\*.npz'"):
        prepare(load_study(path), RunConfig(results=tmp_path / "results"))


@pytest.mark.ray
def test_ray_trains_the_same(tmp_path: Path) -> None:
    """The script is sent to the node with each job."""
    script_study.write(tmp_path)

    code, out, err = call(*("run", "study.yaml", "--executor", "ray", "--workers", 2), cwd=tmp_path)

    assert 0 == code, out + err
    assert {"done"} == {row["status"] for row in rows(tmp_path)}


@pytest.mark.slow
@pytest.mark.parametrize("column", ["test_accuracy", "val_accuracy", "train_loss"])
def test_a_script_may_record_any_curve(tmp_path: Path, column: str) -> None:
    """The report has those that there are, and says which images they are on."""
    more = f"""
(args.out / "epochs.csv").write_text("epoch,{column}\\n1,.5\\n2,.75\\n3,.8\\n")
"""
    study = script_study.STUDY.partition("claims:")[0]
    script_study.write(tmp_path, study, script_study.SCRIPT + more)
    run_script(tmp_path)
    code, _, err = program("report", "study.yaml", cwd=tmp_path)

    assert 0 == code, err
    report = (tmp_path / "reports" / "script" / "report.html").read_text(encoding="utf-8")
    on = {"test": "test", "val": "validation", "train": "training"}[column.partition("_")[0]]
    assert f"solid on {on} images" in report
