"""Settings of a study: the names and knobs of each section, their defaults and canonical form."""

from cnn_ablate.settings.free_settings import (
    by_key,
    free_keys,
    identifier,
    nested,
    resolver,
    sections,
)
from cnn_ablate.settings.keys import Keys, known_keys
from cnn_ablate.settings.resolve import identity, resolve, resolve_with_faults
from cnn_ablate.settings.sections import CUSTOM, DEFAULT_NAMES, TABLES, entry_of
from cnn_ablate.settings.setting_faults import SettingFault
from cnn_ablate.settings.training import Training
from cnn_ablate.settings.trial_options import TrialOptions, build_options, images_key, options_of

__all__ = [
    "CUSTOM",
    "DEFAULT_NAMES",
    "TABLES",
    "Keys",
    "SettingFault",
    "Training",
    "TrialOptions",
    "build_options",
    "by_key",
    "entry_of",
    "free_keys",
    "identifier",
    "identity",
    "images_key",
    "known_keys",
    "nested",
    "options_of",
    "resolve",
    "resolve_with_faults",
    "resolver",
    "sections",
]
