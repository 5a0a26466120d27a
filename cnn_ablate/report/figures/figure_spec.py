"""What a figure of a report is: data first, then a drawing of them and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.style import RC


@dataclass(frozen=True)
class FigureSpec:
    """One entry of the table of figures.

    `data` gives None where there is nothing to draw, and the figure is left out. `draw` sees the
    data alone, so that the CSV beside a figure holds all that the figure shows.
    """

    section: str
    title: str
    data: Callable[[ReportContext], pd.DataFrame | None]
    draw: Callable[[pd.DataFrame], Figure]
    caption: Callable[[ReportContext, pd.DataFrame], str]
    alt: Callable[[pd.DataFrame], str]
    folded: bool = False

    def figure(self, data: pd.DataFrame) -> Figure:
        """Draw the data in the look that all figures share."""
        with mpl.rc_context(RC):
            return self.draw(data)
