"""Tidy tables to effects, with the noise of seeds and of test images apart. Pure: no I/O."""

from cnn_ablate.stats.cells import cells
from cnn_ablate.stats.convergence import DERIVED, derived, named
from cnn_ablate.stats.effects import effects, frame, means, measure
from cnn_ablate.stats.factorial import factorial
from cnn_ablate.stats.limitations import forced, limitations
from cnn_ablate.stats.methods import methods
from cnn_ablate.stats.multiple_comparisons import adjusted
from cnn_ablate.stats.paired import (
    bca_interval,
    equivalence_p,
    quantile,
    sign_flip_p,
    smallest_p,
    spread,
    t_interval,
    t_test_p,
)
from cnn_ablate.stats.pairing import (
    UNKNOWN,
    FloatArray,
    Interval,
    by_seed,
    differences,
    in_points,
    scale,
)
from cnn_ablate.stats.predictions import (
    Answers,
    Predictions,
    Reader,
    answers,
    image_interval,
    image_noise,
    mcnemar,
    mcnemar_p,
    pooled_mcnemar_p,
    weigh_images,
    wilson,
)
from cnn_ablate.stats.shapley import SHARED, attribution, components, shapley
from cnn_ablate.stats.study_comparison import Compared, compared
from cnn_ablate.stats.words import (
    amount,
    between,
    count,
    count_range,
    images,
    listed,
    plain,
    probability,
    sentence,
)

__all__ = [
    "DERIVED",
    "SHARED",
    "UNKNOWN",
    "Answers",
    "Compared",
    "FloatArray",
    "Interval",
    "Predictions",
    "Reader",
    "adjusted",
    "amount",
    "answers",
    "attribution",
    "bca_interval",
    "between",
    "by_seed",
    "cells",
    "compared",
    "components",
    "count",
    "count_range",
    "derived",
    "differences",
    "effects",
    "equivalence_p",
    "factorial",
    "forced",
    "frame",
    "image_interval",
    "image_noise",
    "images",
    "in_points",
    "limitations",
    "listed",
    "mcnemar",
    "mcnemar_p",
    "means",
    "measure",
    "methods",
    "named",
    "plain",
    "pooled_mcnemar_p",
    "probability",
    "quantile",
    "scale",
    "sentence",
    "shapley",
    "sign_flip_p",
    "smallest_p",
    "spread",
    "t_interval",
    "t_test_p",
    "weigh_images",
    "wilson",
]
