"""The metrics that studies and claims may name, with unit, direction and margin of each."""

from typing import Literal

from cnn_ablate.schema import FRACTION, TEST_ACCURACY, Better, Claim, Frozen, Metric, Study

Source = Literal["training", "predictions", "size", "curves", "classes", "outcomes"]
"""What a metric is computed from: the training, the predictions for the test images, the network,
the rows of epochs.csv, those of classes.csv, or how trials ended."""


class KnownMetric(Frozen):
    """A metric with its meaning, and what it is computed from."""

    metric: Metric
    meaning: str
    source: Source

    @property
    def may_lead(self) -> bool:
        """Whether effects may be in it: it is known per trial, and one direction is better."""
        per_trial = self.source in {"training", "predictions"}
        return per_trial and self.metric.better is not None


def _known(source: Source, metric: Metric, meaning: str) -> tuple[str, KnownMetric]:
    return metric.name, KnownMetric(metric=metric, meaning=meaning, source=source)


def _fraction(name: str, label: str, margin: float | None = 1.0) -> Metric:
    return Metric(name=name, label=label, unit=FRACTION, margin=margin)


def _number(name: str, label: str, unit: str = "", better: Better | None = None) -> Metric:
    return Metric(name=name, label=label, unit=unit, better=better)


_ACCURACY_GAP = Metric(
    name="accuracy_gap",
    label="gap between training and test accuracy",
    unit=FRACTION,
    better="lower",
    margin=1.0,
    lowest=-1.0,
)
_ECE = Metric(name="ece", label="expected calibration error", unit=FRACTION, better="lower")

KNOWN_METRICS: dict[str, KnownMetric] = dict(
    (
        _known("training", TEST_ACCURACY, "Fraction of the test images classified correctly."),
        _known(
            "predictions",
            _fraction("balanced_accuracy", "balanced accuracy"),
            "Recall in the mean over classes; those without test images do not count.",
        ),
        _known(
            "predictions",
            _fraction("macro_f1", "macro F1"),
            "F1 in the mean over classes; 0 for one that is never predicted.",
        ),
        _known(
            "predictions",
            _fraction("auroc", "AUROC", margin=None),
            "Area under the ROC curve of each class against the rest, in the mean over classes.",
        ),
        _known(
            "predictions",
            _fraction("top5_accuracy", "top-5 accuracy"),
            "Fraction of the test images whose class is among the five most probable.",
        ),
        _known(
            "predictions",
            _number("nll", "negative log-likelihood", "nats", "lower"),
            "Cross-entropy on the test images, labels not smoothed: `test_loss`, if measured.",
        ),
        _known(
            "predictions",
            _number("brier", "Brier score", better="lower"),
            "Squared distance of the probabilities from the true class, summed over classes.",
        ),
        _known(
            "predictions",
            _ECE,
            "Distance of accuracy from confidence in 15 bins of confidence, equally wide.",
        ),
        _known(
            "training",
            _fraction("val_accuracy", "validation accuracy"),
            "Accuracy on the validation images, of the weights that were tested.",
        ),
        _known(
            "training",
            _number("test_loss", "test loss", "nats", "lower"),
            "Cross-entropy on the test images, labels not smoothed.",
        ),
        _known(
            "training",
            _number("train_loss", "training loss", better="lower"),
            "Loss of the last epoch, during training.",
        ),
        _known("training", _number("epochs", "epochs"), "Epochs trained."),
        _known(
            "training",
            _number("selected_epoch", "selected epoch"),
            "Epoch that was tested.",
        ),
        _known("training", _number("seconds", "training time", "s", "lower"), "Training seconds."),
        _known(
            "training",
            _number("images_per_second", "training speed", "images/s", "higher"),
            "Training images per second.",
        ),
        _known(
            "training",
            _number("peak_memory_mb", "peak memory", "MB", "lower"),
            "Most memory during training.",
        ),
        _known("size", _number("parameters", "parameters"), "Parameters of the network."),
        _known("size", _number("macs", "MACs"), "Multiply-accumulates per image."),
        _known(
            "size",
            _number("dead_parameters", "dead parameters"),
            "Parameters that no gradient reached in the first step.",
        ),
        _known(
            "curves", _fraction("best_accuracy", "best accuracy"), "Highest accuracy of any epoch."
        ),
        _known(
            "curves",
            _fraction("auc_accuracy", "area under the learning curve"),
            "Area under the accuracy over epochs, divided by their number.",
        ),
        _known(
            "curves",
            _number("instability", "instability", better="lower"),
            "How far the loss turns round at an epoch, in the mean over epochs.",
        ),
        _known(
            "curves",
            _fraction("train_accuracy", "training accuracy"),
            "Accuracy on the training images, as they were augmented, in the last epoch.",
        ),
        _known(
            "curves",
            _ACCURACY_GAP,
            "Training accuracy minus that of images not trained on, in the last epoch.",
        ),
        _known(
            "curves",
            _number("epochs_to_accuracy", "epochs to accuracy", better="lower"),
            "Epochs until the accuracy first reaches the threshold.",
        ),
        _known(
            "curves",
            _number("seconds_to_accuracy", "seconds to accuracy", "s", "lower"),
            "Training seconds until then.",
        ),
        _known("classes", _fraction("class_accuracy", "accuracy"), "Recall of one class."),
        _known("classes", _fraction("class_precision", "precision"), "Precision of one class."),
        _known("classes", _fraction("class_recall", "recall"), "Recall of one class."),
        _known("classes", _fraction("class_f1", "F1"), "F1 of one class."),
        _known(
            "outcomes",
            Metric(name="failure_rate", label="failure rate", unit=FRACTION, better="lower"),
            "Share of the trials that diverged or failed.",
        ),
    )
)
"""All metrics by name."""


def find_metric(study: Study, name: str) -> Metric:
    """Return a metric by name: as a study declares it, or as it is known; else without a unit."""
    declared = study.declared_metrics
    if name in declared or name not in KNOWN_METRICS:
        return declared.get(name) or Metric(name=name, label=name, better=None)
    return KNOWN_METRICS[name].metric


def at_threshold(name: str, threshold: float | None) -> Metric:
    """Return a known metric that may have a threshold: its column is `epochs_to_accuracy_0.7`."""
    metric = KNOWN_METRICS[name].metric
    column = name if threshold is None else f"{name}_{threshold:g}"
    return metric.model_copy(update={"name": column})


def metric_of(study: Study, claim: Claim) -> Metric:
    """Return the metric that a claim is about; its name is its column, with a threshold if any."""
    name = claim.measured_metric
    return at_threshold(name, claim.threshold) if "_to_" in name else find_metric(study, name)


def predicted_metrics(study: Study) -> tuple[str, ...]:
    """Return the metrics that a study or its claims name, and that predictions are needed for."""
    named = [study.metric.name, *(metric.name for metric in study.also)]
    named += [claim.metric for claim in study.claims]
    known = (name for name in dict.fromkeys(named) if name in KNOWN_METRICS)
    return tuple(name for name in known if KNOWN_METRICS[name].source == "predictions")
