"""The command `explain`: what one variant changes, and its network layer by layer."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from cnn_ablate.cli.format_changes import format_changes
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import ExplainedVariant
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.custom import user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.external import RESERVED, fill
from cnn_ablate.find_study import study_path
from cnn_ablate.models import find_dead_parameters
from cnn_ablate.models.summary import Layer, summarise
from cnn_ablate.plan import plan
from cnn_ablate.schema import Contrast, ExternalTrainer, LayerSize, Plan, Settings, Variant
from cnn_ablate.settings import by_key, nested, options_of, resolver
from cnn_ablate.study import Changes, read_study
from cnn_ablate.text import count, one_line
from cnn_ablate.value_errors import unknown_name

# Terminals narrower than this do not show the types of the layers.
_WIDE = 60


@dataclass(frozen=True)
class ExplainOptions:
    """How to show a network: its depth, whether as JSON, and the folder searched for data."""

    depth: int
    as_json: bool
    data: Path | None


def print_variant(word: str, name: str, changes: Changes, options: ExplainOptions) -> None:
    """Print what a variant changes against its references, and the layers of its network.

    Raises:
        UserError: The study has no such variant, or the shape of its images is unknown because
            they are missing.
    """
    path = study_path(word)
    with user_code_folder(path.parent):
        study = read_study(path, changes)
        planned = plan(study, resolver(study.trainer))
        if study.trainer:
            _print_command(planned, name, study.trainer, as_json=options.as_json)
        else:
            _print(planned, name, options)


def _print_command(plan: Plan, name: str, trainer: ExternalTrainer, *, as_json: bool) -> None:
    """Print what a variant changes, and the command that trains it; nothing is run."""
    variant = _variant(plan, name)
    contrasts = [contrast for contrast in plan.contrasts if contrast.variant == variant.name]
    stand_ins = {placeholder: placeholder.upper() for placeholder in RESERVED}
    words = fill(trainer.command, {**by_key(variant.settings), **stand_ins})
    if as_json:
        settings = nested(variant.settings)
        print_json(
            ExplainedVariant(
                variant=variant.name,
                settings=settings,
                references=_references(contrasts),
                command=tuple(words),
            )
        )
        return
    for line in _changes(plan, variant, contrasts, name):
        typer.echo(one_line(line))
    if words:
        typer.echo(f"Command: {shlex.join([trainer.command[0], *words[1:]])}")


def _print(plan: Plan, name: str, options: ExplainOptions) -> None:
    variant = _variant(plan, name)
    contrasts = [contrast for contrast in plan.contrasts if contrast.variant == variant.name]
    network = Network(variant.settings, options.data)
    layers = [layer for layer in network.layers() if _depth(layer) <= options.depth]
    if options.as_json:
        print_json(
            ExplainedVariant(
                variant=variant.name,
                settings=variant.settings,
                references=_references(contrasts),
                layers=tuple(LayerSize(**asdict(layer)) for layer in layers),
                dead=network.dead_parameters(),
            )
        )
        return
    console = Console(highlight=False)
    for line in _changes(plan, variant, contrasts, name):
        print_sentence(console, line)
    console.print(_table(layers, wide=console.width >= _WIDE))
    console.print()
    settings = {variant.name: variant.settings for variant in plan.variants}
    for contrast in contrasts:
        other = Network(settings[contrast.reference], options.data).layers()[0]
        print_sentence(console, _difference(contrast.reference, layers[0], other))
    for layer_name, parameters in network.dead_parameters().items():
        part = layer_name or "the network"
        print_sentence(console, f"No gradient reaches {part}: {parameters:,} parameters.")


class Network:
    """The network that the settings of a variant build, analysed without training."""

    def __init__(self, settings: Settings, data: Path | None) -> None:
        self.model = options_of("model", settings["model"])
        form = options_of("data", settings["data"]).spec(data)
        self.input_form = form.shape, len(form.classes)

    def layers(self) -> tuple[Layer, ...]:
        """Return its layers, the whole network first."""
        return summarise(self.model, *self.input_form)

    def dead_parameters(self) -> dict[str, int]:
        """Count the parameters that no gradient reaches, per layer."""
        return find_dead_parameters(self.model, *self.input_form)


def _variant(plan: Plan, name: str) -> Variant:
    variants = {variant.name: variant for variant in plan.variants}
    wanted = plan.same.get(name, name)
    if wanted not in variants:
        raise UserError(f"variant {name}", *unknown_name("variant", name, [*variants, *plan.same]))
    return variants[wanted]


def _depth(layer: Layer) -> int:
    return layer.name.count(".") + 1 if layer.name else 0


def _references(contrasts: Sequence[Contrast]) -> dict[str, dict[str, tuple[Any, Any]]]:
    return {contrast.reference: contrast.changed for contrast in contrasts}


def _changes(
    plan: Plan, variant: Variant, contrasts: Sequence[Contrast], name: str
) -> Iterator[str]:
    if name != variant.name:
        yield f"{name} is equal to {variant.name}."
    for contrast in contrasts:
        yield f"{variant.name} against {contrast.reference}:"
        yield from (f"  {change}" for change in format_changes(contrast.changed))
    if not contrasts:
        number = sum(contrast.reference == variant.name for contrast in plan.contrasts)
        yield f"{variant.name}: the reference of {count(number, 'contrast')}."
    yield ""


def _table(layers: Sequence[Layer], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title in ("layer", *["type"] * wide, "output"):
        table.add_column(title, overflow="fold")
    for title in ("parameters", "MACs"):
        table.add_column(title, justify="right", no_wrap=True)
    for layer in layers:
        name = "  " * max(_depth(layer) - 1, 0) + layer.name.rpartition(".")[2]
        shape = "" if layer.shape is None else " x ".join(map(str, layer.shape))
        numbers = (f"{layer.parameters:,}", f"{layer.macs:,}")
        table.add_row(name or "(all)", *[layer.kind] * wide, shape, *numbers)
    return table


def _difference(reference: str, layer: Layer, other: Layer) -> str:
    parameters, macs = layer.parameters - other.parameters, layer.macs - other.macs
    return f"Against {reference}: {parameters:+,} parameters, {macs:+,} MACs."
