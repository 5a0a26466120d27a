"""Find parameters that get no gradient: built and counted, but never trained."""

from collections.abc import Iterator
from functools import cache

from cnn_ablate.audit.phrases import variants
from cnn_ablate.audit.probe import train_on_noise
from cnn_ablate.audit.subject import Case, Network, Subject
from cnn_ablate.custom import is_import_path
from cnn_ablate.models import find_dead_parameters
from cnn_ablate.schema import Finding, canonical
from cnn_ablate.text import grouped, listed, percent

# A larger fraction of dead parameters makes the parameter count misleading: an error.
_MOST = 0.01


def dead_parameters(subject: Subject) -> Iterator[Finding]:
    """Find the modules whose parameters get no gradient, neither in evaluation nor in training."""
    dead = {name: _dead(case) for name, case in subject.cases.items()}
    sizes = {name: subject.sizes[name].parameters for name in dead}
    for names in grouped((canonical([dead[n], sizes[n]]), n) for n in dead if dead[n]).values():
        yield _finding(dead[names[0]], sizes[names[0]], names)


def _dead(case: Case) -> dict[str, int]:
    dead = _dead_in_evaluation(case.network)
    # A user-defined network may have a head that it calls only in training.
    if dead and is_import_path(case.settings["model"]["name"]):
        return train_on_noise(case).dead
    return dead


@cache
def _dead_in_evaluation(network: Network) -> dict[str, int]:
    return find_dead_parameters(network.options, network.shape, network.classes)


def _finding(dead: dict[str, int], parameters: int, names: list[str]) -> Finding:
    total = sum(dead.values())
    modules = listed(dead) if len(dead) < 4 else f"{len(dead)} modules"
    return Finding(
        kind="dead-parameters",
        severity="error" if total > _MOST * parameters else "warning",
        where=names[0],
        message=(
            f"{total:,} of {parameters:,} parameters ({percent(total / parameters)}) in "
            f"{variants(names)} get no gradient and never learn: {modules}. Use them, or remove "
            "them and do not count them."
        ),
        data={"dead": total, "parameters": parameters, "modules": dead, "variants": names},
    )
