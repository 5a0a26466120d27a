"""Statistics on tidy tables: effects, and the noise of seeds and of test images apart. No I/O."""

from cnn_ablate.stats.crossing_cells import cells
from cnn_ablate.stats.effects import effects_frame, estimate_effects, means
from cnn_ablate.stats.factorial import factorial
from cnn_ablate.stats.failure_rates import (
    NO_FAILURES,
    Failures,
    count_failures,
    failure_bounds,
    failure_interval,
)
from cnn_ablate.stats.family_tests import FISHER, decide_family
from cnn_ablate.stats.image_noise import (
    image_interval,
    percentiles,
    pooled_mcnemar_p,
    standard_error,
    wilson,
)
from cnn_ablate.stats.learning_speed import CONVERGENCE_METRICS, convergence
from cnn_ablate.stats.multiple_comparisons import (
    FLIP_PAIRS,
    FLIPS,
    HOLM,
    Decision,
    adjust_p,
    decide,
    is_testable,
)
from cnn_ablate.stats.paired_differences import (
    equivalence_p,
    sample_sd,
    t_interval,
    t_quantile,
)
from cnn_ablate.stats.pairing import (
    FloatArray,
    compute_settings,
    differences,
    seed_differences,
    values_by_seed,
    variance_ratios,
)
from cnn_ablate.stats.predictions import (
    PredictionReader,
    Predictions,
    resample_images,
    weigh_images,
)
from cnn_ablate.stats.published_numbers import difference_half_width, prediction_half_width
from cnn_ablate.stats.sentences import sentence
from cnn_ablate.stats.shapley import SHARED, attribution, components, shapley
from cnn_ablate.stats.study_comparison import ComparedContrast, compare_studies
from cnn_ablate.stats.units import (
    UNKNOWN,
    Interval,
    amount,
    bounds,
    level,
    level_bounds,
    margin_of,
    printed,
    rounded,
    signed,
)

__all__ = [
    "CONVERGENCE_METRICS",
    "FISHER",
    "FLIPS",
    "FLIP_PAIRS",
    "HOLM",
    "NO_FAILURES",
    "SHARED",
    "UNKNOWN",
    "ComparedContrast",
    "Decision",
    "Failures",
    "FloatArray",
    "Interval",
    "PredictionReader",
    "Predictions",
    "adjust_p",
    "amount",
    "attribution",
    "bounds",
    "cells",
    "compare_studies",
    "components",
    "compute_settings",
    "convergence",
    "count_failures",
    "decide",
    "decide_family",
    "difference_half_width",
    "differences",
    "effects_frame",
    "equivalence_p",
    "estimate_effects",
    "factorial",
    "failure_bounds",
    "failure_interval",
    "image_interval",
    "is_testable",
    "level",
    "level_bounds",
    "margin_of",
    "means",
    "percentiles",
    "pooled_mcnemar_p",
    "prediction_half_width",
    "printed",
    "resample_images",
    "rounded",
    "sample_sd",
    "seed_differences",
    "sentence",
    "shapley",
    "signed",
    "standard_error",
    "t_interval",
    "t_quantile",
    "values_by_seed",
    "variance_ratios",
    "weigh_images",
    "wilson",
]
