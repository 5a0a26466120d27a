"""Results in MLflow: one experiment per study, one run per trial."""

import logging
import os
import time
from pathlib import Path

from cnn_ablate.schema import TrialResult, hash_of
from cnn_ablate.tracking.tracker import (
    confusion_figure,
    epoch_metrics,
    final_metrics,
    flatten_settings,
    import_optional,
)

_STATUS = {"done": "FINISHED"}
# MLflow refuses larger batches.
_BATCH = 1000


class MlflowTracker:
    """Logs to `$MLFLOW_TRACKING_URI`, else to `mlflow.db` and `mlflow/` in a folder."""

    def __init__(self, folder: Path, study: str) -> None:
        self.entities = import_optional("mlflow.entities", "mlflow")
        # MLflow logs how it creates its tables.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        local = folder.absolute()
        local.mkdir(parents=True, exist_ok=True)
        address = os.environ.get("MLFLOW_TRACKING_URI")
        self.address = address or f"sqlite:///{local / 'mlflow.db'}"
        self.client = import_optional("mlflow.tracking", "mlflow").MlflowClient(self.address)
        existing = self.client.get_experiment_by_name(study)
        location = None if address else (local / "mlflow").as_uri()
        self.experiment = (
            existing.experiment_id if existing else self.client.create_experiment(study, location)
        )

    @property
    def place(self) -> str:
        """Where the results are."""
        return self.address

    def logged(self) -> set[str]:
        """Return the hashes of the trials that have a run."""
        runs, token = [], None
        while token != "":
            page = self.client.search_runs([self.experiment], page_token=token)
            runs += page
            token = page.token or ""
        return {hash_of(run.data.tags["trial"]) for run in runs if "trial" in run.data.tags}

    def add(self, result: TrialResult) -> None:
        """Log a trial as one run."""
        trial = result.trial
        tags = {"variant": trial.variant, "seed": str(trial.seed), "trial": trial.id}
        run = self.client.create_run(self.experiment, tags=tags, run_name=trial.id).info.run_id
        for name, value in flatten_settings(trial.settings).items():
            self.client.log_param(run, name, value)
        metrics = self._metrics(result)
        for start in range(0, len(metrics), _BATCH):
            self.client.log_batch(run, metrics=metrics[start : start + _BATCH])
        if figure := confusion_figure(result):
            self.client.log_figure(run, figure, "confusion.png")
        self.client.set_terminated(run, _STATUS.get(result.status, "FAILED"))

    def _metrics(self, result: TrialResult) -> list[object]:
        now = int(1000 * time.time())
        rows = [(row.epoch, epoch_metrics(row)) for row in result.epochs]
        final = {f"final.{name}": value for name, value in final_metrics(result).items()}
        return [
            self.entities.Metric(name, value, now, step)
            for step, values in (*rows, (len(rows), final))
            for name, value in values.items()
        ]
