"""Rows of a foreign table as results of trials that were trained elsewhere."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from cnn_ablate.errors import UserError
from cnn_ablate.external.foreign_table import ForeignTable
from cnn_ablate.external.match_rows import RowErrors
from cnn_ablate.external.metric_values import DivergedError, ExpectedMetrics
from cnn_ablate.external.table_columns import TableColumns
from cnn_ablate.schema import ELSEWHERE, ComputeConfig, Status, Trial, TrialResult, timestamp
from cnn_ablate.value_errors import unknown_name

_STATUS: dict[str, Status] = {
    **dict.fromkeys(("", "done", "finished", "completed", "complete", "success", "ok"), "done"),
    **dict.fromkeys(("failed", "crashed", "killed", "error"), "failed"),
    **dict.fromkeys(("diverged", "nan"), "diverged"),
}


@dataclass(frozen=True)
class RowReader:
    """Reads the results in the rows of a table.

    Attributes:
        table: The rows.
        columns: What they mean.
        expected: The metrics that the study needs.
        percent: Whether fractions are given in per cent.
    """

    table: ForeignTable
    columns: TableColumns
    expected: ExpectedMetrics
    percent: bool = False

    def results(self, matched: Mapping[int, Trial]) -> list[TrialResult]:
        """Return the results of the rows that have a trial.

        Raises:
            ExceptionGroup: of UserErrors, one per row that is wrong.
        """
        errors, results = RowErrors(), []
        for number, trial in matched.items():
            try:
                results.append(self._result(number, trial))
            except UserError as error:
                errors.add(error.where, error.what, error.hint)
        errors.raise_all()
        return results

    def _result(self, number: int, trial: Trial) -> TrialResult:
        place = self.table.places(number)
        status = self._status(place, number)
        draft = TrialResult(
            trial=trial,
            status=status,
            error="" if status == "done" else f"It {status} where it was trained.",
            compute=ComputeConfig(device="", backend=ELSEWHERE),
            log=f"Trained elsewhere; imported from {place}.\n",
            started=timestamp(),
        )
        values = dict(self._values(place, number))
        if status != "done":
            return draft
        try:
            metrics = self.expected.check(place, values)
        except DivergedError as error:
            hint = "Say what became of the trial in a column 'status': diverged or failed."
            raise UserError("", str(error), hint) from None
        return draft.model_copy(update={"metrics": metrics})

    def _status(self, place: str, number: int) -> Status:
        column = self.columns.status
        text = str(self.table.frame[column].iloc[number]).strip().lower() if column else ""
        if text not in _STATUS:
            raise UserError(place, *unknown_name("status", text, ["done", "failed", "diverged"]))
        return _STATUS[text]

    def _values(self, place: str, number: int) -> Iterator[tuple[str, float]]:
        for column, name in self.columns.metrics.items():
            text = str(self.table.frame[column].iloc[number]).strip()
            if not text:
                continue
            try:
                value = float(text)
            except ValueError:
                what = f"{column}: expected a number, got '{text}'."
                raise UserError(place, what) from None
            if self.expected.is_fraction(name):
                value = self._fraction(place, name, value)
            yield name, value

    def _fraction(self, place: str, name: str, value: float) -> float:
        if self.percent:
            return value / 100
        if value > 1 and math.isfinite(value):
            what = f"{name} is {value:g}; it is a fraction, from 0 to 1."
            raise UserError(place, what, "If the table is in per cent, add --percent.")
        return value


def check_percent(reader: RowReader) -> None:
    """Refuse --percent if no fraction is above 1: they are no per cent; raises UserError."""
    names = [c for c, name in reader.columns.metrics.items() if reader.expected.is_fraction(name)]
    if not reader.percent or not names:
        return
    numbers = reader.table.frame[names].apply(partial(pd.to_numeric, errors="coerce"))
    highest = float(np.nanmax(numbers.to_numpy(float), initial=0.0))
    if highest <= 1:
        what = f"no accuracy is above {highest:g}, so they are no per cent."
        raise UserError("--percent", what, "Leave it out.")
