"""Results as TensorBoard shows them: a run a trial, with curves, confusion and hyperparameters."""

from pathlib import Path

from cnn_ablate.schema import TrialResult
from cnn_ablate.tracking.tracker import confusion, curve, flat, needed, totals


class TensorboardTracker:
    """Writes `tensorboard/<study>/<trial>/` below a folder."""

    def __init__(self, folder: Path, study: str) -> None:
        needed("tensorboard", "tensorboard")
        self.writer = needed("torch.utils.tensorboard", "tensorboard").SummaryWriter
        self.folder = folder / "tensorboard" / study

    def add(self, result: TrialResult) -> None:
        """Write a trial's run."""
        with self.writer(str(self.folder / result.trial.id)) as run:
            for row in result.epochs:
                for name, value in curve(row).items():
                    run.add_scalar(name, value, row.epoch)
            if figure := confusion(result):
                run.add_figure("confusion", figure, close=False)
            told = {"variant": result.trial.variant, "seed": result.trial.seed}
            final = {f"final/{name}": value for name, value in totals(result).items()}
            run.add_hparams(told | flat(result.trial.settings), final, run_name=".")
