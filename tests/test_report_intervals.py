"""Interval plots: the limits of their axis, and intervals that are cut."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

from cnn_ablate.report.axis_limits import axis_limits
from cnn_ablate.report.figures import draw_intervals


def effects(*rows):
    """Return the data of an interval plot from means, half-widths, and half-ranges of two seeds."""
    frame = pd.DataFrame(rows, columns=["difference", "by", "apart"], dtype=float)
    mean = frame["difference"]
    frame = frame.assign(low=mean - frame["by"], high=mean + frame["by"], name="x", detail="")
    frame["metric"] = "points"
    return frame.assign(**{"seed 0": mean - frame["apart"], "seed 1": mean + frame["apart"]})


ALIKE = [(1, 1, 0.1), (2, 2, 0.1), (-4, 1, 0.1), (0, 0, 0), (3, 1, 0.1)]


@pytest.mark.parametrize(
    "rows",
    [
        [(1, 100, 1)],
        [(1, 1, 0.1), (1, 100, 1)],
        [*ALIKE, (-5, 5.9, 1)],
        [*ALIKE, (-80, 30, 1)],
        [(0, 0, 0)] * 9 + [(1, 40, 1)],
        [(1, np.nan, 0), (2, np.nan, 0)],
    ],
    ids=["alone", "one of two", "three times", "nearer than means", "only one moves", "one seed"],
)
def test_the_axis_holds_intervals_in_proportion(rows):
    """The axis holds all intervals if none is out of proportion."""
    frame = effects(*rows)
    axes = draw_intervals.draw(frame).axes[0]

    assert axis_limits(frame) is None
    assert "" == draw_intervals.note(frame)
    left, right = axes.get_xlim()
    assert not (frame["low"] < left).any()
    assert not (frame["high"] > right).any()


@pytest.mark.parametrize(("mean", "heads"), [(0, 2), (-30, 1), (30, 1)])
def test_only_an_interval_out_of_proportion_is_cut(mean, heads):
    """A very wide interval ends in arrow heads, which the caption explains, on a short axis."""
    frame = effects(*ALIKE, (mean, 32, 2))
    axes = draw_intervals.draw(frame).axes[0]
    left, right = axes.get_xlim()
    shown = frame[["difference", "seed 0", "seed 1"]]

    assert 55 > right - left
    assert left < shown.min(axis=None)
    assert right > shown.max(axis=None)
    kept = frame.iloc[:-1]
    assert ((left < kept["low"]) & (kept["high"] < right)).all()
    carets = {CARETLEFTBASE, CARETRIGHTBASE}
    assert heads == sum(line.get_marker() in carets for line in axes.lines)
    assert "arrow head" in draw_intervals.note(frame)
