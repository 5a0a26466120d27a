"""The results of a study for programs and notebooks: tables by name, figures, and how they show."""

from collections.abc import Iterator, Mapping

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.analysis import FRAMES, Analysis, frames
from cnn_ablate.errors import UserError
from cnn_ablate.report import render_templates
from cnn_ablate.report.ablation_formats import plain_text
from cnn_ablate.report.ablation_table import AblationTable, ablation_table
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.value_errors import unknown_name


class StudyResults(Mapping[str, pd.DataFrame]):
    """The tables of a study by the names in FRAMES: `results["effects"]` or `results.effects`.

    Printed, and in a notebook, it is the ablation table.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._tables = frames(analysis)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in FRAMES:
            return self._tables[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *FRAMES]

    def figure(self, name: str) -> Figure:
        """Draw a figure of the report by its name, which is also that of its file.

        Raises:
            UserError: there is no such figure, or the study has nothing to draw in it.
        """
        where = f"figure({name!r})"
        if name not in FIGURES:
            raise UserError(where, *unknown_name("figure", name, FIGURES))
        data = FIGURES[name].data(ReportData.of(self._analysis))
        if data is None:
            raise UserError(where, "this study has nothing to draw in it.")
        return FIGURES[name].figure(data)

    def __repr__(self) -> str:
        return plain_text(self._table, width=100)

    def _repr_html_(self) -> str:
        """Return the ablation table as HTML, which notebooks show."""
        return render_templates.notebook_html(self._table)

    @property
    def _table(self) -> AblationTable:
        return ablation_table(ReportData.of(self._analysis))
