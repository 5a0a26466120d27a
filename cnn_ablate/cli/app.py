"""The Typer application: commands and options; a command imports what it needs when called."""

import atexit
import gc
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import (
    Allow,
    AsJson,
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
    allow_code,
    resolve_profile,
)
from cnn_ablate.cli.data_app import data_app
from cnn_ablate.cli.exit_codes import run_and_exit
from cnn_ablate.cli.grouped_help import GroupedCommands
from cnn_ablate.cli.results_app import results_app
from cnn_ablate.cli.run_options import (
    CheckpointMinutes,
    Compute,
    CpusPerTrial,
    Device,
    Executor,
    Fresh,
    GpusPerTrial,
    NoAudit,
    RayAddress,
    Retries,
    Track,
    TrialTimeout,
    Watch,
    Workers,
    start_early,
)
from cnn_ablate.cli.start_app import start_app

app = typer.Typer(
    cls=GroupedCommands,
    help="Ablation studies of image classifiers, from one YAML file to the table in your paper.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(start_app)
app.add_typer(results_app)
app.add_typer(data_app, name="data")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"cnn-ablate {metadata.version('cnn-ablate')}")
        raise typer.Exit


@app.callback()
def options(
    is_asked: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that are no command's."""


@app.command()
def run(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    device: Device = "auto",
    workers: Workers = None,
    executor: Executor = "local",
    sets: Sets = [],  # noqa: B006 - Typer copies it
    allow: Allow = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    only: Only = "",
    fresh: Fresh = False,
    no_audit: NoAudit = False,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = 0.0,
    checkpoint_minutes: CheckpointMinutes = 0.0,
    cpus_per_trial: CpusPerTrial = 1.0,
    gpus_per_trial: GpusPerTrial = None,
    ray_address: RayAddress = "",
    compute: Compute = "auto",
    track: Track = [],  # noqa: B006 - Typer copies it
    results: Results = Path("results"),
    reports: Reports = Path("reports"),
    pictures: Pictures = True,
    data: Data = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Train every trial that is not finished, and write the tables and the report."""
    start_early(executor, allow)
    from cnn_ablate.cli.commands.run import RunOptions, run_study
    from cnn_ablate.executors import Resources
    from cnn_ablate.runner import RetryPolicy, RunConfig, resolve_device
    from cnn_ablate.study import Changes

    device = resolve_device(device, executor=executor, gpus_per_trial=gpus_per_trial)
    quota = Resources(workers, cpus_per_trial, gpus_per_trial, ray_address, device)
    retry = RetryPolicy(retries, trial_timeout, checkpoint_minutes)
    config = RunConfig(
        results=results, data=data, executor=executor, compute=compute, retry=retry, resources=quota
    )
    changes = Changes(resolve_profile(profile, smoke), tuple(sets), seeds)
    options = RunOptions(only, fresh, not no_audit, tuple(track), pictures, watch, as_json)
    run_study(study, changes, config, reports, options)


@app.command()
def plan(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    sets: Sets = [],  # noqa: B006 - Typer copies it
    allow: Allow = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    only: Only = "",
    device: Device = "auto",
    workers: Workers = None,
    results: Results = Path("results"),
    data: Data = None,
    as_json: AsJson = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Estimate the training time from a few timed steps.")
    ] = False,
    pilot: Annotated[
        Path | None,
        typer.Option("--from", help="Results of a pilot (results/<study>): seeds per contrast."),
    ] = None,
) -> None:
    """Show what a study trains and compares, and how many trials are done."""
    allow_code(allow)
    from cnn_ablate.cli.commands.plan import PlanOptions, print_plan
    from cnn_ablate.executors import Resources
    from cnn_ablate.runner import RunConfig, resolve_device
    from cnn_ablate.study import Changes

    changes = Changes(resolve_profile(profile, smoke), tuple(sets), seeds)
    resources = Resources(workers, device=resolve_device(device))
    config = RunConfig(results=results, data=data, resources=resources)
    print_plan(study, changes, config, PlanOptions(only, as_json, estimate, pilot))


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
    allow: Allow = [],  # noqa: B006 - Typer copies it
    depth: Annotated[int, typer.Option(min=0, help="Show nested layers down to this depth.")] = 99,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what a variant changes, and its network layer by layer."""
    allow_code(allow)
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
    allow: Allow = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    data: Data = None,
    as_json: AsJson = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 if there is an error.")
    ] = False,
) -> None:
    """Check a study for flaws that spoil its comparisons, without training."""
    allow_code(allow)
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
    as_json: AsJson = False,
) -> None:
    """Verify every file of a results folder."""
    from cnn_ablate.cli.commands.doctor import verify_results

    verify_results(results, mend=mend, as_json=as_json)


def main() -> None:
    """Run the program and exit: the entry point of the console script."""
    # Imports leave little garbage: collecting it at the default threshold takes a quarter of their
    # time, and a last collection at exit another second, when the memory is freed in any case.
    gc.set_threshold(10_000)
    atexit.register(gc.freeze)
    run_and_exit(app)
