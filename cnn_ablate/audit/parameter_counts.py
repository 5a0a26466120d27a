"""Numbers of parameters: those that a study allows, and those that its paper states."""

from collections import Counter
from collections.abc import Iterator

from torch import nn

from cnn_ablate.audit.published import rounding
from cnn_ablate.audit.sides import spoken_of
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import count, listed, some
from cnn_ablate.models import find_dead
from cnn_ablate.schema import Claim, Finding, label


def parameter_budget(subject: Subject) -> Iterator[Finding]:
    """Find the variants with more parameters than the study allows."""
    limit = subject.study.model_limit
    over = {
        name: s.parameters for name, s in subject.sizes.items() if limit and s.parameters > limit
    }
    if not limit or not over:
        return
    said = [f"{name} has {n:,} ({n - limit:,} too many)" for name, n in over.items()]
    yield Finding(
        kind="parameter-budget",
        severity="error",
        where=", ".join(over),
        message=(
            f"{len(over)} of {count(len(subject.sizes), 'variant')} break the limit of {limit:,} "
            f"parameters: {some(said, most=6)}."
        ),
        data={"limit": limit, "variants": over},
    )


def parameter_claims(subject: Subject) -> Iterator[Finding]:
    """Find claimed numbers of parameters, or limits to them, that a variant does not have.

    Not where a profile or the command line changed the network or its images.
    """
    if any(key.startswith(("model.", "data.name")) for key in subject.study.forced):
        return
    for claim in subject.study.claims:
        if claim.metric == "parameters" and claim.value is not None and not claim.compares:
            name = spoken_of(subject.plan, claim)
            if name in subject.sizes and (found := _claim(subject, claim, name)):
                yield found


def _claim(subject: Subject, claim: Claim, name: str) -> Finding | None:
    claimed, real = int(claim.value or 0), subject.sizes[name].parameters
    more = real - claimed
    kept = {"lower": more <= 0, "higher": more >= 0}.get(claim.effect or "", False)
    if kept or (not claim.effect and abs(more) <= rounding(claim)):
        return None
    much = f"{abs(more):,} {'more' if more > 0 else 'fewer'}"
    explained = "" if claim.effect else _explained(subject, name, claimed, more)
    bound = {"lower": "at most ", "higher": "at least "}.get(claim.effect or "", "")
    return Finding(
        kind="parameter-claim",
        severity="error",
        where=claim.id,
        message=(
            f"Claim {claim.id} gives {bound}{claimed:,} parameters to variant {name}, which has "
            f"{real:,}, {much}{explained}."
        ),
        data={"claim": claim.id, "variant": name, "claimed": claimed, "parameters": real},
    )


def _explained(subject: Subject, name: str, claimed: int, more: int) -> str:
    """Say what just accounts for the difference, if something does."""
    others = {
        other: _unlike(subject, name, other)
        for other, size in subject.sizes.items()
        if size.parameters == claimed
    }
    if others:
        other, unlike = min(others.items(), key=lambda item: len(item[1]))
        with_it = f", with {listed(unlike)}" if len(unlike) < 4 else ""
        return f"; {claimed:,} is what {other} has{with_it}"
    case = subject.cases.get(name)
    if case is None or more < 0:
        return ""
    network = case.net.options.build(case.shape, case.classes)
    dead = sum(find_dead(case.net.options, case.shape, case.classes).values())
    parts = {**_parts(network), "all that no gradient reaches": dead}
    found = next((part for part, n in parts.items() if n == more), "")
    return f": the number leaves out {found}" if found else ""


def _unlike(subject: Subject, name: str, other: str) -> list[str]:
    """Say in what another variant's network differs."""
    settings = {variant.name: variant.settings["model"] for variant in subject.plan.variants}
    ours, theirs = settings[name], settings[other]
    return [
        f"model.{key} {label(value)} instead of {label(ours.get(key))}"
        for key, value in theirs.items()
        if value != ours.get(key)
    ]


def _parts(network: nn.Module) -> Counter[str]:
    """Count each module, all modules of one name, and all parameters of one name."""
    parts = Counter[str]()
    for name, module in network.named_modules():
        own = sum(weight.numel() for weight in module.parameters())
        parts[name] = own
        parts[f"all {name.rpartition('.')[2]}"] += own
    for name, weight in network.named_parameters():
        parts[f"all parameters called {name.rpartition('.')[2]}"] += weight.numel()
    return parts
