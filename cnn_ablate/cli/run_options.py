"""The options of the command `run` that no other command has."""

from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import allow_code

Device = Annotated[
    str,
    typer.Option(
        help="Device to train on: auto, cpu, cuda or mps.",
        autocompletion=shell_completion.devices,
    ),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Number of trials trained in parallel.")]
Executor = Annotated[str, typer.Option(help="Where trials run: local or ray.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Train finished trials again.")]
NoAudit = Annotated[bool, typer.Option("--no-audit", help="Skip the audit before training.")]
Retries = Annotated[
    int, typer.Option(min=0, help="How often to retry a trial whose worker died or timed out.")
]
TrialTimeout = Annotated[
    float, typer.Option(min=0, help="Time limit per trial in seconds; 0 means none.")
]
CheckpointMinutes = Annotated[
    float, typer.Option(min=0, help="Minimum minutes between checkpoints; 0: after every epoch.")
]
CpusPerTrial = Annotated[
    float, typer.Option(min=0, help="CPU cores per trial; 0.5: two trials share one.")
]
GpusPerTrial = Annotated[
    float | None, typer.Option(min=0, help="GPUs per trial; 0.25: four trials share one.")
]
RayAddress = Annotated[
    str, typer.Option(help="Ray cluster to use: host:port or auto; default: $RAY_ADDRESS.")
]
Compute = Annotated[str, typer.Option(help="Settings: auto, aot, eager, graph or reference.")]
Track = Annotated[
    list[str],
    typer.Option(help="Also log all results to tensorboard, mlflow or wandb, in tracking/."),
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Serve the report on this machine, renewed while trials end."),
]


def start_early(executor: str, packages: list[str]) -> None:
    """Start the fork server of local workers: it imports torch while this process does the same."""
    allow_code(packages)
    from cnn_ablate.fork_server import start_fork_server

    if executor == "local":
        start_fork_server()
