"""What becomes of a p where it is one of many."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cnn_ablate.stats.pairing import FloatArray


def adjusted(p: ArrayLike, method: Literal["holm", "benjamini_hochberg"] = "holm") -> FloatArray:
    """Adjust the p of a family of tests; NaN, a test that was not made, is not of the family.

    Reference: Holm, Scand. J. Statistics 6, 1979; Benjamini and Hochberg, JRSS B 57, 1995.
    """
    result = np.array(p, dtype=float)
    made = ~np.isnan(result)
    result[made] = _ADJUSTMENTS[method](result[made])
    return result


def _holm(p: FloatArray) -> FloatArray:
    order = np.argsort(p)
    raised = np.empty_like(p)
    raised[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(raised, 1.0)


_ADJUSTMENTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "holm": _holm,
    "benjamini_hochberg": stats.false_discovery_control,
}
