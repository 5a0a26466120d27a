"""Variants and their components as a table names them: keys without sections, levels as written."""

from collections import Counter
from collections.abc import Iterable

from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Effect, Variant, label, value_at

# Designs whose variants differ from their reference by one level of one factor.
_SINGLE = {"one_at_a_time", "leave_one_out"}
# With more components than this, only factors of the study keep theirs.
_MOST_COMPONENTS = 9


def short_keys(keys: Iterable[str]) -> dict[str, str]:
    """Return keys without their sections where that leaves them different: `norm`, `lr`.

    The key `optimizer.name` is named after its section.
    """
    short = {key: key.removesuffix(".name").rpartition(".")[2] for key in keys}
    times = Counter(short.values())
    return {key: name if times[name] == 1 else key for key, name in short.items()}


def components(context: ReportData) -> dict[str, dict[str, str]]:
    """Return, by key, the level of each variant that has a finished trial; only keys that vary.

    Keys are factors and what the entries of a `list` set; the keys that a bundle sets have no
    column, since its level stands for them.
    """
    record = context.results.record
    variants = [v for v in record.plan.variants if v.name in context.variants]
    factors = [factor.name for factor in record.study.factors]
    bundled = {
        key for f in record.study.factors if f.bundle for level in f.levels for key in level.sets
    }
    entries = [
        key
        for design in record.study.designs
        for entry in design.entries
        for key in entry.sets
        if key not in bundled
    ]
    levels = {
        key: {variant.name: _level(variant, key) for variant in variants}
        for key in dict.fromkeys([*factors, *entries])
    }
    varied = {key: texts for key, texts in levels.items() if len(set(texts.values())) > 1}
    declared = {key: texts for key, texts in varied.items() if key in factors}
    return declared if declared and len(varied) > _MOST_COMPONENTS else varied


def _level(variant: Variant, key: str) -> str:
    if key in variant.levels:
        return variant.levels[key]
    value = value_at(variant.settings, key, "")
    return label(value) if value != "" else ""


def change(context: ReportData, effect: Effect) -> str:
    """Return what a contrast changes: `norm: batch → none`, `se off`, or the variant's name."""
    usual = effect.reference == context.reference
    named = usual and effect.design in _SINGLE
    return (named and level_change(context, effect)) or effect.variant


def level_change(context: ReportData, effect: Effect) -> str:
    """Return the one factor that a contrast changes, with both levels; empty if there are more."""
    if len(effect.factors) != 1:
        return ""
    plan = context.results.record.plan
    levels = {variant.name: variant.levels for variant in plan.variants}
    [factor] = effect.factors
    old, new = (levels.get(name, {}).get(factor, "") for name in (effect.reference, effect.variant))
    key = short_keys(f.name for f in context.results.record.study.factors).get(factor, factor)
    if not old or not new:
        return ""
    if {old, new} == {"true", "false"}:
        return f"{key} {'on' if new == 'true' else 'off'}"
    return f"{key}: {old} \N{RIGHTWARDS ARROW} {new}"
