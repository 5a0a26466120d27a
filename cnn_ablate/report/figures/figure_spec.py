"""The specification of a figure: a function for its data, one that draws them, and its texts."""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report.figure_style import RC
from cnn_ablate.report.report_data import ReportData


@dataclass(frozen=True)
class FigureSpec:
    """One entry of the table of figures.

    `data` returns None if there is nothing to draw; the figure is then left out. `draw` gets the
    data alone, so that the CSV file of a figure contains all that the figure shows. A folded
    figure is closed until the reader opens it.
    """

    section: str
    title: str
    data: Callable[[ReportData], pd.DataFrame | None]
    draw: Callable[[pd.DataFrame], Figure]
    caption: Callable[[ReportData, pd.DataFrame], str]
    alt: Callable[[pd.DataFrame], str]
    folded: bool = False

    def figure(self, data: pd.DataFrame) -> Figure:
        """Draw the data with the settings that all figures share."""
        with mpl.rc_context(RC):
            return self.draw(data)
