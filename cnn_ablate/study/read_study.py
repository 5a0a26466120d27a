"""Read and check a whole study file: YAML -> `Study`, or every error in it at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnn_ablate.custom import user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.schema import Study, value_at, with_overrides
from cnn_ablate.settings import TABLES, resolve_with_faults, resolver
from cnn_ablate.study.claims import check_claims, read_claims
from cnn_ablate.study.declared_metrics import read_metrics
from cnn_ablate.study.designs import check_exclude, read_designs
from cnn_ablate.study.external_trainer import check_factors, read_trainer, with_sections
from cnn_ablate.study.factors import read_factors
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems, unknown_key
from cnn_ablate.study.profiles import (
    Profile,
    check_looks,
    check_variants,
    read_profiles,
    select_profile,
    select_seeds,
)
from cnn_ablate.study.size_limits import check_points, excess_of_trials, plan_one_seed
from cnn_ablate.study.source import Place, load, parse
from cnn_ablate.value_errors import unknown_name


@dataclass(frozen=True)
class Changes:
    """What the command line changes: the profile, `key=value` settings, the number of seeds."""

    profile: str = ""
    sets: Sequence[str] = ()
    seeds: int | None = None


def read_study(path: Path, changes: Changes | None = None) -> Study:
    """Read and check a study file, and apply the changes of the command line.

    Raises:
        ExceptionGroup: of UserErrors, in the order of the file.
        UserError: the file cannot be read or is not YAML, or the changes do not fit the study.
    """
    changes = changes or Changes()
    with user_code_folder(path.parent):
        problems = Problems(load(path))
        file = _read_file(problems)
        profiles = read_profiles(file, problems)
        study = _build_study(path, file, problems)
        profile = select_profile(profiles, changes.profile)
        check_looks(file, profiles, problems)
        check_points(study, problems)
        _check_variant_names(study, file, profiles, problems)
        problems.raise_all()
        seeded = study.model_copy(update=select_seeds(file, profile, changes.seeds))
        changed = _with_settings(seeded, profile, _parse_sets(changes.sets, problems))
        if excess := excess_of_trials(changed):
            hint = "Use fewer seeds, or name fewer factors in the design."
            if changes.seeds:
                raise UserError(f"--seeds {changes.seeds}", excess, hint)
            in_profile = ("profiles", profile.name) if profile.seeds else ()
            problems.add((*in_profile, "seeds"), excess, hint)
        problems.raise_all()
        return changed


def _build_study(path: Path, file: StudyFile, problems: Problems) -> Study:
    """Build the study as its file declares it, once all parts are known to be valid."""
    trainer = read_trainer(file, problems)
    factors = read_factors(file, problems)
    check_factors(trainer, factors, problems)
    designs = read_designs(file, factors, problems)
    check_exclude(file, factors, problems)
    metrics = read_metrics(file, problems, own=trainer is not None)
    claims = read_claims(file, factors, metrics["declared"], problems)
    problems.raise_all()
    return Study(
        name=file.study,
        title=file.title,
        paper=file.paper,
        source=str(path),
        trainer=trainer,
        written=file.baseline,
        baseline=resolver(trainer)(file.baseline),
        factors=factors,
        designs=designs,
        exclude=tuple(file.exclude),
        primary=file.primary,
        **metrics,
        claims=claims,
        model_limit=file.model_limit,
        assumptions=tuple(file.assumptions),
    )


def _check_variant_names(
    study: Study, file: StudyFile, profiles: Mapping[str, Profile], problems: Problems
) -> None:
    """Check each name of a variant against the plan of the study, or of the profile."""
    named = any(claim.variant or claim.reference for claim in study.claims)
    if file.fewer_seeds or file.primary or named:
        full = plan_one_seed(study)
        check_claims(study.claims, full, problems)
        check_variants({p: ("fewer_seeds", p) for p in file.fewer_seeds}, full, problems)
        primary: dict[str, Place] = {p: ("primary", i) for i, p in enumerate(file.primary)}
        check_variants(primary, full, problems, keys=False)
    for name, profile in profiles.items():
        if profile.fewer_seeds:
            profiled = plan_one_seed(_with_settings(study, profile, {}))
            at = ("profiles", name, "fewer_seeds")
            check_variants({p: (*at, p) for p in profile.fewer_seeds}, profiled, problems)


def _read_file(problems: Problems) -> StudyFile:
    """Check the top level and the baseline."""
    file = _read_top_level(with_sections(problems.source.values), problems)
    if problems.is_free:
        return file
    for section in file.baseline:
        if section not in TABLES:
            place = ("baseline", section)
            problems.add(place, *unknown_name("section", section, TABLES), key=True)
    for fault in resolve_with_faults(file.baseline, problems.known)[1]:
        problems.add(("baseline", *fault.place), fault.what, fault.hint, key=fault.of_key)
    return file


def _read_top_level(values: Any, problems: Problems) -> StudyFile:
    """Validate the top level; drop invalid keys and go on, to find all other errors too."""
    try:
        return StudyFile.model_validate(values)
    except ValidationError as error:
        problems.add_validation((), error, StudyFile)
        invalid = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
        if not invalid or invalid & {"study", "baseline"}:
            problems.raise_all()
        valid = {key: value for key, value in values.items() if key not in invalid}
        return _read_top_level(valid, problems)


def _with_settings(study: Study, profile: Profile, sets: dict[str, Any]) -> Study:
    """Apply the settings of a profile and of the command line."""
    forced = {**profile.sets, **sets}
    written = with_overrides(study.written, forced)
    return study.model_copy(
        update={
            "profile": profile.name,
            "written": written,
            "baseline": resolver(study.trainer)(written),
            "forced": forced,
            "caps": profile.caps,
            "before": {key: value_at(study.written, key) for key in forced},
        }
    )


def _parse_sets(sets: Sequence[str], problems: Problems) -> dict[str, Any]:
    """Parse `key=value` pairs; the value is YAML."""
    pairs: dict[str, Any] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set {text}", "expected key=value.")
        if key not in problems.known:
            words = unknown_key(key, problems.known, free=problems.is_free)
            raise UserError(f"--set {text}", *words)
        pairs[key] = parse(f"--set {text}", value).values
    return pairs
