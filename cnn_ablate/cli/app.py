"""The Typer application: commands and options; a command imports what it needs when called."""

import atexit
import gc
from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import (
    Data,
    Only,
    Pictures,
    Profile,
    Reports,
    Results,
    Seeds,
    Sets,
    Smoke,
    Study,
    resolve_profile,
)
from cnn_ablate.cli.data_app import data_app
from cnn_ablate.cli.exit_codes import run_and_exit
from cnn_ablate.cli.results_app import results_app

app = typer.Typer(
    help="Ablation studies of small image-classification CNNs that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(results_app)
app.add_typer(data_app, name="data")


@app.command()
def run(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    device: Annotated[
        str,
        typer.Option(
            help="Device to train on: auto, cpu, cuda or mps.",
            autocompletion=shell_completion.devices,
        ),
    ] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of trials trained in parallel.")
    ] = None,
    executor: Annotated[str, typer.Option(help="Where trials run: local or ray.")] = "local",
    sets: Sets = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    only: Only = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Train finished trials again.")] = False,
    no_audit: Annotated[
        bool, typer.Option("--no-audit", help="Skip the audit before training.")
    ] = False,
    retries: Annotated[
        int, typer.Option(min=0, help="How often to retry a trial whose worker died or timed out.")
    ] = 1,
    trial_timeout: Annotated[
        float, typer.Option(min=0, help="Time limit per trial in seconds; 0 means none.")
    ] = 0.0,
    checkpoint_minutes: Annotated[
        float,
        typer.Option(min=0, help="Minimum minutes between checkpoints; 0: after every epoch."),
    ] = 0.0,
    cpus_per_trial: Annotated[
        float, typer.Option(min=0, help="CPU cores per trial; 0.5: two trials share one.")
    ] = 1.0,
    gpus_per_trial: Annotated[
        float | None, typer.Option(min=0, help="GPUs per trial; 0.25: four trials share one.")
    ] = None,
    ray_address: Annotated[
        str, typer.Option(help="Ray cluster to use: host:port or auto; default: $RAY_ADDRESS.")
    ] = "",
    compute: Annotated[
        str, typer.Option(help="Compute settings: auto, eager or reference.")
    ] = "auto",
    track: Annotated[
        list[str], typer.Option(help="Also log results to tensorboard or mlflow, in tracking/.")
    ] = [],  # noqa: B006 - Typer copies it
    results: Results = Path("results"),
    reports: Reports = Path("reports"),
    pictures: Pictures = True,
    data: Data = None,
) -> None:
    """Train every trial that is not finished, and write the tables and the report."""
    from cnn_ablate.processes import start_fork_server

    if executor == "local":
        start_fork_server()
    from cnn_ablate.cli.commands.run import RunOptions, run_study
    from cnn_ablate.executors import Resources
    from cnn_ablate.runner import RetryPolicy, RunConfig, resolve_device
    from cnn_ablate.study import Changes

    config = RunConfig(
        results=results,
        data=data,
        executor=executor,
        resources=Resources(
            workers=workers,
            cpus_per_trial=cpus_per_trial,
            gpus_per_trial=gpus_per_trial,
            ray_address=ray_address,
            device=resolve_device(device, executor=executor, gpus_per_trial=gpus_per_trial),
        ),
        retry=RetryPolicy(
            retries=retries,
            trial_timeout=trial_timeout,
            checkpoint_minutes=checkpoint_minutes,
        ),
        compute=compute,
    )
    run_study(
        study,
        Changes(resolve_profile(profile, smoke), tuple(sets), seeds),
        config,
        reports,
        RunOptions(only, fresh, not no_audit, tuple(track), pictures),
    )


@app.command()
def plan(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    sets: Sets = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    only: Only = "",
    results: Results = Path("results"),
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Estimate the training time from a few timed steps.")
    ] = False,
) -> None:
    """Show what a study trains and compares, and how many trials are done."""
    from cnn_ablate.cli.commands.plan import print_plan
    from cnn_ablate.runner import RunConfig
    from cnn_ablate.study import Changes

    changes = Changes(resolve_profile(profile, smoke), tuple(sets), seeds)
    config = RunConfig(results=results, data=data)
    print_plan(study, changes, config, only=only, as_json=as_json, estimate=estimate)


@app.command()
def explain(
    study: Study,
    variant: Annotated[
        str,
        typer.Argument(
            help="Name of a variant, as shown by `plan`.", autocompletion=shell_completion.variants
        ),
    ],
    profile: Profile = "",
    smoke: Smoke = False,
    sets: Sets = [],  # noqa: B006 - Typer copies it
    depth: Annotated[int, typer.Option(min=0, help="Show nested layers down to this depth.")] = 99,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show what a variant changes, and its network layer by layer."""
    from cnn_ablate.cli.commands.explain import ExplainOptions, print_variant
    from cnn_ablate.study import Changes

    changes = Changes(resolve_profile(profile, smoke), tuple(sets))
    print_variant(study, variant, changes, ExplainOptions(depth, as_json, data))


@app.command()
def audit(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    sets: Sets = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 if there is an error.")
    ] = False,
) -> None:
    """Check a study for flaws that spoil its comparisons, without training."""
    from cnn_ablate.cli.commands.audit import audit_study
    from cnn_ablate.runner import RunConfig
    from cnn_ablate.study import Changes

    changes = Changes(resolve_profile(profile, smoke), tuple(sets), seeds)
    audit_study(study, changes, RunConfig(data=data), as_json=as_json, strict=strict)


@app.command()
def doctor(
    results: Annotated[Path, typer.Argument(help="Results folder.")] = Path("results"),
    mend: Annotated[
        bool, typer.Option("--mend", help="Move damaged trials aside and remove unusable files.")
    ] = False,
) -> None:
    """Verify every file of a results folder."""
    from cnn_ablate.cli.commands.doctor import verify_results

    verify_results(results, mend=mend)


@app.command("list")
def list_entries(
    table: Annotated[
        str,
        typer.Argument(
            help="Table to list: models, datasets, augments, optimizers ...",
            autocompletion=shell_completion.tables,
        ),
    ],
) -> None:
    """List the entries that a study can name, with their options and defaults."""
    from cnn_ablate.cli.commands.list import print_entries

    print_entries(table)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Study file to write.")],
    data: Annotated[
        str,
        typer.Option(
            help="Name of a data set, or a folder of images.",
            autocompletion=shell_completion.datasets,
        ),
    ] = "fashion_mnist_sample",
    model: Annotated[
        str,
        typer.Option(
            help="Name of a network, or of a user-defined one: module:Name.",
            autocompletion=shell_completion.models,
        ),
    ] = "cnnnet",
) -> None:
    """Write a commented study file that is ready to run."""
    from cnn_ablate.cli.commands.init import write_template

    write_template(file, data, model)


@app.command()
def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    from cnn_ablate.cli.commands.schema import print_schema

    print_schema()


def main() -> None:
    """Run the program and exit: the entry point of the console script."""
    # Imports leave little garbage: collecting it at the default threshold takes a quarter of their
    # time, and a last collection at exit another second, when the memory is freed in any case.
    gc.set_threshold(10_000)
    atexit.register(gc.freeze)
    run_and_exit(app)
