"""Find variants whose networks cannot be built, called or trained; the others are run."""

from collections.abc import Iterator

from cnn_ablate.audit.probe import train_on_noise
from cnn_ablate.audit.subject import Subject
from cnn_ablate.custom import is_import_path
from cnn_ablate.errors import UserError
from cnn_ablate.schema import Finding, Variant, canonical


def find_untrainable(subject: Subject) -> dict[str, str]:
    """Return why some variants cannot be trained, by the text of their settings.

    Beside those that are known to fail, user-defined networks are trained for a few steps.
    """
    faults = dict(subject.untrainable)
    for case in subject.cases.values():
        if is_import_path(case.settings["model"]["name"]):
            try:
                train_on_noise(case)
            except UserError as fault:
                faults[case.key] = str(fault)
    return faults


def untrainable_variants(subject: Subject) -> Iterator[Finding]:
    """Find the variants of which all trials will fail, each with its level and the reason."""
    for variant in subject.plan.variants:
        if reason := subject.untrainable.get(canonical(variant.settings)):
            levels = _moved_levels(subject, variant)
            named = f" ({', '.join(f'{key} {label}' for key, label in levels.items())})"
            yield Finding(
                kind="cannot-train",
                severity="error",
                where=variant.name,
                message=(
                    f"Variant {variant.name}{named if levels else ''} cannot be trained: {reason} "
                    "Its trials fail; those of other variants are trained."
                ),
                data={"levels": levels, "reason": reason},
            )


def _moved_levels(subject: Subject, variant: Variant) -> dict[str, str]:
    """Return the levels of a variant that differ from those of the first one."""
    first = subject.plan.variants[0].levels
    return {key: label for key, label in variant.levels.items() if label != first[key]}
