"""Match the rows of a foreign table with the trials of a plan."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.external.foreign_table import ForeignTable
from cnn_ablate.external.table_columns import TableColumns
from cnn_ablate.schema import Plan, Study, Trial, Variant, label, value_at
from cnn_ablate.text import count, some
from cnn_ablate.value_errors import unknown_name

MOST_ERRORS = 20
_NOTHING = {"", "none", "null", "nan"}


@dataclass
class RowErrors:
    """The errors found so far in a table: a wrong one may have a million."""

    errors: list[UserError] = field(default_factory=list)

    def add(self, place: str, what: str, hint: str = "") -> None:
        """Add an error; the last that is shown ends the search."""
        self.errors.append(UserError(place, what, hint))
        if len(self.errors) >= MOST_ERRORS:
            self.errors.append(UserError("", f"The first {MOST_ERRORS} errors are shown."))
            self.raise_all()

    def raise_all(self) -> None:
        """Raise the errors, if there are any."""
        if self.errors:
            raise ExceptionGroup(f"{len(self.errors)} problems", self.errors)


def match_rows(
    table: ForeignTable, columns: TableColumns, study: Study, plan: Plan
) -> dict[int, Trial]:
    """Return the trial of each row, by the number of the row.

    Raises:
        ExceptionGroup: of UserErrors, one per row that has no trial, or the trial of another row.
    """
    errors = RowErrors()
    variants = _variants(table, columns, _Matcher(study, plan), errors)
    planned: dict[tuple[str, int | None], Trial] = {
        (trial.variant, trial.seed): trial for trial in plan.trials
    }
    first: dict[str, int] = {}
    matched: dict[int, Trial] = {}
    for number, (variant, text) in enumerate(zip(variants, table.frame[columns.seed], strict=True)):
        if variant is None:
            continue
        trial = planned.get((variant, _seed(text)))
        if trial is None:
            errors.add(table.places(number), *_unknown_seed(text, variant, plan))
        elif (earlier := first.setdefault(trial.id, number)) != number:
            differing = "" if _same(table, columns, earlier, number) else ", with other numbers"
            what = f"seed {trial.seed} of {variant} is given twice{differing}."
            errors.add(table.places(number), what, f"It is in {table.places(earlier)} too.")
        else:
            matched[number] = trial
    errors.raise_all()
    return matched


def _seed(text: str) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _unknown_seed(text: str, variant: str, plan: Plan) -> tuple[str, str]:
    seeds = [str(trial.seed) for trial in plan.trials if trial.variant == variant]
    if not text:
        return "the seed is missing.", ""
    return f"'{text}' is no seed of {variant}.", f"The study has {some(seeds, 8)}."


def _same(table: ForeignTable, columns: TableColumns, one: int, other: int) -> bool:
    names = list(columns.metrics)
    return bool((table.frame[names].iloc[one] == table.frame[names].iloc[other]).all())


def _variants(
    table: ForeignTable, columns: TableColumns, matcher: "_Matcher", errors: RowErrors
) -> list[str | None]:
    """Return the variant of each row; rows with the same settings are looked up once."""
    names = [*columns.settings, *([columns.variant] if columns.variant else [])]
    found: dict[tuple[str, ...], str | None] = {}
    variants: list[str | None] = []
    for number, cells in enumerate(zip(*(table.frame[name] for name in names), strict=True)):
        if cells not in found:
            values = dict(zip(names, cells, strict=True))
            variant = values.pop(columns.variant) if columns.variant else None
            settings = {columns.settings[name]: text for name, text in values.items()}
            try:
                found[cells] = matcher.variant(variant, settings)
            except UserError as error:
                found[cells] = None
                errors.add(table.places(number), error.what, error.hint)
        variants.append(found[cells])
    return variants


class _Matcher:
    """Finds the variant of a plan that a row describes."""

    def __init__(self, study: Study, plan: Plan) -> None:
        self.bundles = {factor.name for factor in study.factors if factor.bundle}
        self.labels = {
            factor.name: {level.label: level.sets[factor.name] for level in factor.levels}
            for factor in study.factors
            if not factor.bundle
        }
        self.plan = plan
        self.by_name = {variant.name: variant for variant in plan.variants}

    def variant(self, name: str | None, settings: Mapping[str, str]) -> str:
        """Return the name of the variant with a name, with settings, or with both.

        Raises:
            UserError: there is none, or more than one.
        """
        variants = [self.named(name)] if name is not None else list(self.plan.variants)
        fitting = variants
        for key, text in settings.items():
            fitting = [v for v in fitting if self.has(v, key, text)]
            if not any(self.has(v, key, text) for v in variants):
                raise self.misfit(variants, name, key, text)
        if not fitting:
            shown = ", ".join(f"{key} = {text}" for key, text in settings.items())
            hint = "Choose a design that trains it, for instance factorial, or leave the row out."
            raise UserError("", f"the study has no variant with {shown}.", hint)
        if len(fitting) > 1:
            what = f"it could be {some([v.name for v in fitting])}."
            raise UserError("", what, "A column 'variant' or further factors would tell.")
        return fitting[0].name

    def named(self, name: str) -> Variant:
        """Return the variant of a name; raises UserError."""
        known = self.plan.same.get(name, name)
        if known not in self.by_name:
            raise UserError("", *unknown_name("variant", name, [*self.by_name, *self.plan.same]))
        return self.by_name[known]

    def has(self, variant: Variant, key: str, text: str) -> bool:
        """Return whether a variant has a value, given as text, at a key or factor."""
        if key in self.bundles:
            return variant.levels[key] == text
        value = value_at(variant.settings, key)
        return _is(value, text) or (
            text in (names := self.labels.get(key, {})) and names[text] == value
        )

    def misfit(self, variants: list[Variant], name: str | None, key: str, text: str) -> UserError:
        """Return the error of a value that no variant has, or not the one that is named."""
        if name is not None:
            has = label(value_at(variants[0].settings, key, variants[0].levels.get(key, "")))
            return UserError("", f"{key} is '{text}', but variant {name} has {has}.")
        if key in self.bundles:
            known = dict.fromkeys(v.levels[key] for v in variants)
        else:
            known = dict.fromkeys(label(value_at(v.settings, key)) for v in variants)
        kind = "level" if key in self.labels or key in self.bundles else "value"
        what, hint = unknown_name(f"{kind} of {key}", text, list(known))
        return UserError("", what, hint)


def _is(value: Any, text: str) -> bool:
    """Return whether a text stands for a value: as tables show it, as a number, or as JSON."""
    if text == label(value) or (value is None and text.lower() in _NOTHING):
        return True
    if isinstance(value, bool):
        return text.lower() == label(value)
    if isinstance(value, int | float):
        try:
            return float(text) == value
        except ValueError:
            return False
    return isinstance(value, list) and text == json.dumps(value)


def missing_trials(plan: Plan, matched: Mapping[int, Trial]) -> Iterator[str]:
    """Yield which trials of a plan have no row, in one sentence."""
    present = {trial.id for trial in matched.values()}
    missing = [trial for trial in plan.trials if trial.id not in present]
    if missing:
        names = some([f"seed {trial.seed} of {trial.variant}" for trial in missing])
        verb = "has" if len(missing) == 1 else "have"
        yield f"{count(len(missing), 'trial')} of the study {verb} no row: {names}."
