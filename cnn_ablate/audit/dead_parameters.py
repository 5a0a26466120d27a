"""Parameters that no gradient reaches: built and counted, but never trained."""

from collections.abc import Iterator
from functools import cache

from cnn_ablate.audit.probe import learned
from cnn_ablate.audit.subject import Case, Net, Subject
from cnn_ablate.audit.words import grouped, listed, percent, variants
from cnn_ablate.custom import is_users
from cnn_ablate.models import find_dead
from cnn_ablate.schema import Finding, canonical

# More than this share of a network misleads those who count its parameters.
_MOST = 0.01


def dead_parameters(subject: Subject) -> Iterator[Finding]:
    """Find the modules whose parameters get no gradient, in evaluation and in training alike."""
    dead = {name: _dead(case) for name, case in subject.cases.items()}
    sizes = {name: subject.sizes[name].parameters for name in dead}
    for names in grouped((canonical([dead[n], sizes[n]]), n) for n in dead if dead[n]).values():
        yield _finding(dead[names[0]], sizes[names[0]], names)


def _dead(case: Case) -> dict[str, int]:
    found = _unreached(case.net)
    # A network of the user's may have a head that is called in training alone.
    if found and is_users(case.settings["model"]["name"]):
        return learned(case).dead
    return found


@cache
def _unreached(net: Net) -> dict[str, int]:
    return find_dead(net.options, net.shape, net.classes)


def _finding(dead: dict[str, int], parameters: int, names: list[str]) -> Finding:
    lost = sum(dead.values())
    where = listed(dead) if len(dead) < 4 else f"{len(dead)} modules"
    return Finding(
        kind="dead-parameters",
        severity="error" if lost > _MOST * parameters else "warning",
        where=names[0],
        message=(
            f"{lost:,} of {parameters:,} parameters ({percent(lost, parameters)}) in "
            f"{variants(names)} get no gradient and never learn: {where}. Use them, or leave them "
            "out and do not count them."
        ),
        data={"dead": lost, "parameters": parameters, "modules": dead, "variants": names},
    )
