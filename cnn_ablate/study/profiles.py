"""Profiles of a study: named overrides, and the built-in one that makes any study a smoke test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cnn_ablate.data import DATASETS, DataSet, KnownDataSet
from cnn_ablate.errors import UserError
from cnn_ablate.plan import matches
from cnn_ablate.schema import Plan
from cnn_ablate.study.file_model import (
    MOST_SEEDS,
    FewerSeeds,
    Looks,
    Seeds,
    StudyFile,
    folder_name_fault,
)
from cnn_ablate.study.problems import Problems, untagged
from cnn_ablate.study.source import Place
from cnn_ablate.value_errors import unknown_name

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
    seeds: tuple[int, ...] | Looks | None = None
    fewer_seeds: dict[str, int] | None = None
    caps: bool = False


def read_profiles(file: StudyFile, problems: Problems) -> dict[str, Profile]:
    """Read all profiles of a study, and add the built-in one; by name."""
    profiles = {key: _read(file, key, sets, problems) for key, sets in file.profiles.items()}
    if file.trainer is None:
        profiles["smoke"] = _smoke(file, _smoke_sets(file))
    elif "smoke" in profiles:
        profiles["smoke"] = _smoke(file, profiles["smoke"].sets, profiles["smoke"].seeds)
    for name in file.profiles:
        if fault := folder_name_fault(name):
            problems.add(("profiles", name), f"{fault}.", key=True)
    if "smoke" in file.profiles and file.trainer is None:
        problems.add(("profiles", "smoke"), "every study has a profile 'smoke' already.", key=True)
    return profiles


def _smoke(file: StudyFile, sets: dict[str, Any], seeds: Any = None) -> Profile:
    return Profile("smoke", sets, seeds or _seeds(file.seeds)[:2], {}, caps=True)


def select_profile(profiles: dict[str, Profile], name: str) -> Profile:
    """Return the profile of that name; without a name, one that changes nothing.

    Raises:
        UserError: the study has no such profile.
    """
    if name == "smoke" and name not in profiles:
        what = "the study does not say what a short training is."
        raise UserError("--smoke", what, "Add `profiles: {smoke: {epochs: 1}}` with its own keys.")
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
            problems.add_errors((*place, key), untagged(error)[:1], adapter.json_schema())
    return valid


def check_variants(
    places: Mapping[str, Place], plan: Plan, problems: Problems, *, keys: bool = True
) -> None:
    """Check that each name or pattern matches variants of a plan.

    Args:
        places: The place of each pattern in the file.
        plan: Of the study or of a profile.
        problems: Gets an error per pattern that matches none.
        keys: Whether the patterns are the keys at these places, and not the values.
    """
    names = [variant.name for variant in plan.variants]
    for pattern, place in places.items():
        if not any(matches(name, pattern) for name in names):
            problems.add(place, *unknown_name("variant", pattern, names), key=keys)


def check_looks(file: StudyFile, profiles: Mapping[str, Profile], problems: Problems) -> None:
    """Refuse looks beside fewer seeds of some variants: the looks say which get more."""
    places: dict[str, Place] = {"": (), **{name: ("profiles", name) for name in file.profiles}}
    for name, place in places.items():
        profile = profiles.get(name, Profile())
        chosen = select_seeds(file, profile, None)
        if chosen["looks"] and chosen["fewer_seeds"]:
            key = "fewer_seeds" if profile.fewer_seeds or not name else "seeds"
            what = "'looks' decide which variants get more seeds: leave 'fewer_seeds' out."
            problems.add((*place, key), what, key=True)


def select_seeds(file: StudyFile, profile: Profile, count: int | None) -> dict[str, Any]:
    """Return the fields of a study about seeds, from its file or a profile.

    A `count` (`--seeds`) takes the place of the seeds and of the looks.

    Raises:
        UserError: the count is too large.
    """
    if count is not None and count > MOST_SEEDS:
        raise UserError(f"--seeds {count}", f"expected at most {MOST_SEEDS:,} seeds.")
    written = profile.seeds or file.seeds
    seeds = _seeds(written)
    looks = written if isinstance(written, Looks) and count is None else None
    if count is not None:
        further = range(max(seeds) + 1, max(seeds) + 1 + count)
        seeds = (*seeds, *further)[:count]
    fewer = file.fewer_seeds if profile.fewer_seeds is None else profile.fewer_seeds
    spending = {"looks": looks.looks, "error": looks.error} if looks else {"looks": ()}
    return {"seeds": seeds, "fewer_seeds": fewer, **spending}


def _seeds(written: tuple[int, ...] | Looks) -> tuple[int, ...]:
    return written.seeds if isinstance(written, Looks) else written
