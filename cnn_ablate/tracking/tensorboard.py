"""Results in TensorBoard: one run per trial, with curves, confusion matrix and hyperparameters."""

from pathlib import Path

from cnn_ablate.schema import TrialResult, hash_of
from cnn_ablate.tracking.tracker import (
    confusion_figure,
    epoch_metrics,
    final_metrics,
    flatten_settings,
    import_optional,
)


class TensorboardTracker:
    """Logs to `tensorboard/<study>/<trial>/` in a folder."""

    def __init__(self, folder: Path, study: str) -> None:
        import_optional("tensorboard", "tensorboard")
        self.writer = import_optional("torch.utils.tensorboard", "tensorboard").SummaryWriter
        self.folder = folder / "tensorboard" / study

    @property
    def place(self) -> str:
        """Where the results are."""
        return str(self.folder)

    def logged(self) -> set[str]:
        """Return the hashes of the trials that have a run."""
        return {hash_of(path.name) for path in self.folder.glob("*/")}

    def add(self, result: TrialResult) -> None:
        """Log a trial as one run."""
        with self.writer(str(self.folder / result.trial.id)) as run:
            for row in result.epochs:
                for name, value in epoch_metrics(row).items():
                    run.add_scalar(name, value, row.epoch)
            if figure := confusion_figure(result):
                run.add_figure("confusion", figure, close=False)
            labels = {"variant": result.trial.variant, "seed": result.trial.seed}
            final = {f"final/{name}": value for name, value in final_metrics(result).items()}
            run.add_hparams(labels | flatten_settings(result.trial.settings), final, run_name=".")
