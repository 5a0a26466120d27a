"""Results in Weights & Biases: one project per study, one run per trial; offline unless told."""

import os
from pathlib import Path

from cnn_ablate.schema import TrialResult, hash_of
from cnn_ablate.tracking.tracker import (
    confusion_figure,
    epoch_metrics,
    final_metrics,
    flatten_settings,
    import_optional,
)


class WandbTracker:
    """Logs to `wandb/` in a folder, or with `$WANDB_MODE=online` to the user's account.

    `wandb sync` sends runs that were logged offline.
    """

    def __init__(self, folder: Path, study: str) -> None:
        self.wandb = import_optional("wandb", "wandb")
        self.project, self.folder = study, folder / "wandb" / study
        self.mode = os.environ.get("WANDB_MODE", "offline")
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def place(self) -> str:
        """Where the results are."""
        return str(self.folder)

    def logged(self) -> set[str]:
        """Return the hashes of the trials that were logged from this folder."""
        return {path.name.rpartition("-")[2] for path in self.folder.glob("wandb/*run-*-*")}

    def add(self, result: TrialResult) -> None:
        """Log a trial as one run."""
        trial = result.trial
        labels = {"variant": trial.variant, "seed": trial.seed}
        run = self.wandb.init(
            project=self.project,
            dir=self.folder,
            id=hash_of(trial.id),
            name=trial.id,
            group=trial.variant,
            config=labels | flatten_settings(trial.settings),
            mode=self.mode,
            resume="allow",
            reinit="create_new",
            settings=self.wandb.Settings(silent=True, console="off", disable_git=True),
        )
        for row in result.epochs:
            run.log({"epoch": row.epoch, **epoch_metrics(row)})
        if figure := confusion_figure(result):
            run.log({"confusion": self.wandb.Image(figure)})
        run.summary.update({f"final.{k}": v for k, v in final_metrics(result).items()})
        run.finish(exit_code=0 if result.status == "done" else 1)
