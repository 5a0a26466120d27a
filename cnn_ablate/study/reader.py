"""Read a study file whole, or say everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnn_ablate.custom import look_in
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name, explain_error
from cnn_ablate.plan import plan
from cnn_ablate.schema import Plan, Study, looked_up, replaced
from cnn_ablate.settings import TABLES, Keys, resolve, resolve_with_faults
from cnn_ablate.study.claims import check_claims, read_claims
from cnn_ablate.study.designs import check_exclude, read_designs
from cnn_ablate.study.factors import read_factors
from cnn_ablate.study.file import StudyFile
from cnn_ablate.study.problems import Problems, unknown_key
from cnn_ablate.study.profiles import (
    Profile,
    check_fewer_seeds,
    chosen,
    chosen_seeds,
    read_profiles,
)
from cnn_ablate.study.source import load, parse


@dataclass(frozen=True)
class Changes:
    """What the command line changes of a study: profile, `key=value` settings, number of seeds."""

    profile: str = ""
    sets: Sequence[str] = ()
    seeds: int | None = None


def read(path: Path, changes: Changes | None = None) -> Study:
    """Read and check a study.

    Raises:
        ExceptionGroup: of UserErrors, in the order of the file.
        UserError: the file cannot be read, or is no YAML; the command line's changes do not fit.
    """
    changes = changes or Changes()
    look_in(path.parent)
    problems = Problems(load(path))
    file = _file(problems)
    factors = read_factors(file, problems)
    designs = read_designs(file, factors, problems)
    check_exclude(file, factors, problems)
    claims = read_claims(file, factors, problems)
    profiles = read_profiles(file, problems)
    problems.raise_all()
    profile = chosen(profiles, changes.profile)
    study = Study(
        name=file.study,
        title=file.title,
        paper=file.paper,
        source=str(path),
        written=file.baseline,
        baseline=resolve(file.baseline),
        factors=factors,
        designs=designs,
        exclude=tuple(file.exclude),
        seeds=chosen_seeds(file, profile, changes.seeds),
        fewer_seeds=file.fewer_seeds if profile.fewer_seeds is None else profile.fewer_seeds,
        claims=claims,
        model_limit=file.model_limit,
        assumptions=tuple(file.assumptions),
    )
    _check_variants(study, file, profiles, problems)
    problems.raise_all()
    return _changed(study, profile, _parsed(changes.sets, problems.known))


def _check_variants(
    study: Study, file: StudyFile, profiles: Mapping[str, Profile], problems: Problems
) -> None:
    """Check all names of variants, each against the plan that it speaks of."""
    if file.fewer_seeds or any(claim.variant or claim.reference for claim in study.claims):
        layout = _layout(study)
        check_claims(study.claims, layout, problems)
        check_fewer_seeds(file.fewer_seeds, layout, (), problems)
    for name, profile in profiles.items():
        if profile.fewer_seeds:
            layout = _layout(_changed(study, profile, {}))
            check_fewer_seeds(profile.fewer_seeds, layout, ("profiles", name), problems)


def _layout(study: Study) -> Plan:
    return plan(study.model_copy(update={"seeds": (0,)}), resolve)


def _file(problems: Problems) -> StudyFile:
    """Check the top level and the baseline."""
    file = _top_level(problems.source.values, problems)
    for section in file.baseline:
        if section not in TABLES:
            problems.add(("baseline", section), *unknown_name("section", section, TABLES), key=True)
    for fault in resolve_with_faults(file.baseline, problems.known)[1]:
        problems.add(("baseline", *fault.place), fault.what, fault.hint, key=fault.of_key)
    return file


def _top_level(values: Any, problems: Problems) -> StudyFile:
    """Check the shapes; go on without the keys that are wrong, to find what else is."""
    try:
        return StudyFile.model_validate(values)
    except ValidationError as error:
        schema = StudyFile.model_json_schema()
        for detail in error.errors():
            of_key = detail["type"] == "extra_forbidden"
            problems.add(detail["loc"], *explain_error(detail, schema), key=of_key)
        bad = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
        if not bad or bad & {"study", "baseline"}:
            problems.raise_all()
        return _top_level({k: v for k, v in values.items() if k not in bad}, problems)


def _changed(study: Study, profile: Profile, sets: dict[str, Any]) -> Study:
    """Apply a profile and the command line's settings."""
    forced = {**profile.sets, **sets}
    written = replaced(study.written, forced)
    return study.model_copy(
        update={
            "profile": profile.name,
            "written": written,
            "baseline": resolve(written),
            "forced": forced,
            "caps": profile.caps,
            "before": {key: looked_up(study.written, key) for key in forced},
        }
    )


def _parsed(sets: Sequence[str], known: Keys) -> dict[str, Any]:
    """Read `key=value` pairs; the value is YAML."""
    pairs: dict[str, Any] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set {text}", "expected key=value.")
        if key not in known:
            raise UserError(f"--set {text}", *unknown_key(key, known))
        pairs[key] = parse(f"--set {text}", value).values
    return pairs
