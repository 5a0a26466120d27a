"""Points of the designs to named variants, contrasts and trials; equal ones become one."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.plan.designs import BASELINE, Point, aliases, chosen, steps
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
    """Lay out all that a study trains and compares.

    Args:
        study: As read.
        resolve: Completes settings as written and drops keys that cannot matter.
        fingerprint: Returns the SHA-256 of the data set that a `data` section names.
        identity: Returns what a trial's id covers of complete settings.

    Raises:
        UserError: levels that cannot go together, or two variants of one name.
    """
    layout = _Layout(study, resolve)
    for design in study.designs:
        for point, reference in steps(study, design):
            layout.add(point, reference, design)
    variants = tuple(layout.variants.values())
    return Plan(
        variants=variants,
        contrasts=tuple(layout.contrasts.values()),
        trials=trials(variants, study, fingerprint, identity),
        excluded=tuple(layout.excluded),
        same=layout.same,
        aliases=tuple(
            alias
            for design in study.designs
            if design.kind == "fractional"
            for alias in aliases(chosen(study, design), design)
        ),
    )


def trials(
    variants: Iterable[Variant], study: Study, fingerprint: Fingerprint, identity: Identity
) -> tuple[Trial, ...]:
    """Cross variants with seeds; a trial's key covers all that determines its result."""
    return tuple(
        trial
        for variant in variants
        for trial in _with_seeds(variant, _seeds(variant, study), fingerprint, identity)
    )


def _seeds(variant: Variant, study: Study) -> tuple[int, ...]:
    """Give the seeds of a variant: all, or the first few where a pattern says so."""
    fewer = study.fewer_seeds.items()
    most = min((n for pattern, n in fewer if matches(variant.name, pattern)), default=None)
    return study.seeds[:most]


def _with_seeds(
    variant: Variant, seeds: tuple[int, ...], fingerprint: Fingerprint, identity: Identity
) -> Iterable[Trial]:
    data = fingerprint(variant.settings["data"])
    content = canonical([TRAINING_VERSION, data, identity(variant.settings)])
    without_seed = hashlib.sha256(content.encode())
    for seed in seeds:
        digest = without_seed.copy()
        digest.update(f" seed {seed}".encode())
        key = digest.hexdigest()
        yield Trial(
            id=trial_id(variant.name, seed, key),
            key=key,
            variant=variant.name,
            seed=seed,
            settings=variant.settings,
            fingerprint=data,
        )


class _Layout:
    """What has been laid out so far; variants by name, contrasts by their two names."""

    def __init__(self, study: Study, resolve: Resolve) -> None:
        self.study = study
        self.resolve = resolve
        self.shorts = _short_names(study.factors)
        self.variants: dict[str, Variant] = {}
        self.contrasts: dict[tuple[str, str], Contrast] = {}
        self.excluded: dict[str, None] = {}
        self.same: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.placed: dict[tuple[object, ...], Variant | None] = {}
        self.values: dict[tuple[str, str], Any] = {}
        self.place(BASELINE)

    def add(self, point: Point, reference: Point | None, design: Design) -> None:
        """Place a point and its reference, and contrast them if both are in the study."""
        variant = self.place(point)
        against = self.place(reference) if reference else None
        if variant and against and variant is not against:
            contrast = _contrast(variant, against, design, point, reference)
            self.contrasts.setdefault((variant.name, against.name), contrast)

    def place(self, point: Point) -> Variant | None:
        """Give the variant at a point, a new one or the equal one; None if it is excluded."""
        if point.key not in self.placed:
            self.placed[point.key] = self.variant_at(point)
        return self.placed[point.key]

    def variant_at(self, point: Point) -> Variant | None:
        """Settle a point, and find what is equal to it."""
        name = self.name(point)
        written = with_overrides(self.study.written, {**point.sets, **self.study.fixed})
        settings = self.settled(name, written)
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

    def settled(self, name: str, written: Settings) -> dict[str, dict[str, Any]]:
        """Complete the settings of a variant, or say of which one they cannot be."""
        try:
            return self.resolve(written)
        except UserError as fault:
            raise UserError(f"variant {name}: {fault.where}", fault.what, fault.hint) from None

    def name(self, point: Point) -> str:
        """Name a point by the levels that differ from the baseline."""
        if point.name:
            return point.name
        moved = [
            f"{self.shorts[factor.name]}={point.levels[factor.name].label}"
            for factor in self.study.factors
            if factor.name in point.levels and not self.at_baseline(point.levels[factor.name])
        ]
        return ",".join(moved) or BASELINE.name

    def at_baseline(self, level: Level) -> bool:
        """Say whether a level sets just what the baseline has."""
        return all(self.baseline_value(key) == self.value(level, key) for key in level.sets)

    def value(self, level: Level, key: str) -> Any:
        """Give the complete value of a key that a level sets: knobs it leaves out included."""
        at = (canonical(level.sets), key)
        if at not in self.values:
            settled = self.resolve(with_overrides(self.study.written, level.sets))
            self.values[at] = value_at(settled, key, level.sets[key])
        return self.values[at]

    def baseline_value(self, key: str) -> Any:
        """Look up a dotted key in the complete baseline, or else as it was written."""
        return value_at(self.study.baseline, key, value_at(self.study.written, key))

    def level(self, factor: Factor, point: Point, settings: Settings) -> str:
        """Label the level of a factor at which a point sits; nothing if it is none of them."""
        if not factor.bundle:
            value = value_at(settings, factor.name, "")
            known = (one.label for one in factor.levels if self.value(one, factor.name) == value)
            return next(known, label(value))
        if factor.name in point.levels:
            return point.levels[factor.name].label
        return next((level.label for level in factor.levels if self.at_baseline(level)), "")

    def is_excluded(self, settings: Settings, levels: Mapping[str, str]) -> bool:
        """Say whether all conditions of some rule hold."""
        return any(
            all(_holds(key, value, settings, levels) for key, value in rule.items())
            for rule in self.study.exclude
        )


def _holds(key: str, value: Any, settings: Settings, levels: Mapping[str, str]) -> bool:
    found = value_at(settings, key) if "." in key else levels.get(key)
    return bool(found == value) if "." in key else found == label(value)


def _contrast(
    variant: Variant, against: Variant, design: Design, point: Point, reference: Point | None
) -> Contrast:
    said = {*point.sets, *(reference.sets if reference else ())}
    changed = {
        f"{section}.{key}": (old.get(key), new.get(key))
        for section, new in variant.settings.items()
        if new != (old := against.settings[section])
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
        # A knob that merely comes or goes with a part is no change of its own.
        if (key in old and key in new) or f"{section}.{key}" in said
    }
    before = reference.levels if reference else {}
    moved = [name for name in point.levels if before.get(name) != point.levels[name]]
    return Contrast(
        variant=variant.name,
        reference=against.name,
        design=design.kind,
        factors=tuple(moved or changed),
        changed=changed,
    )


def _short_names(factors: Iterable[Factor]) -> dict[str, str]:
    """Shorten dotted names (`optimizer.name` to `optimizer`) where the last part is clear."""
    short = {f.name: f.name.removesuffix(".name").rpartition(".")[2] for f in factors}
    shared = Counter(short.values())
    return {name: name if shared[text] > 1 else text for name, text in short.items()}
