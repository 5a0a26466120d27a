"""Metrics: the table of those that are known, and the definitions on predictions of images."""

from cnn_ablate.metrics.image_metrics import (
    BINS,
    OF_CLASSES_ALONE,
    ImagePredictions,
    confidence_bin,
    resampled,
    value,
)
from cnn_ablate.metrics.metric_table import (
    KNOWN_METRICS,
    KnownMetric,
    at_threshold,
    find_metric,
    metric_of,
    predicted_metrics,
)

__all__ = [
    "BINS",
    "KNOWN_METRICS",
    "OF_CLASSES_ALONE",
    "ImagePredictions",
    "KnownMetric",
    "at_threshold",
    "confidence_bin",
    "find_metric",
    "metric_of",
    "predicted_metrics",
    "resampled",
    "value",
]
