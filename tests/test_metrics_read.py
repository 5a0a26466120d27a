"""A study file names its metrics: the one that effects are in, others, and what it says of them."""

from pathlib import Path

import pytest

from cnn_ablate.metrics import find_metric
from cnn_ablate.schema import Metric, Study, state
from cnn_ablate.study import read_study
from cnn_ablate.study.declared_metrics import read_metrics
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import load
from test_study import SOUND, messages, write

OWN = "metrics: {top1: {better: higher, unit: fraction, margin: 1}, rmse: {better: lower}}\n"

REFUSED = {
    "metric: acuracy": "10:9: metric: unknown metric 'acuracy'. Did you mean 'val_accuracy'?",
    "metric: parameters": "10:9: metric: unknown metric 'parameters'. Known: auroc,",
    "metric: class_f1": "10:9: metric: unknown metric 'class_f1'.",
    "also: [nll, brier, nll]": "10:20: also[2]: 'nll' is named twice.",
    "also: [test_accuracy]": "10:8: also[0]: 'test_accuracy' is named twice.",
    "also: nll": "10:7: also: expected a list, got 'nll'.",
    "metrics: {nll: {better: higher}}": "better: nll is defined, with better 'lower'.",
    "metrics: {ece: {unit: nats}}": "unit: ece is defined, with unit 'fraction'.",
    "metrics: {ece: {margin: 0}}": "margin: expected a number above 0 or nothing, got 0.",
    "metrics: {top1: {better: higher}}": "10:11: metrics.top1: unknown metric 'top1'.",
    "metrics: {nll: {beter: lower}}": "unknown key 'beter'. Did you mean 'better'?",
}


def study_with(folder: Path, line: str) -> Study:
    """Return a sound study with one more line."""
    return read_study(write(folder, f"{SOUND}{line}\n"))


def own_metrics(folder: Path, text: str) -> tuple[dict[str, Metric], list[str]]:
    """Read the metrics of a study whose trials have numbers of their own; and its errors."""
    problems = Problems(load(write(folder, f"{SOUND}{text}")))
    file = StudyFile.model_validate(problems.source.values)
    fields = read_metrics(file, problems, own=True)
    errors = [str(error).partition("s.yaml:")[2] for _, error in problems.errors]
    return {metric.name: metric for metric in fields["declared"]}, errors


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_no_metric_of_a_study_is_refused(tmp_path: Path, line: str) -> None:
    """With its place; sizes, classes and curves are for claims, not for effects."""
    [message] = messages(tmp_path, f"{SOUND}{line}\n")
    assert REFUSED[line] in message


def test_effects_are_in_test_accuracy_unless_a_study_says_otherwise(tmp_path: Path) -> None:
    """Within a margin of one point; the hash of what such a study states is that of before."""
    study = read_study(write(tmp_path, SOUND))
    assert ("test_accuracy", 1.0, ()) == (study.metric.name, study.metric.margin, study.also)
    assert state(study).measure.startswith("4806aa46d86d012f")


def test_a_study_names_its_metric_and_others(tmp_path: Path) -> None:
    """Each with unit and direction; a margin that is stated enters what the study states."""
    plain = study_with(tmp_path, "metric: nll\nalso: [test_accuracy, ece]")
    assert ("nll", "lower", "nats", None) == (
        plain.metric.name, plain.metric.better, plain.metric.unit, plain.metric.margin
    )  # fmt: skip
    assert ["test_accuracy", "ece"] == [metric.name for metric in plain.also]
    stated = study_with(tmp_path, "metric: nll\nmetrics: {nll: {margin: 0.02}}")
    assert 0.02 == stated.metric.margin == find_metric(stated, "nll").margin
    assert 3 == len({state(study).measure for study in (plain, stated, study_with(tmp_path, ""))})


def test_metrics_of_a_training_script_are_described_by_the_study(tmp_path: Path) -> None:
    """Direction is required; a fraction has differences in percentage points."""
    declared, errors = own_metrics(tmp_path, OWN)
    assert ([], ["top1", "rmse"]) == (errors, [*declared])
    top1, rmse = declared.values()
    assert (100, "percentage points", True) == (
        top1.scale, top1.difference_unit, top1.improves(0.5)
    )  # fmt: skip
    assert (1, "difference in rmse", False) == (
        rmse.scale, rmse.difference_label, rmse.improves(0.5)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrics: {top1: {unit: fraction}}\n", "the key 'better' is missing."),
        ("metrics: {seed: {better: lower}}\n", "'seed' cannot be the name of a metric"),
        ("metric: top1\n", "Describe it: `metrics: {top1: {better: higher}}`."),
    ],
)
def test_a_metric_of_a_script_needs_a_name_and_a_direction(
    tmp_path: Path, text: str, message: str
) -> None:
    """One sentence, with the line to write."""
    [error] = own_metrics(tmp_path, text)[1]
    assert message in error
