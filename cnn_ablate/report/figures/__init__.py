"""The figures of a report, in the order in which it shows them."""

from cnn_ablate.report.figures import (
    confused_pairs,
    confusion,
    confusion_change,
    cost,
    crossing,
    curves,
    forest,
    per_class,
    rate,
    reliability,
    seeds,
    speed,
)
from cnn_ablate.report.figures.figure import Picture

FIGURES: dict[str, Picture] = {
    "effects": forest.EFFECTS,
    "trials": seeds.TRIALS,
    "main_effects": crossing.MAIN,
    "interactions": crossing.PAIRS,
    "contributions": crossing.SHARES,
    "per_class": per_class.ACCURACY,
    "per_class_difference": per_class.DIFFERENCE,
    "confusion": confusion.MATRICES,
    "confusion_rest": confusion.REST,
    "confusion_difference": confusion_change.MATRICES,
    "confusion_difference_rest": confusion_change.REST,
    "confused_pairs": confused_pairs.PAIRS,
    "parameters": cost.PARAMETERS,
    "seconds": cost.SECONDS,
    "accuracy": curves.ACCURACY,
    "accuracy_rest": curves.MORE_ACCURACY,
    "loss": curves.LOSS,
    "loss_rest": curves.MORE_LOSS,
    "running_loss": curves.RUNNING,
    "running_loss_rest": curves.MORE_RUNNING,
    "speed": speed.EPOCHS,
    "learning_rate": rate.COURSE,
    "reliability": reliability.DIAGRAMS,
}
