"""The table of figures of a report, in the order in which it shows them."""

from cnn_ablate.report.figures import (
    accuracy_vs_cost,
    confused_pairs,
    confused_samples,
    confusion,
    confusion_change,
    curves,
    epochs_to_accuracy,
    factor_effects,
    forest,
    learning_rate,
    overlaid_curves,
    per_class,
    reliability,
    sample_predictions,
    seeds,
    training_images,
)
from cnn_ablate.report.figures.figure_spec import FigureSpec

FIGURES: dict[str, FigureSpec] = {
    "training_images": training_images.ROWS,
    "effects": forest.EFFECTS,
    "trials": seeds.TRIALS,
    "main_effects": factor_effects.MAIN,
    "interactions": factor_effects.PAIRS,
    "contributions": factor_effects.SHARES,
    "per_class": per_class.ACCURACY,
    "per_class_difference": per_class.DIFFERENCE,
    "confusion": confusion.MATRICES,
    "confusion_rest": confusion.REST,
    "confusion_difference": confusion_change.MATRICES,
    "confusion_difference_rest": confusion_change.REST,
    "confused_pairs": confused_pairs.PAIRS,
    "confused_samples": confused_samples.ROWS,
    "samples": sample_predictions.GRID,
    "reliability": reliability.DIAGRAMS,
    "parameters": accuracy_vs_cost.PARAMETERS,
    "accuracy": overlaid_curves.ACCURACY,
    "accuracy_of_each": curves.ACCURACY,
    "loss": overlaid_curves.LOSS,
    "loss_of_each": curves.LOSS,
    "running_loss": curves.RUNNING,
    "speed": epochs_to_accuracy.EPOCHS,
    "learning_rate": learning_rate.SCHEDULE,
    "seconds": accuracy_vs_cost.SECONDS,
}

# Figures of earlier reports, whose files are removed.
FORMER = ("accuracy_rest", "loss_rest", "running_loss_rest")
