"""From the settings of a trial to the options that build its data, network and training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cnn_ablate.data import DataSet
from cnn_ablate.models import ModelOptions
from cnn_ablate.optim import LossOptions, OptimizerOptions, ScheduleOptions
from cnn_ablate.schema import Settings, canonical
from cnn_ablate.settings.sections import TABLES, entry_of
from cnn_ablate.settings.setting_faults import validation_faults
from cnn_ablate.settings.training import Training


@dataclass(frozen=True)
class TrialOptions:
    """The options that the settings of a trial select, one per section."""

    data: DataSet
    model: ModelOptions
    optimizer: OptimizerOptions
    schedule: ScheduleOptions
    loss: LossOptions
    training: Training


def build_options(settings: Settings) -> TrialOptions:
    """Build the options of every section from the settings of a trial.

    Raises:
        UserError: user-defined code is missing, or has changed since.
    """
    return TrialOptions(**{section: options_of(section, settings[section]) for section in TABLES})


def options_of(section: str, values: Mapping[str, Any]) -> Any:
    """Build the options of one section; raises as `build_options`."""
    knobs = {key: value for key, value in values.items() if key != "name"}
    entry = entry_of(section, values.get("name", ""))
    try:
        return entry.model_validate(knobs)
    except ValidationError as error:
        raise validation_faults(section, entry, error)[0].as_error() from error


def images_key(section: Mapping[str, Any]) -> str:
    """Return a text that two `data` sections share if they read the same images.

    The settings that all data sets have (splitting, augmentation, normalisation) are left out.
    """
    return canonical({key: section[key] for key in section.keys() - DataSet.model_fields.keys()})
