"""Multiple-comparison corrections of p values: Holm and Benjamini-Hochberg."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cnn_ablate.stats.pairing import FloatArray


def adjust_p(p: ArrayLike, method: Literal["holm", "benjamini_hochberg"] = "holm") -> FloatArray:
    """Adjust the p values (n,) of a family of tests.

    NaN stands for a test that was not made; it stays NaN and does not count as a member. Holm's
    method controls the chance of any false rejection, Benjamini and Hochberg's the expected share
    of false ones among the rejections.

    Reference: Holm, Scand. J. Statistics 6, 1979; Benjamini and Hochberg, JRSS B 57, 1995.
    """
    result = np.array(p, dtype=float)
    tested = ~np.isnan(result)
    result[tested] = _ADJUSTMENTS[method](result[tested])
    return result


def _holm(p: FloatArray) -> FloatArray:
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    # The smallest p is multiplied by n, the next by n - 1, ...; none may end below an earlier one.
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(adjusted, 1.0)


_ADJUSTMENTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "holm": _holm,
    "benjamini_hochberg": stats.false_discovery_control,
}
