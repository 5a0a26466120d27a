"""The commands and their options; each imports what it needs only when it is called."""

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
    chosen,
)
from cnn_ablate.cli.data_app import data_app
from cnn_ablate.cli.exit_codes import guarded
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
        str, typer.Option(help="auto, cpu, cuda or mps.", autocompletion=shell_completion.devices)
    ] = "auto",
    workers: Annotated[int | None, typer.Option(min=1, help="Trials at once.")] = None,
    executor: Annotated[str, typer.Option(help="Where trials run: local or ray.")] = "local",
    sets: Sets = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    only: Only = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Train again what is done.")] = False,
    no_audit: Annotated[bool, typer.Option("--no-audit", help="Do not audit it first.")] = False,
    retries: Annotated[
        int, typer.Option(min=0, help="Attempts more at a trial whose worker died or hung.")
    ] = 1,
    trial_timeout: Annotated[
        float, typer.Option(min=0, help="Seconds after which a trial hangs; 0: never.")
    ] = 0.0,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, help="Least time between two checkpoints; 0: every epoch.")
    ] = 0.0,
    cpus_per_trial: Annotated[
        float, typer.Option(min=0, help="Cores that a trial has; 0.5: two share one.")
    ] = 1.0,
    gpus_per_trial: Annotated[
        float | None, typer.Option(min=0, help="GPUs that a trial has; 0.25: four share one.")
    ] = None,
    ray_address: Annotated[
        str, typer.Option(help="A Ray cluster: host:port or auto; default: $RAY_ADDRESS.")
    ] = "",
    recipe: Annotated[
        str, typer.Option(help="How to compute: auto, eager, compiled or reference.")
    ] = "auto",
    stack: Annotated[
        str, typer.Option(help="Networks trained as one program: off, auto or how many.")
    ] = "auto",
    track: Annotated[
        list[str], typer.Option(help="Copy results to tensorboard or mlflow, in tracking/.")
    ] = [],  # noqa: B006 - Typer copies it
    results: Results = Path("results"),
    reports: Reports = Path("reports"),
    pictures: Pictures = True,
    data: Data = None,
) -> None:
    """Train every variant that is not done yet, and write tables and report."""
    from cnn_ablate.processes import warm_up

    if executor == "local":
        warm_up()
    from cnn_ablate.cli.commands.run import Choice, run_study
    from cnn_ablate.executors import Resources
    from cnn_ablate.runner import ComputeChoice, RetryPolicy, RunConfig
    from cnn_ablate.study import Changes

    terms = Resources(workers, cpus_per_trial, gpus_per_trial, ray_address)
    patience = RetryPolicy(retries, trial_timeout, checkpoint_minutes)
    run_study(
        study,
        Changes(chosen(profile, smoke), tuple(sets), seeds),
        RunConfig(results, data, device, executor, terms, patience, ComputeChoice(recipe, stack)),
        reports,
        Choice(only, fresh, not no_audit, tuple(track), pictures),
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
    estimate: Annotated[bool, typer.Option("--estimate", help="Time a few steps first.")] = False,
) -> None:
    """Show what a study trains and compares, and what of it is done."""
    from cnn_ablate.cli.commands.plan import show_plan
    from cnn_ablate.runner import RunConfig
    from cnn_ablate.study import Changes

    changes = Changes(chosen(profile, smoke), tuple(sets), seeds)
    show_plan(
        study, changes, RunConfig(results, data), only=only, as_json=as_json, estimate=estimate
    )


@app.command()
def explain(
    study: Study,
    variant: Annotated[
        str,
        typer.Argument(
            help="A variant of it, as `plan` names them.", autocompletion=shell_completion.variants
        ),
    ],
    profile: Profile = "",
    smoke: Smoke = False,
    sets: Sets = [],  # noqa: B006 - Typer copies it
    depth: Annotated[int, typer.Option(min=0, help="Show parts down to this depth.")] = 99,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what a variant changes, and its network part by part."""
    from cnn_ablate.cli.commands.explain import View, explain_variant
    from cnn_ablate.study import Changes

    changes = Changes(chosen(profile, smoke), tuple(sets))
    explain_variant(study, variant, changes, View(depth, as_json, data))


@app.command()
def audit(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    sets: Sets = [],  # noqa: B006 - Typer copies it
    seeds: Seeds = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on any error.")] = False,
) -> None:
    """Prove what a study compares, without training."""
    from cnn_ablate.cli.commands.audit import show_findings
    from cnn_ablate.runner import RunConfig
    from cnn_ablate.study import Changes

    changes = Changes(chosen(profile, smoke), tuple(sets), seeds)
    show_findings(study, changes, RunConfig(data=data), as_json=as_json, strict=strict)


@app.command()
def doctor(
    results: Annotated[Path, typer.Argument(help="Folder of results.")] = Path("results"),
    mend: Annotated[
        bool, typer.Option("--mend", help="Move damaged trials aside, remove what is of no use.")
    ] = False,
) -> None:
    """Verify every file of a results folder."""
    from cnn_ablate.cli.commands.doctor import examine_store

    examine_store(results, mend=mend)


@app.command("list")
def list_entries(
    table: Annotated[
        str,
        typer.Argument(
            help="models, datasets, augments, optimizers ...",
            autocompletion=shell_completion.tables,
        ),
    ],
) -> None:
    """List what a study can name, with its knobs."""
    from cnn_ablate.cli.commands.list import show_entries

    show_entries(table)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The study file to write.")],
    data: Annotated[
        str,
        typer.Option(
            help="Name of a data set, or a folder of pictures.",
            autocompletion=shell_completion.datasets,
        ),
    ] = "fashion_mnist_sample",
    model: Annotated[
        str,
        typer.Option(
            help="Name of a network, or your own: module:Name.",
            autocompletion=shell_completion.models,
        ),
    ] = "cnnnet",
) -> None:
    """Write a first study file, commented and ready to run."""
    from cnn_ablate.cli.commands.init import write_draft

    write_draft(file, data, model)


@app.command()
def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    from cnn_ablate.cli.commands.schema import print_schema

    print_schema()


def main() -> None:
    """Run the program and exit: the entry point of the console script."""
    # Imports leave little garbage: looking for it as often as usual takes a quarter of their time,
    # and another second at the end, when all is given back in any case.
    gc.set_threshold(10_000)
    atexit.register(gc.freeze)
    guarded(app)
