"""The axis that intervals share: one that is out of proportion is cut, so that others are seen."""

from math import inf

import numpy as np
import pandas as pd

# Fraction of the axis: how far a cut line extends beyond the last mark.
_PAST = 0.02


def axis_limits(data: pd.DataFrame, *, value: str = "difference") -> tuple[float, float] | None:
    """Return the ends of the axis at which long intervals are cut, or None if it holds them all.

    Args:
        data: Columns `low`, `high` and the value; columns that start with `seed ` or `images_` are
            marks that the axis holds, too.
        value: The column of the estimate.
    """
    low, high = data["low"].to_numpy(float), data["high"].to_numpy(float)
    marks = data.filter(regex="^(seed |images_)").assign(zero=0.0, value=data[value])
    centres = marks.to_numpy(float).ravel()
    width = high - low
    spread = width[width > 0]
    usual = np.quantile(spread, 0.75) if len(spread) else inf
    # The axis holds every mean and seed, and all intervals but those out of proportion: wider than
    # the range of means and seeds, and than three times the upper quartile of all widths. If all
    # were equally uncertain, only one interval in 1,800 would be so wide, even with two seeds.
    wide = (width > np.nanmax(centres) - np.nanmin(centres)) & (width > 3 * usual)
    inside = np.concatenate([centres, low[~wide], high[~wide]])
    past = _PAST * (np.nanmax(inside) - np.nanmin(inside))
    left, right = float(np.nanmin(inside) - past), float(np.nanmax(inside) + past)
    beyond = (low < left) | (high > right)
    return (left, right) if beyond.any() else None
