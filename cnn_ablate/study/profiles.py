"""Profiles of a study: named overrides, and the built-in one that makes any study a smoke test."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cnn_ablate.data import DATASETS, DataSet, KnownDataSet
from cnn_ablate.errors import UserError
from cnn_ablate.messages import explain_error, unknown_name
from cnn_ablate.plan import matches
from cnn_ablate.schema import Plan
from cnn_ablate.study.file_model import FewerSeeds, Seeds, StudyFile, folder_name_fault
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place

SMOKE: dict[str, Any] = {"data.subset": 64, "data.test_subset": 50, "training.epochs": 1}
# Published data may not have been downloaded yet; the embedded sample replaces them.
EMBEDDED: dict[str, Any] = {"data.name": "fashion_mnist_sample", "data.normalize": "fashion_mnist"}

SEEDS: dict[str, Any] = {"seeds": Seeds, "fewer_seeds": FewerSeeds}
"""The keys other than settings that a profile may replace, with their types."""


@dataclass(frozen=True)
class Profile:
    """The overrides of a profile; if it caps, they also replace what factors set."""

    name: str = ""
    sets: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] | None = None
    fewer_seeds: dict[str, int] | None = None
    caps: bool = False


def read_profiles(file: StudyFile, problems: Problems) -> dict[str, Profile]:
    """Read all profiles of a study, and add the built-in one; by name."""
    profiles = {key: _read(file, key, sets, problems) for key, sets in file.profiles.items()}
    profiles["smoke"] = Profile("smoke", _smoke_sets(file), file.seeds[:2], {}, caps=True)
    for name in file.profiles:
        if fault := folder_name_fault(name):
            problems.add(("profiles", name), f"{fault}.", key=True)
    if "smoke" in file.profiles:
        problems.add(("profiles", "smoke"), "every study has a profile 'smoke' already.", key=True)
    return profiles


def select_profile(profiles: dict[str, Profile], name: str) -> Profile:
    """Return the profile of that name; without a name, one that changes nothing.

    Raises:
        UserError: the study has no such profile.
    """
    if name and name not in profiles:
        raise UserError(f"--profile {name}", *unknown_name("profile", name, profiles))
    return profiles[name] if name else Profile()


def _smoke_sets(file: StudyFile) -> dict[str, Any]:
    # The user's own data are kept: networks may be made for their shape and classes.
    data = DATASETS.get(str(file.baseline.get("data", {}).get("name")), DataSet)
    return {**EMBEDDED, **SMOKE} if issubclass(data, KnownDataSet) else SMOKE


def _read(file: StudyFile, name: str, written: dict[str, Any], problems: Problems) -> Profile:
    place = ("profiles", name)
    sets = {key: value for key, value in written.items() if key not in SEEDS}
    problems.add_faults(file.baseline, sets, {key: (*place, key) for key in sets} or {"": place})
    seeds = {key: written[key] for key in SEEDS if key in written}
    return Profile(name, sets, **_valid_seeds(place, seeds, problems))


def _valid_seeds(place: Place, written: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """Return the valid ones among the seed keys of a profile."""
    valid: dict[str, Any] = {}
    for key, value in written.items():
        adapter: TypeAdapter[Any] = TypeAdapter(SEEDS[key])
        try:
            valid[key] = adapter.validate_python(value)
        except ValidationError as error:
            detail = error.errors()[0]
            words = explain_error(detail, adapter.json_schema())
            problems.add((*place, key, *detail["loc"]), *words)
    return valid


def check_fewer_seeds(fewer: Iterable[str], plan: Plan, place: Place, problems: Problems) -> None:
    """Check that each name or pattern under `fewer_seeds` at a place matches variants of a plan."""
    names = [variant.name for variant in plan.variants]
    for pattern in fewer:
        if not any(matches(name, pattern) for name in names):
            where = (*place, "fewer_seeds", pattern)
            problems.add(where, *unknown_name("variant", pattern, names), key=True)


def select_seeds(file: StudyFile, profile: Profile, count: int | None) -> dict[str, Any]:
    """Return `seeds` and `fewer_seeds` of the study or its profile; `--seeds` gives the count."""
    seeds = profile.seeds or file.seeds
    if count is not None:
        further = range(max(seeds) + 1, max(seeds) + 1 + count)
        seeds = (*seeds, *further)[:count]
    fewer = file.fewer_seeds if profile.fewer_seeds is None else profile.fewer_seeds
    return {"seeds": seeds, "fewer_seeds": fewer}
