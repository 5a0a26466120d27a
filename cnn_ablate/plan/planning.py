"""Plan a study: turn the points of its designs into variants, contrasts and trials."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.plan.designs import BASELINE, Point, aliases, design_factors, design_points
from cnn_ablate.plan.only import matches
from cnn_ablate.schema import (
    TRAINING_VERSION,
    Contrast,
    Design,
    Factor,
    Level,
    Plan,
    Settings,
    Study,
    Trial,
    Variant,
    canonical,
    differences,
    label,
    trial_id,
    value_at,
    with_overrides,
)

Resolve = Callable[[Settings], dict[str, dict[str, Any]]]
Fingerprint = Callable[[Mapping[str, Any]], str]
Identity = Callable[[Settings], Settings]


def plan(
    study: Study,
    resolve: Resolve,
    fingerprint: Fingerprint = lambda _: "",
    identity: Identity = dict,
) -> Plan:
    """Return the variants, contrasts and trials of a study; variants with equal settings are one.

    Args:
        study: The study as read from its file.
        resolve: Completes settings as written and drops keys that cannot matter.
        fingerprint: Returns the SHA-256 of the data set that a `data` section names.
        identity: Returns what a trial's id covers of complete settings.

    Raises:
        UserError: levels cannot be combined, or two different variants have the same name.
    """
    return with_trials(lay_out(study, resolve), study, fingerprint, identity)


def lay_out(study: Study, resolve: Resolve) -> Plan:
    """Return the plan of a study as `plan` does, without its trials."""
    layout = _Layout(study, resolve)
    for design in study.designs:
        for point, reference in design_points(study, design):
            layout.add(point, reference, design)
    return Plan(
        variants=tuple(layout.variants.values()),
        contrasts=tuple(layout.contrasts.values()),
        trials=(),
        excluded=tuple(layout.excluded),
        same=layout.same,
        aliases=tuple(
            alias
            for design in study.designs
            if design.kind == "fractional"
            for alias in aliases(design_factors(study, design), design)
        ),
    )


def with_trials(
    laid_out: Plan,
    study: Study,
    fingerprint: Fingerprint = lambda _: "",
    identity: Identity = dict,
) -> Plan:
    """Return a plan with one trial per variant and seed; its key covers what determines it."""
    trials = tuple(
        trial
        for variant in laid_out.variants
        for trial in _with_seeds(variant, seeds_of(variant, study), fingerprint, identity)
    )
    return laid_out.model_copy(update={"trials": trials})


def seeds_of(variant: Variant, study: Study) -> tuple[int, ...]:
    """Return the seeds of a variant: all, or the first few if a pattern of the study says so."""
    fewer = study.fewer_seeds.items()
    most = min((n for pattern, n in fewer if matches(variant.name, pattern)), default=None)
    return study.seeds[:most]


def _with_seeds(
    variant: Variant, seeds: tuple[int, ...], fingerprint: Fingerprint, identity: Identity
) -> Iterable[Trial]:
    data = fingerprint(variant.settings.get("data", {}))
    content = canonical([TRAINING_VERSION, data, identity(variant.settings)])
    without_seed = hashlib.sha256(content.encode())
    # A plan has up to 100,000 trials: they are not validated, and share what is equal.
    fields = {*Trial.model_fields}
    for seed in seeds:
        digest = without_seed.copy()
        digest.update(f" seed {seed}".encode())
        key = digest.hexdigest()
        name = trial_id(variant.name, seed, key)
        yield Trial.model_construct(
            fields,
            id=name,
            key=key,
            variant=variant.name,
            seed=seed,
            settings=variant.settings,
            fingerprint=data,
        )


class _Layout:
    """The plan under construction.

    `variants` are by name and `contrasts` by the names of both variants; `same` maps the name of an
    equal variant to the one that is planned; `names` maps settings, as text, to a name.
    """

    def __init__(self, study: Study, resolve: Resolve) -> None:
        self.study = study
        self.resolve = resolve
        self.short_names = _short_names(study.factors)
        self.variants: dict[str, Variant] = {}
        self.contrasts: dict[tuple[str, str], Contrast] = {}
        self.excluded: dict[str, None] = {}
        self.same: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.placed: dict[tuple[object, ...], Variant | None] = {}
        self.values: dict[tuple[int, str], Any] = {}
        self.place(BASELINE)

    def add(self, point: Point, reference: Point | None, design: Design) -> None:
        """Add a point, its reference, and their contrast if neither is excluded."""
        variant = self.place(point)
        against = self.place(reference) if reference else None
        if variant and against and variant is not against:
            contrast = _contrast(variant, against, design, point, reference)
            self.contrasts.setdefault((variant.name, against.name), contrast)

    def place(self, point: Point) -> Variant | None:
        """Return the variant at a point, a new or an equal one; None if it is excluded."""
        if point.key not in self.placed:
            self.placed[point.key] = self.variant_at(point)
        return self.placed[point.key]

    def variant_at(self, point: Point) -> Variant | None:
        """Resolve the settings at a point, and reuse the variant that has the same ones."""
        name = self.name(point)
        written = with_overrides(self.study.written, {**point.sets, **self.study.fixed})
        settings = self.resolved(name, written)
        levels = {f.name: self.level(f, point, settings) for f in self.study.factors}
        if self.is_excluded(settings, levels):
            self.excluded[name] = None
            return None
        content = canonical(settings)
        first = self.names.setdefault(content, name)
        if first == name and name not in self.variants:
            self.variants[name] = Variant(name=name, settings=settings, levels=levels)
        elif first == name and self.variants[name].settings != settings:
            raise UserError("design", f"two different variants are called '{name}'.")
        elif first != name:
            self.same[name] = first
        return self.variants[first]

    def resolved(self, name: str, written: Settings) -> dict[str, dict[str, Any]]:
        """Return the complete settings of a variant; an error names the variant."""
        try:
            return self.resolve(written)
        except UserError as fault:
            raise UserError(f"variant {name}: {fault.where}", fault.what, fault.hint) from None

    def name(self, point: Point) -> str:
        """Return the name of a point: its levels that differ from the baseline."""
        if point.name:
            return point.name
        moved = [
            f"{self.short_names[factor.name]}={point.levels[factor.name].label}"
            for factor in self.study.factors
            if factor.name in point.levels and not self.at_baseline(point.levels[factor.name])
        ]
        return ",".join(moved) or BASELINE.name

    def at_baseline(self, level: Level) -> bool:
        """Return whether a level sets exactly what the baseline has."""
        return all(self.baseline_value(key) == self.value(level, key) for key in level.sets)

    def value(self, level: Level, key: str) -> Any:
        """Return the value of a key that a level sets, with defaults filled in."""
        at = (id(level), key)  # the levels of a study live as long as it does
        if at not in self.values:
            resolved = self.resolve(with_overrides(self.study.written, level.sets))
            self.values[at] = value_at(resolved, key, level.sets[key])
        return self.values[at]

    def baseline_value(self, key: str) -> Any:
        """Return the value of a key in the complete baseline, or else as it was written."""
        return value_at(self.study.baseline, key, value_at(self.study.written, key))

    def level(self, factor: Factor, point: Point, settings: Settings) -> str:
        """Return the label of a factor's level at a point.

        A value that is no level of the factor is its own label; a bundle has none then.
        """
        if not factor.bundle:
            value = value_at(settings, factor.name, "")
            levels = (lv.label for lv in factor.levels if self.value(lv, factor.name) == value)
            return next(levels, label(value))
        if factor.name in point.levels:
            return point.levels[factor.name].label
        return next((level.label for level in factor.levels if self.at_baseline(level)), "")

    def is_excluded(self, settings: Settings, levels: Mapping[str, str]) -> bool:
        """Return whether all conditions of any rule under `exclude` hold."""
        return any(
            all(_holds(key, value, settings, levels) for key, value in rule.items())
            for rule in self.study.exclude
        )


def _holds(key: str, value: Any, settings: Settings, levels: Mapping[str, str]) -> bool:
    if "." in key or key not in levels:
        return bool(value_at(settings, key) == value)
    return levels.get(key) == label(value)


def _contrast(
    variant: Variant, against: Variant, design: Design, point: Point, reference: Point | None
) -> Contrast:
    """Return the contrast of two variants with the keys and factors in which they differ."""
    stated = {*point.sets, *(reference.sets if reference else ())}
    changed = {
        key: (old, new)
        for key, old, new, in_both in differences(against.settings, variant.settings)
        # An option that only appears or disappears with its part is no change of its own.
        if in_both or key in stated
    }
    before = reference.levels if reference else {}
    moved = [name for name in point.levels if before.get(name) is not point.levels[name]]
    # Entries of a `list` move no factor: what they change stands in for one.
    return Contrast(
        variant=variant.name,
        reference=against.name,
        design=design.kind,
        factors=tuple(moved or changed),
        changed=changed,
    )


def _short_names(factors: Iterable[Factor]) -> dict[str, str]:
    """Return short names of factors (`optimizer` for `optimizer.name`) where they are unique."""
    short = {f.name: f.name.removesuffix(".name").rpartition(".")[2] for f in factors}
    shared = Counter(short.values())
    return {name: name if shared[text] > 1 else text for name, text in short.items()}
