"""The metrics of a study file: the one that effects are in, others, and what is said of them."""

import re
from typing import Any

from cnn_ablate.external import RESERVED_COLUMNS
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import Metric
from cnn_ablate.study.file_model import DeclaredMetric, StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place
from cnn_ablate.value_errors import unknown_name

_LEADING = {name: known.metric for name, known in KNOWN_METRICS.items() if known.may_lead}


def read_metrics(file: StudyFile, problems: Problems, *, own: bool = False) -> dict[str, Any]:
    """Read the metrics of a study file.

    Args:
        file: The study file.
        problems: Gets an error per metric that is unknown or contradicts its definition.
        own: Whether trials may have numbers of their own, as those of external trainers.

    Returns:
        The fields `metric`, `also` and `declared` of the study.
    """
    declared = {
        name: metric
        for name, written in file.metrics.items()
        if (metric := _declared(name, written, problems, own=own))
    }
    known = {**_LEADING, **declared}
    # What is declared in error is known all the same: one error is enough.
    accepted = {*known, *file.metrics}
    named: dict[Place, str] = {("metric",): file.metric}
    named |= {("also", i): name for i, name in enumerate(file.also)}
    for place, name in named.items():
        if name not in accepted:
            what, hint = unknown_name("metric", name, accepted)
            describe = f"Describe it: `metrics: {{{name}: {{better: higher}}}}`. " if own else ""
            problems.add(place, what, f"{describe}{hint}")
        elif name in [*named.values()][: [*named].index(place)]:
            problems.add(place, f"'{name}' is named twice.")
    return {
        "metric": known.get(file.metric, _LEADING["test_accuracy"]),
        "also": tuple(known[name] for name in file.also if name in known),
        "declared": tuple(declared.values()),
    }


def _declared(
    name: str, written: DeclaredMetric, problems: Problems, *, own: bool
) -> Metric | None:
    """Return a metric as declared; None after adding an error."""
    place: Place = ("metrics", name)
    said = written.model_dump(exclude_none=True)
    if name in KNOWN_METRICS:
        known = KNOWN_METRICS[name].metric
        for key in ("better", "unit"):
            if key in said and said[key] != getattr(known, key):
                stated = getattr(known, key) or "neither"
                problems.add((*place, key), f"{name} is defined, with {key} '{stated}'.")
        return known.model_copy(update={**said, "better": known.better, "unit": known.unit})
    if not own:
        hint = "Own metrics are those that a user's training script writes."
        problems.add(place, unknown_name("metric", name, KNOWN_METRICS)[0], hint, key=True)
    elif name in RESERVED_COLUMNS or not re.fullmatch(r"\w[\w./@-]*", name):
        problems.add(place, f"'{name}' cannot be the name of a metric: a column has it.", key=True)
    elif written.better is None:
        problems.add(place, "the key 'better' is missing.", "Write `higher` or `lower`.", key=True)
    else:
        return Metric(name=name, **{"label": name.replace("_", " "), **said})
    return None
