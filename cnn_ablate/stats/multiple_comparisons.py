"""Holm's correction of p values for their number."""

import numpy as np
from numpy.typing import ArrayLike

from cnn_ablate.stats.pairing import FloatArray


def adjust_p(p: ArrayLike) -> FloatArray:
    """Adjust the p values (n,) of a family of tests, for the chance of any false rejection.

    NaN stands for a test that was not made; it stays NaN and does not count as a member.

    Reference: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics
    6, 1979.
    """
    result = np.array(p, dtype=float)
    tested = np.flatnonzero(~np.isnan(result))
    order = tested[np.argsort(result[tested], kind="stable")]
    # The smallest p is multiplied by n, the next by n - 1, ...; none may end below an earlier one.
    raised = np.maximum.accumulate(result[order] * np.arange(len(order), 0, -1))
    result[order] = np.minimum(raised, 1.0)
    return result
