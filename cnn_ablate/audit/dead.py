"""Parameters that no gradient reaches: built and counted, but never trained."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from cnn_ablate.audit.probe import learned
from cnn_ablate.audit.subject import Case, Net, Subject
from cnn_ablate.audit.words import listed, percent, variants
from cnn_ablate.models import find_dead, size
from cnn_ablate.schema import Finding, canonical
from cnn_ablate.users import is_users

# More than this share of a network misleads those who count its parameters.
_MOST = 0.01


def dead_parameters(subject: Subject) -> Iterator[Finding]:
    """Find the modules whose parameters get no gradient, in evaluation and in training alike."""
    modules: dict[str, dict[str, int]] = {}
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, case in subject.cases.items():
        if dead := _dead(case):
            modules[canonical(dead)] = dead
            names[canonical(dead)].append(name)
    for key, dead in modules.items():
        yield _finding(subject, dead, names[key])


def _dead(case: Case) -> dict[str, int]:
    found = _unreached(case.net)
    # A network of the user's may have a head that is called in training alone.
    if found and is_users(case.settings["model"]["name"]):
        return learned(case).dead
    return found


@cache
def _unreached(net: Net) -> dict[str, int]:
    return find_dead(net.options, net.shape, net.classes)


def _finding(subject: Subject, dead: dict[str, int], names: list[str]) -> Finding:
    case = subject.cases[names[0]]
    parameters = size(case.net.options, case.shape, case.classes).parameters
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
