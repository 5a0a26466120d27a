"""The settings that the program of a trial's steps depends on."""

import json

from cnn_ablate.schema import Trial, split_varies

# Settings that a program takes as tensors, or that act between epochs.
_NOT_IN_PROGRAM = {
    "optimizer": ("lr",),
    "training": ("epochs", "select", "patience", "average", "average_start", "init", "tta"),
}


def program_text(trial: Trial) -> str:
    """Return the settings that a trial's program depends on, as text."""
    settings = {
        section: {k: v for k, v in values.items() if k not in _NOT_IN_PROGRAM.get(section, ())}
        for section, values in trial.settings.items()
    }
    # A program holds the momentum fixed, so trials that cycle it have none.
    settings["schedule"] = {"cycle_momentum": trial.settings["schedule"].get("cycle_momentum")}
    # Validation images, class weights and normalisation are those of a split.
    seed = [trial.seed] if split_varies(settings["data"]) else []
    return json.dumps([settings, trial.fingerprint, *seed], sort_keys=True)
