"""A study file that was edited since its results were written: what differs, in words."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cnn_ablate.schema import SOURCE_KEY, Factor, Plan, Record, Study, differences, label
from cnn_ablate.study.read_study import Changes, read_study
from cnn_ablate.text import some

# What a report takes from the file as it is now: nothing that was trained depends on it.
SHOWN = ("title", "paper", "claims")
# What follows from other fields, or from the command line.
_DERIVED = frozenset({"name", "source", "profile", "written", "before", "forced", "caps", *SHOWN})


def read_again(path: Path, record: Record) -> Study:
    """Read a study file as it is now, with the profile and the `--set` of the recorded run.

    Raises:
        ExceptionGroup: of UserErrors, in the order of the file.
        UserError: the file cannot be read.
    """
    study = read_study(path, Changes(record.study.profile))
    extra = {k: v for k, v in record.study.forced.items() if k not in study.forced}
    if not extra:
        return study
    pairs = tuple(f"{key}={json.dumps(value)}" for key, value in extra.items())
    return read_study(path, Changes(record.study.profile, pairs))


def shown_edits(old: Study, new: Study) -> list[str]:
    """Return which of title, paper and claims differ."""
    return [name for name in SHOWN if getattr(old, name) != getattr(new, name)]


def trained_edits(old: Study, new: Study) -> list[str]:
    """Return what else differs, in a few words each: `seeds 2 -> 3`, `baseline model.norm ...`."""
    return [
        *_factor_edits(old.factors, new.factors),
        *(
            _edit(f"baseline {key}", *values)
            for key, *values, in_both in differences(old.baseline, new.baseline)
            if not key.endswith(f".{SOURCE_KEY}")
            # A default of another version, or of another network, is no edit.
            if in_both or _states(old, key) or _states(new, key)
        ),
        *(
            _edit(name, getattr(old, name), getattr(new, name))
            for name in Study.model_fields
            if name not in {*_DERIVED, "factors", "baseline"}
            and getattr(old, name) != getattr(new, name)
        ),
    ]


def _states(study: Study, key: str) -> bool:
    """Return whether a study states a setting of its baseline, in its file or by a profile."""
    section, _, name = key.partition(".")
    return key in study.forced or name in study.written.get(section, {})


def changed_sources(old: Plan, new: Plan) -> list[str]:
    """Return user-defined code, and files of weights, whose contents differ between two plans."""
    before, after = (
        {_source(part): part[SOURCE_KEY] for part in parts_with_source(plan)} for plan in (old, new)
    )
    return sorted(name for name in before.keys() & after.keys() if before[name] != after[name])


def parts_with_source(plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of the settings of all variants that have a name and a SHA-256."""
    return _with_source([variant.settings for variant in plan.variants])


def _with_source(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if SOURCE_KEY in value and "name" in value:
            yield value
        value = [*value.values()]
    for part in value if isinstance(value, list | tuple) else ():
        yield from _with_source(part)


def _source(part: Mapping[str, Any]) -> str:
    weights = part.get("weights")
    return f"{f'weights {weights}' if weights else 'code'} of {part['name']}"


def _factor_edits(old: tuple[Factor, ...], new: tuple[Factor, ...]) -> Iterator[str]:
    before, after = ({factor.name: factor for factor in factors} for factors in (old, new))
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"factor {name} removed"
        elif name not in before:
            yield f"factor {name} added"
        elif before[name] != after[name]:
            yield f"{name}: {_level_edits(before[name], after[name])}"


def _level_edits(old: Factor, new: Factor) -> str:
    before, after = ({level.label: level.sets for level in of.levels} for of in (old, new))
    changed = [name for name in before if name in after and before[name] != after[name]]
    words = {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": changed,
    }
    edits = (
        f"{'level' if len(names) == 1 else 'levels'} {some(names)} {word}"
        for word, names in words.items()
        if names
    )
    return " and ".join(edits) or "order of levels"


def _edit(name: str, old: Any, new: Any) -> str:
    if name == "seeds":
        return f"seeds {len(old)} -> {len(new)}" if len(old) != len(new) else "seeds"
    is_short = all(isinstance(value, str | int | float | bool | None) for value in (old, new))
    return f"{name} {label(old)} -> {label(new)}" if is_short else name.replace("_", " ")
