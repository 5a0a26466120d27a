"""The sections of a baseline: the table of each, and its default entry."""

from collections.abc import Callable, Mapping

from cnn_ablate.custom import is_import_path
from cnn_ablate.data import DATASETS, user_data_options
from cnn_ablate.models import MODELS, named_model_options
from cnn_ablate.optim import LOSSES, OPTIMIZERS, SCHEDULES
from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY
from cnn_ablate.settings.training import Training

# Section: its table; `training` has a single entry without a name.
TABLES: dict[str, Mapping[str, type[Options]]] = {
    "data": DATASETS,
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "training": {"": Training},
}

# Sections whose name may be the import path of user-defined code, or a network of a library.
CUSTOM: dict[str, Callable[[str], type[Options]]] = {
    "data": user_data_options,
    "model": named_model_options,
}

# The entry of a section that names none.
DEFAULT_NAMES = {"optimizer": "sgd", "schedule": "constant", "loss": "cross_entropy"}


def entry_of(section: str, name: str) -> type[Options]:
    """Return the options class that a name selects in a section.

    Raises:
        KeyError: the section's table has no such name.
        UserError: user-defined code cannot be imported.
    """
    if section in CUSTOM and is_import_path(name):
        return CUSTOM[section](name)
    return TABLES[section][name]


def knobs_of(*entries: type[Options]) -> list[str]:
    """Return the knobs that at least one of these entries has, each once."""
    knobs = (knob for entry in entries for knob in entry.model_fields)
    return list(dict.fromkeys(knob for knob in knobs if knob != SOURCE_KEY))
