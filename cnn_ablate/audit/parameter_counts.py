"""Check parameter counts against the limit of the study and the claims of its paper."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from torch import nn

from cnn_ablate.audit.subject import Subject
from cnn_ablate.metrics import metric_of
from cnn_ablate.models import find_dead_parameters
from cnn_ablate.plan import NotInPlanError, claimed_variant
from cnn_ablate.schema import Claim, Finding, label
from cnn_ablate.stats import printed
from cnn_ablate.text import count, listed, some


def parameter_budget(subject: Subject) -> Iterator[Finding]:
    """Find the variants with more parameters than the study allows."""
    limit = subject.study.model_limit
    over = {
        name: s.parameters for name, s in subject.sizes.items() if limit and s.parameters > limit
    }
    if not limit or not over:
        return
    excess = [f"{name} has {n:,} ({n - limit:,} too many)" for name, n in over.items()]
    yield Finding(
        kind="parameter-budget",
        severity="error",
        where=", ".join(over),
        message=(
            f"{len(over)} of {count(len(subject.sizes), 'variant')} exceed the limit of {limit:,} "
            f"parameters: {some(excess, most=6)}."
        ),
        data={"limit": limit, "variants": over},
    )


def parameter_claims(subject: Subject) -> Iterator[Finding]:
    """Find claimed parameter counts, or limits, that differ from those of the variant.

    There are none if a profile or the command line changed the network or its images.
    """
    if any(key.startswith(("model.", "data.name")) for key in subject.study.forced):
        return
    for claim in subject.study.claims:
        if claim.metric == "parameters" and claim.value is not None and not claim.compares:
            with suppress(NotInPlanError):
                name = claimed_variant(subject.plan, claim)
                if name in subject.sizes and (finding := _claim(subject, claim, name)):
                    yield finding


def _claim(subject: Subject, claim: Claim, name: str) -> Finding | None:
    real = subject.sizes[name].parameters
    low, high = claim.bounds
    claimed = round(min(max(real, low), high))  # of a range the nearest end
    more = real - claimed
    kept = {"lower": more <= 0, "higher": more >= 0}.get(claim.effect or "", False)
    if kept or (not claim.effect and abs(more) <= claim.rounding):
        return None
    much = f"{abs(more):,} {'more' if more > 0 else 'fewer'}"
    explained = "" if claim.effect else _explained(subject, name, claimed, more)
    bound = {"lower": "at most ", "higher": "at least "}.get(claim.effect or "", "")
    stated = printed(claim, metric_of(subject.study, claim))
    return Finding(
        kind="parameter-claim",
        severity="error",
        where=claim.id,
        message=(
            f"Claim {claim.id} states {bound}{stated} parameters for variant {name}, which "
            f"has {real:,}, {much}{explained}."
        ),
        data={"claim": claim.id, "variant": name, "claimed": claimed, "parameters": real},
    )


def _explained(subject: Subject, name: str, claimed: int, more: int) -> str:
    """Return a phrase with what accounts exactly for the difference, if something does."""
    others = {
        other: _differences(subject, name, other)
        for other, size in subject.sizes.items()
        if size.parameters == claimed
    }
    if others:
        other, differences = min(others.items(), key=lambda item: len(item[1]))
        settings = f", with {listed(differences)}" if len(differences) < 4 else ""
        return f"; {claimed:,} is what {other} has{settings}"
    case = subject.cases.get(name)
    if case is None or more < 0:
        return ""
    network = case.network.options.build(case.shape, case.classes)
    dead = sum(find_dead_parameters(case.network.options, case.shape, case.classes).values())
    counts = {**_count_parts(network), "all parameters without a gradient": dead}
    part = next((part for part, n in counts.items() if n == more), "")
    return f": the claim leaves out {part}" if part else ""


def _differences(subject: Subject, name: str, other: str) -> list[str]:
    """Return the settings in which the network of another variant differs."""
    settings = {variant.name: variant.settings["model"] for variant in subject.plan.variants}
    ours, theirs = settings[name], settings[other]
    return [
        f"model.{key} {label(value)} instead of {label(ours.get(key))}"
        for key, value in theirs.items()
        if value != ours.get(key)
    ]


def _count_parts(network: nn.Module) -> Counter[str]:
    """Count the parameters of each module, of all modules and of all parameters of one name."""
    counts = Counter[str]()
    for name, module in network.named_modules():
        number = sum(weight.numel() for weight in module.parameters())
        counts[name] = number
        counts[f"all {name.rpartition('.')[2]}"] += number
    for name, weight in network.named_parameters():
        counts[f"all parameters called {name.rpartition('.')[2]}"] += weight.numel()
    return counts
