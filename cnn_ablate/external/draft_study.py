"""Draft a study file from a table of results: its factors are the columns that vary."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import pandas as pd

from cnn_ablate.errors import UserError
from cnn_ablate.external.foreign_table import ForeignTable
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.value_errors import unknown_name

_ROLES = {"seed", "status"}
_LOWER = re.compile(r"loss|error|nll|ece|brier|seconds|time", re.IGNORECASE)
_FRACTION = re.compile(r"acc|f1|auc|precision|recall", re.IGNORECASE)
_PLAIN = re.compile(r"(?!(?:true|false|null|none|yes|no|on|off)$)[A-Za-z_][\w.-]*", re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """The text of a study file, and a sentence on each guess in it."""

    text: str
    notes: tuple[str, ...]


def draft_study(table: ForeignTable, name: str, baseline: Mapping[str, str]) -> Draft:
    """Return a study of the trials in a table.

    Args:
        table: Has a column `seed`.
        name: Of the study.
        baseline: Levels of the baseline by column; those left out are the most frequent.

    Raises:
        UserError: there is no column of seeds, nothing varies, or a level is unknown.
    """
    frame = table.frame
    if "seed" not in frame:
        hint = "Rename the column that has the seeds."
        raise UserError(table.name, "has no column 'seed'.", hint)
    seeds = _seeds(table)
    metrics = _metrics(table, len(frame) / len(seeds))
    settings = [str(c) for c in frame if c not in {*_ROLES, *metrics}]
    factors = [column for column in settings if len(set(frame[column])) > 1]
    if not factors or not metrics:
        what = "no column varies that is not a metric." if metrics else "no column is a metric."
        raise UserError(table.name, what, "A study needs a factor, a metric and seeds.")
    levels = {c: _baseline_first(table, c, baseline) for c in factors}
    constants = {c: frame[c].iloc[0] for c in settings if c not in factors}
    lines = [
        f"study: {_yaml(name)}",
        f"title: What do {', '.join(factors)} contribute?",
        "trainer: external  # trained elsewhere; `cnn-ablate import` takes the results",
        "baseline:",
        *(f"  {_key(c)}: {_yaml(value)}" for c, value in constants.items()),
        *(f"  {_key(c)}: {_yaml(own[0])}" for c, own in levels.items()),
        "factors:",
        *(f"  {_key(c)}: [{', '.join(map(_yaml, own))}]" for c, own in levels.items()),
        *_design(frame, levels),
        f"seeds: {len(seeds) if seeds == list(range(len(seeds))) else json.dumps(seeds)}",
        *_described(metrics),
    ]
    return Draft("\n".join(lines) + "\n", tuple(_notes(levels, metrics)))


def _seeds(table: ForeignTable) -> list[int]:
    try:
        return sorted({int(float(text)) for text in table.frame["seed"]})
    except ValueError:
        raise UserError(table.name, "a seed is no whole number.") from None


def _metrics(table: ForeignTable, variants: float) -> list[str]:
    """Return the columns that are metrics, the one that leads first.

    They are those that are known by name, or have more values than there can be variants.
    """
    names = []
    for column in table.frame:
        cells = table.frame[column][table.frame[column] != ""]
        numbers = pd.to_numeric(cells, errors="coerce")
        if column in _ROLES or not len(cells) or numbers.isna().any():
            continue
        measured = table.metrics is not None and column in table.metrics
        named = column in KNOWN_METRICS or _FRACTION.search(str(column))
        if measured or named or numbers.nunique() > variants:
            names.append(str(column))
    return sorted(names, key=lambda name: (name != "test_accuracy", not _FRACTION.search(name)))


def _baseline_first(table: ForeignTable, column: str, baseline: Mapping[str, str]) -> list[str]:
    counts = table.frame[column].value_counts(sort=False)
    # Of several that are as frequent, the first in the table.
    frequent = [str(level) for level in counts.sort_values(ascending=False, kind="stable").index]
    given = baseline.get(column, frequent[0])
    if given not in frequent:
        raise UserError(f"--baseline {column}={given}", *unknown_name("level", given, frequent))
    return [given, *(level for level in frequent if level != given)]


def _design(frame: pd.DataFrame, levels: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the design that has all combinations in the table."""
    combinations = set(frame[[*levels]].itertuples(index=False, name=None))
    home = tuple(own[0] for own in levels.values())
    if all(sum(a != b for a, b in zip(c, home, strict=True)) <= 1 for c in combinations):
        yield "design: one_at_a_time"
    elif len(combinations) == prod(map(len, levels.values())):
        yield "design: factorial"
    else:
        yield "design:"
        yield "  list:"
        for combination in (c for c in product(*levels.values()) if c in combinations):
            moved = {
                key: value
                for key, value, usual in zip(levels, combination, home, strict=True)
                if value != usual
            }
            if moved:
                name = ",".join(f"{key}={value}" for key, value in moved.items())
                sets = ", ".join(f"{_key(key)}: {_yaml(value)}" for key, value in moved.items())
                yield f"    {json.dumps(name)}: {{{sets}}}"


def _described(metrics: Sequence[str]) -> Iterator[str]:
    if metrics[0] != "test_accuracy":
        yield f"metric: {metrics[0]}"
    own = [name for name in metrics if name not in KNOWN_METRICS]
    if own:
        yield "metrics:"
    for name in own:
        unit = ", unit: fraction" if _FRACTION.search(name) else ""
        yield f"  {name}: {{better: {_better(name)}{unit}}}"


def _better(name: str) -> str:
    return "lower" if _LOWER.search(name) else "higher"


def _notes(levels: Mapping[str, Sequence[str]], metrics: Sequence[str]) -> Iterator[str]:
    home = ", ".join(f"{column} = {own[0]}" for column, own in levels.items())
    yield f"Baseline: {home}."
    for name in (name for name in metrics if name not in KNOWN_METRICS):
        yield f"A {_better(name)} {name} is taken as better: change the study if not."


def _key(column: str) -> str:
    return column if _PLAIN.fullmatch(column) else json.dumps(column)


def _yaml(text: str) -> str:
    """Return a cell as YAML: a number, true or false as it is, texts in quotes if need be."""
    if text.lower() in {"true", "false"}:
        return text.lower()
    try:
        float(text)
    except ValueError:
        return text if _PLAIN.fullmatch(text) else json.dumps(text)
    is_number = re.fullmatch(r"-?(\d+|\d*\.\d+|\d+\.\d*)(e[-+]?\d+)?", text, re.IGNORECASE)
    return text if is_number else json.dumps(text)
