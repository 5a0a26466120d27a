"""Tests of the checks after training: each finds its fault, and nothing in a sound study."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cnn_ablate.checks import CHECKS, check_results, meaningless
from cnn_ablate.checks.trained_study import Results
from cnn_ablate.schema import ComputeConfig
from support.fake_results import contrast, record, variant

CLASSES = tuple("abcde")
IMAGES = 500


@dataclass(frozen=True)
class Network:
    """What the trials of one variant did."""

    accuracy: tuple[float | None, ...] = (0.80, 0.81, 0.79, 0.80)
    train_accuracy: float = 0.85
    curve: tuple[float, ...] = (0.5, 0.7, 0.78, 0.79, 0.80, 0.80, 0.80, 0.80)
    lr: tuple[float, ...] = (0.1,) * 8
    one_class: tuple[int, ...] = ()
    layout: str = "channels_last"
    model: dict[str, Any] = field(default_factory=lambda: {"name": "lenet", "norm": "batch"})
    batch_size: int = 128


def study(a: Network | None = None, b: Network | None = None) -> Results:
    """Make the tables of a study of a baseline and one variant of it, without training."""
    networks = {"baseline": a or Network(), "other": b or Network()}
    trials, epochs, classes, confusion = [], [], [], []
    for name, network in networks.items():
        for seed, accuracy in enumerate(network.accuracy):
            key = {"trial": f"{name}-{seed}", "variant": name, "seed": seed}
            compute = ComputeConfig(layout=network.layout).model_dump()
            status = "diverged" if accuracy is None else "done"
            trials.append({**key, "status": status, "test_accuracy": accuracy, **compute})
            epochs += [
                {
                    **key,
                    "epoch": epoch,
                    "lr": network.lr[epoch - 1],
                    "train_accuracy": network.train_accuracy,
                    "val_accuracy": np.nan,
                    "test_accuracy": reached,
                }
                for epoch, reached in enumerate(network.curve, 1)
            ]
            if accuracy is None:
                continue
            classes += [{**key, "class": c, "n": IMAGES // len(CLASSES)} for c in CLASSES]
            for true in CLASSES:
                answers = dict.fromkeys(CLASSES, 20)
                if seed in network.one_class:
                    answers = {c: 100 * (c == "c") for c in CLASSES}
                rows = [
                    {**key, "true": true, "predicted": c, "count": n} for c, n in answers.items()
                ]
                confusion += rows
    variants = [
        variant(name).model_copy(
            update={
                "settings": {
                    "data": {"name": "cifar10"},
                    "model": network.model,
                    "training": {"epochs": len(network.curve), "batch_size": network.batch_size},
                }
            }
        )
        for name, network in networks.items()
    ]
    seeds = tuple(range(max(len(network.accuracy) for network in networks.values())))
    found = record(variants, [contrast("other", "baseline")], seeds=seeds)
    return SimpleNamespace(  # type: ignore[return-value]
        record=found,
        trials=pd.DataFrame(trials),
        epochs=pd.DataFrame(epochs),
        classes=pd.DataFrame(classes),
        confusion=pd.DataFrame(confusion),
    )


CHANCE = Network(accuracy=(0.2, 0.21, 0.19, 0.2), train_accuracy=0.2, curve=(0.2,) * 8)
ONE_CLASS = replace(CHANCE, accuracy=(0.2,) * 4, one_class=(0, 1, 2, 3))
# 50,000 images in 8 epochs of batches of 10,000: 40 steps.
UNSETTLED = Network(
    accuracy=(0.31, 0.3, 0.33, 0.29), train_accuracy=0.6, curve=(0.3,) * 8, batch_size=10_000
)
EQUAL = Network(accuracy=(0.8,) * 4)
IMPROVING = Network(curve=(0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8, 0.75))
FAILED = Network(accuracy=(0.8, 0.82, None, None))
OTHERWISE = Network(layout="contiguous")

FAULTS: dict[str, tuple[Results, str]] = {
    "at chance": (study(b=CHANCE), "No better than naming the most frequent class (20.0 %) in any"),
    "reference at chance": (study(a=CHANCE), "The effects of other are differences from a network"),
    "predicts one class": (study(b=ONE_CLASS), "other (c, 4 of 4 seeds)"),
    "normalisation statistics not settled": (study(b=UNSETTLED), "After 40 steps"),
    "identical seeds": (study(b=EQUAL), "All seeds test exactly alike: other (80.0 %). Either"),
    "still improving": (
        study(b=IMPROVING),
        "before, by 10.0 points with other. Longer training may change its rank.",
    ),
    "failed trials": (study(b=FAILED), "2 of 4 seeds have no result (2 diverged)"),
    "compute settings differ": (study(b=OTHERWISE), "reference differ in layout: other"),
}

SOUND: dict[str, Results] = {
    "plain": study(),
    "overfits after many steps": study(b=Network(train_accuracy=0.999)),
    "no batch norm, few steps": study(
        b=replace(UNSETTLED, model={"name": "lenet", "norm": "none"})
    ),
    "annealed to nothing": study(
        b=replace(IMPROVING, lr=(0.1, 0.09, 0.07, 0.05, 0.03, 0.02, 0.01, 0))
    ),
    "two seeds alike": study(a=Network(accuracy=(0.8, 0.8)), b=Network(accuracy=(0.7, 0.71))),
    "barely above chance": study(b=Network(accuracy=(0.26, 0.27, 0.26, 0.28), train_accuracy=0.3)),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_is_found_where_it_is(kind: str) -> None:
    """Its message names the variant and says what it means."""
    faulty, message = FAULTS[kind]
    found = [finding for finding in check_results(faulty) if finding.kind == kind]
    assert len(found) == 1
    assert message in found[0].message


def test_several_that_still_improve_are_named_with_the_largest_rise() -> None:
    """The order that may change is theirs."""
    [found] = check_results(study(a=IMPROVING, b=IMPROVING))
    named = "most by 10.0 points with baseline (baseline and other). Their order may change"
    assert named in found.message


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_study_has_no_findings(name: str) -> None:
    """Overfitting, annealing, ties of two seeds and weak networks are no faults."""
    assert () == check_results(SOUND[name])


def test_every_check_is_tried() -> None:
    """A check without a faulty study here would be no check."""
    found = {finding.kind for faulty, _ in FAULTS.values() for finding in check_results(faulty)}
    assert found == set(FAULTS)
    assert len(CHECKS) == len(FAULTS) - 1  # one check has two kinds


@pytest.mark.parametrize("network", [CHANCE, ONE_CLASS, UNSETTLED])
@pytest.mark.parametrize("side", ["a", "b"])
def test_effects_of_networks_that_learned_nothing_mean_nothing(network: Network, side: str) -> None:
    """Such contrasts are told apart, with the side at fault."""
    [(pair, reason)] = meaningless(check_results(study(**{side: network}))).items()
    assert ("other", "baseline") == pair
    assert {"a": "baseline", "b": "other"}[side] in reason


@pytest.mark.parametrize("network", [EQUAL, IMPROVING, FAILED, OTHERWISE])
def test_other_findings_leave_effects_their_meaning(network: Network) -> None:
    """They qualify an effect, and do not void it."""
    assert {} == meaningless(check_results(study(b=network)))


def test_chance_in_some_seeds_is_a_warning() -> None:
    """The variant keeps its effects; how many seeds are affected is said."""
    partly = Network(accuracy=(0.8, 0.2, 0.81, 0.8))
    [finding] = check_results(study(b=partly))
    assert (finding.kind, finding.severity) == ("at chance", "warning")
    assert "other (1 of 4 seeds)" in finding.message
    assert {"other": "1 of 4 seeds"} == finding.data["in_some_seeds"]


def test_a_saturated_task_is_told_from_seeds_that_do_not_matter() -> None:
    """Where every test image is right in all seeds, all is learned."""
    right = Network(accuracy=(1.0,) * 4)
    [finding] = check_results(study(b=right))
    assert finding.message.startswith("All seeds test at 100 %: other. The task is saturated")
    assert "nothing" not in finding.message
    other, alike = check_results(study(a=EQUAL, b=right))
    assert finding == other
    assert alike.message.startswith("All seeds test exactly alike: baseline (80.0 %). Either")


def test_a_reference_with_one_class_in_one_seed_is_not_to_blame() -> None:
    """The variant is, whose seeds all answer one class."""
    found = check_results(study(a=Network(one_class=(0,)), b=Network(one_class=(0, 1, 2, 3))))
    assert {("other", "baseline"): "other predicts one class"} == meaningless(found)
    assert [{"baseline": "1 of 4 seeds"}] == [f.data["in_some_seeds"] for f in found]


def test_the_gravest_comes_first() -> None:
    """Errors before warnings."""
    severities = [f.severity for f in check_results(study(a=IMPROVING, b=ONE_CLASS))]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_a_study_of_which_all_trials_failed_has_its_finding() -> None:
    """There is nothing else to check."""
    lost = Network(accuracy=(None, None))
    assert ["failed trials"] * 2 == [f.kind for f in check_results(study(a=lost, b=lost))]
