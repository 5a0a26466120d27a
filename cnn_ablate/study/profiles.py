"""Named overrides of a study, and the built-in one that shrinks any study to a smoke test."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cnn_ablate.data import DATASETS, DataSet, KnownDataSet
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name, explain_error
from cnn_ablate.plan import matches
from cnn_ablate.schema import Plan
from cnn_ablate.study.file import FewerSeeds, Seeds, StudyFile, not_a_folder
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place

SMOKE: dict[str, Any] = {"data.subset": 64, "data.test_subset": 50, "training.epochs": 1}
# Published data may not be here yet; what is embedded stands for them.
EMBEDDED: dict[str, Any] = {"data.name": "fashion_mnist_sample", "data.normalize": "fashion_mnist"}


SEEDS: dict[str, Any] = {"seeds": Seeds, "fewer_seeds": FewerSeeds}
"""What a profile replaces beside settings, and of which type."""


@dataclass(frozen=True)
class Profile:
    """What a profile overrides; a capping one holds even where a factor says otherwise."""

    name: str = ""
    sets: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] | None = None
    fewer_seeds: dict[str, int] | None = None
    caps: bool = False


def read_profiles(file: StudyFile, problems: Problems) -> dict[str, Profile]:
    """Read all profiles of a study, with the built-in one, by name."""
    known = {key: _read(file, key, sets, problems) for key, sets in file.profiles.items()}
    known["smoke"] = Profile("smoke", _smoke(file), file.seeds[:2], {}, caps=True)
    for profile in file.profiles:
        if fault := not_a_folder(profile):
            problems.add(("profiles", profile), f"{fault}.", key=True)
    if "smoke" in file.profiles:
        problems.add(("profiles", "smoke"), "every study has a profile 'smoke' already.", key=True)
    return known


def chosen(known: dict[str, Profile], name: str) -> Profile:
    """Give the profile of a name, or one that changes nothing.

    Raises:
        UserError: the study has no such profile.
    """
    if name and name not in known:
        raise UserError(f"--profile {name}", *unknown_name("profile", name, known))
    return known[name] if name else Profile()


def _smoke(file: StudyFile) -> dict[str, Any]:
    """Shrink a study; data of the user's own are kept, as networks may be made for them."""
    data = DATASETS.get(str(file.baseline.get("data", {}).get("name")), DataSet)
    return {**EMBEDDED, **SMOKE} if issubclass(data, KnownDataSet) else SMOKE


def _read(file: StudyFile, name: str, written: dict[str, Any], problems: Problems) -> Profile:
    place = ("profiles", name)
    sets = {key: value for key, value in written.items() if key not in SEEDS}
    problems.add_faults(file.baseline, sets, {key: (*place, key) for key in sets} or {"": place})
    kept = {key: written[key] for key in SEEDS if key in written}
    return Profile(name, sets, **_checked(place, kept, problems))


def _checked(place: Place, written: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """Give what is right of what a profile says of seeds."""
    right: dict[str, Any] = {}
    for key, value in written.items():
        adapter: TypeAdapter[Any] = TypeAdapter(SEEDS[key])
        try:
            right[key] = adapter.validate_python(value)
        except ValidationError as error:
            fault = error.errors()[0]
            problems.add((*place, key, *fault["loc"]), *explain_error(fault, adapter.json_schema()))
    return right


def check_fewer_seeds(fewer: Iterable[str], layout: Plan, place: Place, problems: Problems) -> None:
    """Check that each name or pattern under `fewer_seeds` at a place names variants of the plan."""
    names = [variant.name for variant in layout.variants]
    for pattern in fewer:
        if not any(matches(name, pattern) for name in names):
            where = (*place, "fewer_seeds", pattern)
            problems.add(where, *unknown_name("variant", pattern, names), key=True)


def chosen_seeds(file: StudyFile, profile: Profile, count: int | None) -> tuple[int, ...]:
    """Give the study's seeds, the profile's, or as many as the command line asks for."""
    seeds = profile.seeds or file.seeds
    if count is None:
        return seeds
    further = range(max(seeds) + 1, max(seeds) + 1 + count)
    return (*seeds, *further)[:count]
