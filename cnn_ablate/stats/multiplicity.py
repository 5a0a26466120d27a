"""What becomes of a p where it is one of many."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.stats.multitest import multipletests

from cnn_ablate.stats.tables import FloatArray

_METHODS = {"holm": "holm", "benjamini_hochberg": "fdr_bh"}


def adjusted(p: ArrayLike, method: Literal["holm", "benjamini_hochberg"] = "holm") -> FloatArray:
    """Adjust the p of a family of tests; NaN, a test that was not made, is not of the family.

    Reference: Holm, Scand. J. Statistics 6, 1979; Benjamini and Hochberg, JRSS B 57, 1995.
    """
    result = np.array(p, dtype=float)
    made = ~np.isnan(result)
    if made.any():
        result[made] = multipletests(result[made], method=_METHODS[method])[1]
    return result
