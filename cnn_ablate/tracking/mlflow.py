"""Results as MLflow shows them: an experiment a study, a run a trial."""

import logging
import os
import time
from pathlib import Path

from cnn_ablate.schema import TrialResult
from cnn_ablate.tracking.tracker import confusion, curve, flat, needed, totals

_STATUS = {"done": "FINISHED"}
# More metrics are refused at a time.
_MOST = 1000


class MlflowTracker:
    """Writes to `$MLFLOW_TRACKING_URI`, else to `mlflow.db` and `mlflow/` below a folder."""

    def __init__(self, folder: Path, study: str) -> None:
        self.entities = needed("mlflow.entities", "mlflow")
        # How its tables come about is no news to who follows a run.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        local = folder.absolute()
        local.mkdir(parents=True, exist_ok=True)
        address = os.environ.get("MLFLOW_TRACKING_URI")
        self.client = needed("mlflow.tracking", "mlflow").MlflowClient(
            address or f"sqlite:///{local / 'mlflow.db'}"
        )
        known = self.client.get_experiment_by_name(study)
        place = None if address else (local / "mlflow").as_uri()
        self.experiment = (
            known.experiment_id if known else self.client.create_experiment(study, place)
        )

    def add(self, result: TrialResult) -> None:
        """Write a trial's run."""
        trial = result.trial
        tags = {"variant": trial.variant, "seed": str(trial.seed), "trial": trial.id}
        run = self.client.create_run(self.experiment, tags=tags, run_name=trial.id).info.run_id
        for name, value in flat(trial.settings).items():
            self.client.log_param(run, name, value)
        metrics = self._metrics(result)
        for start in range(0, len(metrics), _MOST):
            self.client.log_batch(run, metrics=metrics[start : start + _MOST])
        if figure := confusion(result):
            self.client.log_figure(run, figure, "confusion.png")
        self.client.set_terminated(run, _STATUS.get(result.status, "FAILED"))

    def _metrics(self, result: TrialResult) -> list[object]:
        now = int(1000 * time.time())
        rows = [(row.epoch, curve(row)) for row in result.epochs]
        final = {f"final.{name}": value for name, value in totals(result).items()}
        return [
            self.entities.Metric(name, value, now, step)
            for step, values in (*rows, (len(rows), final))
            for name, value in values.items()
        ]
