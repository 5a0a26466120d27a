"""Read the factors of a study file: levels of one key, or bundles whose levels set several."""

from collections.abc import Iterable, Iterator
from typing import Any

from cnn_ablate.schema import Factor, Level, label
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place

# Each level is resolved on the baseline, and compared with the others of its factor.
_MOST_LEVELS = 500


def read_factors(file: StudyFile, problems: Problems) -> tuple[Factor, ...]:
    """Read all factors, and check each level on the baseline."""
    if "factors" in file.model_fields_set and not file.factors:
        problems.add(("factors",), "expected at least one factor, got none.")
    count = sum(len(levels) for levels in file.factors.values() if isinstance(levels, list | dict))
    if count > _MOST_LEVELS:
        problems.add(("factors",), f"{count:,} levels are too many: at most {_MOST_LEVELS:,}.")
        return ()
    factors = (_factor(file, name, levels, problems) for name, levels in file.factors.items())
    return tuple(factor for factor in factors if factor.levels)


def _factor(file: StudyFile, name: str, written: Any, problems: Problems) -> Factor:
    place: Place = ("factors", name)
    bundle = "." not in name and name not in problems.known
    if not bundle and problems.add_unknown_keys([name], {name: place}):
        return Factor(name=name, levels=())
    if bundle and problems.is_free and isinstance(written, list):
        problems.add_unknown_keys([name], {name: place})
        return Factor(name=name, levels=())
    if bundle and not isinstance(written, dict):
        what = "a bundle maps each level to the keys it sets."
        problems.add(place, what, "A factor with a list of values is named by a dotted key.")
        return Factor(name=name, levels=(), bundle=True)
    if not isinstance(written, (list, dict)) or not written:
        problems.add(place, "expected a list of levels, with at least one.")
        return Factor(name=name, levels=(), bundle=bundle)
    if bundle and isinstance(written, dict):
        levels = tuple(_bundle_levels(file, name, written, problems))
    else:
        levels = tuple(_levels(file, name, written, problems))
    _check_distinct(place, written, levels, problems)
    return Factor(name=name, levels=levels, bundle=bundle)


def _levels(
    file: StudyFile, name: str, written: list[Any] | dict[str, Any], problems: Problems
) -> Iterator[Level]:
    labelled = isinstance(written, dict)
    for at, value in _items(written):
        place: Place = ("factors", name, at)
        problems.add_faults(file.baseline, {name: value}, {name: place})
        yield Level(label=str(at) if labelled else label(value), sets={name: value})


def _bundle_levels(
    file: StudyFile, name: str, written: dict[str, Any], problems: Problems
) -> Iterator[Level]:
    for at, sets in written.items():
        place: Place = ("factors", name, at)
        if not isinstance(sets, dict):
            problems.add(place, "expected the keys that this level sets.")
            continue
        if sets:
            problems.add_faults(file.baseline, sets, {key: (*place, key) for key in sets})
        yield Level(label=at, sets=sets)


def _items(written: list[Any] | dict[str, Any]) -> Iterable[tuple[int | str, Any]]:
    return written.items() if isinstance(written, dict) else enumerate(written)


def _check_distinct(
    place: Place, written: list[Any] | dict[str, Any], levels: tuple[Level, ...], problems: Problems
) -> None:
    labels = [at for at, _ in _items(written)]
    for i, level in enumerate(levels):
        for earlier in levels[:i]:
            if level.label == earlier.label or _are_equal(level.sets, earlier.sets):
                problems.add((*place, labels[i]), f"the same level as {earlier.label}.")
                break


def _are_equal(one: Any, other: Any) -> bool:
    """Compare two values by the rules of YAML: 1 equals 1.0, but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_are_equal, one, other))
    return bool(one == other)
