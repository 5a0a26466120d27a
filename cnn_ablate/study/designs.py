"""Read the designs and the exclusions of a study file."""

from collections.abc import Iterator
from typing import Any, get_args

from cnn_ablate.schema import Design, DesignKind, Entry, Factor, label
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place
from cnn_ablate.value_errors import unknown_name

KINDS: tuple[str, ...] = get_args(DesignKind)


def read_designs(
    file: StudyFile, factors: tuple[Factor, ...], problems: Problems
) -> tuple[Design, ...]:
    """Read the designs; the default is one at a time."""
    if file.design is None:
        return (Design(kind="one_at_a_time"),) if factors else ()
    reader = _DesignReader(file, problems)
    if not isinstance(file.design, list):
        return tuple(reader.read(("design",), file.design))
    items = enumerate(file.design)
    return tuple(design for i, item in items for design in reader.read(("design", i), item))


class _DesignReader:
    def __init__(self, file: StudyFile, problems: Problems) -> None:
        self.file = file
        self.problems = problems

    def read(self, place: Place, written: Any) -> Iterator[Design]:
        """Read a design: a name, or a mapping of names to factors or variants."""
        pairs = {written: None} if isinstance(written, str) else written
        if not isinstance(pairs, dict) or not pairs:
            self.problems.add(
                place, "expected the name of a design.", f"Known: {', '.join(KINDS)}."
            )
            return
        for kind, content in pairs.items():
            at = place if isinstance(written, str) else (*place, kind)
            if kind not in KINDS:
                key = not isinstance(written, str)
                self.problems.add(at, *unknown_name("design", kind, KINDS), key=key)
            elif kind == "list":
                yield Design(kind="list", entries=tuple(self.entries(at, content)))
            else:
                yield self.over_factors(at, kind, content)

    def over_factors(self, place: Place, kind: Any, content: Any) -> Design:
        """Read a design over the given factors, or over all if none are given."""
        resolution = 3
        if isinstance(content, dict) and kind == "fractional":
            resolution = content.get("resolution", 3)
            for key in content.keys() - {"resolution", "factors"}:
                words = unknown_name("key", key, ["resolution", "factors"])
                self.problems.add((*place, key), *words, key=True)
            content, place = content.get("factors"), (*place, "factors")
        if type(resolution) is not int or not 3 <= resolution <= 10:
            self.problems.add((*place[:-1], "resolution"), "expected a whole number from 3 to 10.")
            resolution = 3
        names = [] if content is None else content
        if not isinstance(names, list):
            self.problems.add(place, "expected a list of factors.")
            names = []
        factors = tuple(self.valid_factors(place, kind, names))
        return Design(kind=kind, factors=factors, resolution=resolution)

    def valid_factors(self, place: Place, kind: str, names: list[Any]) -> Iterator[str]:
        """Yield the valid names of factors, and check that the design can use them."""
        known = self.file.factors
        for i, name in enumerate(names):
            if name in known and name not in names[:i]:
                yield name
            elif name in known:
                self.problems.add((*place, i), f"the factor '{name}' is given twice.")
            else:
                self.problems.add((*place, i), *unknown_name("factor", name, known))
        for name in names or known:
            if kind == "fractional" and name in known and len(known[name]) != 2:
                self.problems.add(place, f"'{name}' has {len(known[name])} levels, not two.")

    def entries(self, place: Place, written: Any) -> Iterator[Entry]:
        """Read the variants of a list: names with the keys they set, `from` another variant."""
        if not isinstance(written, dict) or not written:
            self.problems.add(place, "expected a mapping of variants, each with the keys it sets.")
            return
        sets_so_far: dict[str, dict[str, Any]] = {"baseline": {}}
        for name, keys in written.items():
            at = (*place, name)
            if not isinstance(keys, dict):
                self.problems.add(at, "expected the keys that this variant sets.")
                continue
            sets = {key: value for key, value in keys.items() if key != "from"}
            start = keys.get("from", "baseline")
            if name == "baseline" or start not in sets_so_far:
                words = unknown_name("variant", start, sets_so_far)
                self.problems.add((*at, "from"), *words)
                continue
            sets_so_far[name] = {**sets_so_far[start], **sets}
            places: dict[str, Place] = {key: (*at, key) for key in sets_so_far[name]}
            self.problems.add_faults(self.file.baseline, sets_so_far[name], places or {"": at})
            yield Entry(name=name, sets=sets, start=None if start == "baseline" else start)


def check_exclude(file: StudyFile, factors: tuple[Factor, ...], problems: Problems) -> None:
    """Check that each exclusion names known factors and levels, or known keys."""
    by_name = {factor.name: factor for factor in factors}
    for i, rule in enumerate(file.exclude):
        if not rule:
            problems.add(("exclude", i), "expected at least one condition.")
        for name, value in rule.items():
            place: Place = ("exclude", i, name)
            if factor := by_name.get(name):
                known = [level.label for level in factor.levels]
                if label(value) not in known and not _is_level(factor, value):
                    problems.add(place, *unknown_name(f"level of {name}", value, known))
            elif name not in problems.known:
                problems.add(place, *unknown_name("factor or key", name, [*by_name]), key=True)


def _is_level(factor: Factor, value: Any) -> bool:
    return any(level.sets.get(factor.name) == value for level in factor.levels)
