"""Metrics: the table of those that are known, with unit, direction and margin of each."""

from cnn_ablate.metrics.metric_table import (
    KNOWN_METRICS,
    KnownMetric,
    at_threshold,
    find_metric,
    metric_of,
)

__all__ = ["KNOWN_METRICS", "KnownMetric", "at_threshold", "find_metric", "metric_of"]
