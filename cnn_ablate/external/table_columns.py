"""What the columns of a foreign table mean for a study: seed, variant, settings, metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.errors import UserError
from cnn_ablate.external.foreign_table import ForeignTable
from cnn_ablate.external.metric_values import RESERVED_COLUMNS
from cnn_ablate.schema import Study
from cnn_ablate.settings import by_key
from cnn_ablate.value_errors import unknown_name

_ROLES = ("seed", "variant", "status")


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table by their part.

    Attributes:
        seed: The column with the seeds.
        variant: That with names of variants, if there is one.
        status: That with the status of trials, if there is one.
        settings: By column, the factor or key of the baseline that it holds.
        metrics: By column, the metric that it holds.
        ignored: Columns of which nothing is known.
    """

    seed: str
    variant: str | None
    status: str | None
    settings: Mapping[str, str]
    metrics: Mapping[str, str]
    ignored: tuple[str, ...]


def table_columns(table: ForeignTable, study: Study, mapped: Mapping[str, str]) -> TableColumns:
    """Return the parts of the columns, by their names or as the user maps them.

    Raises:
        UserError: the seed is missing, or the variant and all factors; a mapped column is unknown.
    """
    names = [str(name) for name in table.frame.columns]
    for column in mapped:
        if column not in names:
            raise UserError(
                f"--map {column}={mapped[column]}", *unknown_name("column", column, names)
            )
    keys = _keys(study)
    meaning = {name: mapped.get(name, keys.get(name, name)) for name in names}
    settings = {n: m for n, m in meaning.items() if m in keys.values()}
    roles = {m: n for n, m in meaning.items() if m in _ROLES and n not in settings}
    others = [n for n in names if n not in settings and n not in roles.values()]
    metrics = {n: meaning[n] for n in others if _is_metric(table, n, meaning[n])}
    if "seed" not in roles:
        raise UserError(table.name, "has no column 'seed'.", "Say which it is: --map COLUMN=seed.")
    factors = {factor.name for factor in study.factors}
    if "variant" not in roles and not (factors | keys.keys()) & set(settings.values()):
        what = "has neither a column 'variant' nor one of a factor of the study."
        hint = f"Factors: {', '.join(sorted(factors))}. Say which it is: --map COLUMN=FACTOR."
        raise UserError(table.name, what, hint)
    ignored = tuple(n for n in others if n not in metrics)
    return TableColumns(
        roles["seed"], roles.get("variant"), roles.get("status"), settings, metrics, ignored
    )


def _keys(study: Study) -> dict[str, str]:
    """Return the names of settings that a column may have, with the key that each stands for."""
    names = [*by_key(study.baseline), *(factor.name for factor in study.factors)]
    names += [key for design in study.designs for entry in design.entries for key in entry.sets]
    short: dict[str, list[str]] = {}
    for factor in study.factors:
        short.setdefault(factor.name.removesuffix(".name").rpartition(".")[2], []).append(
            factor.name
        )
    unique = {name: long[0] for name, long in short.items() if len(long) == 1}
    return {**unique, **{name: name for name in names}}


def _is_metric(table: ForeignTable, column: str, name: str) -> bool:
    """Return whether a column is a metric: by its file, or because all its cells are numbers."""
    if table.metrics is not None:
        return column in table.metrics
    if name in RESERVED_COLUMNS:
        return False
    cells = table.frame[column]
    cells = cells[cells != ""]
    return bool(len(cells) and pd.to_numeric(cells, errors="coerce").notna().mean() > 0.5)
