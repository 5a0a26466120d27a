"""The command `explain`: what one variant changes, and its network part by part."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from cnn_ablate.cli.format_changes import changes_of
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name
from cnn_ablate.models import find_dead
from cnn_ablate.models.summary import Layer, outline
from cnn_ablate.plan import plan
from cnn_ablate.schema import Contrast, Plan, Settings, Variant
from cnn_ablate.settings import options_of, resolve
from cnn_ablate.study import Changes, read
from cnn_ablate.study_paths import study_path

# Narrower terminals do without the kinds of the parts.
_WIDE = 60


@dataclass(frozen=True)
class View:
    """How to show a network: to which depth, as JSON or not, and where data is looked for."""

    depth: int
    as_json: bool
    data: Path | None


def explain_variant(word: str, name: str, changes: Changes, view: View) -> None:
    """Print what a variant changes against its references, and the parts of its network.

    Raises:
        UserError: the study has no such variant, or only its missing images tell their shape.
    """
    layout = plan(read(study_path(word), changes), resolve)
    variant = _variant(layout, name)
    contrasts = [one for one in layout.contrasts if one.variant == variant.name]
    network = Network(variant.settings, view.data)
    layers = [layer for layer in network.layers() if _depth(layer) <= view.depth]
    if view.as_json:
        typer.echo(json.dumps(_data(variant, contrasts, layers, network), indent=1))
        return
    console = Console(highlight=False)
    for line in _changes(layout, variant, contrasts, name):
        console.print(line, markup=False)
    console.print(_table(layers, wide=console.width >= _WIDE))
    console.print()
    settings = {one.name: one.settings for one in layout.variants}
    for contrast in contrasts:
        other = Network(settings[contrast.reference], view.data).layers()[0]
        console.print(_difference(contrast.reference, layers[0], other))
    for part, lost in network.dead().items():
        console.print(f"No gradient reaches {part or 'the network'}: {lost:,} parameters.")


class Network:
    """The network that some settings build, found out about without training it."""

    def __init__(self, settings: Settings, data: Path | None) -> None:
        self.model = options_of("model", settings["model"])
        form = options_of("data", settings["data"]).form(data)
        self.takes = form.shape, len(form.classes)

    def layers(self) -> tuple[Layer, ...]:
        """List its parts, the whole first."""
        return outline(self.model, *self.takes)

    def dead(self) -> dict[str, int]:
        """Count the parameters that no gradient reaches, by part."""
        return find_dead(self.model, *self.takes)


def _variant(layout: Plan, name: str) -> Variant:
    variants = {variant.name: variant for variant in layout.variants}
    wanted = layout.same.get(name, name)
    if wanted not in variants:
        raise UserError(
            f"variant {name}", *unknown_name("variant", name, [*variants, *layout.same])
        )
    return variants[wanted]


def _depth(layer: Layer) -> int:
    return layer.name.count(".") + 1 if layer.name else 0


def _data(
    variant: Variant, contrasts: Sequence[Contrast], layers: Sequence[Layer], network: Network
) -> dict[str, Any]:
    return {
        "variant": variant.name,
        "settings": variant.settings,
        "references": {contrast.reference: contrast.changed for contrast in contrasts},
        "layers": [asdict(layer) for layer in layers],
        "dead": network.dead(),
    }


def _changes(
    layout: Plan, variant: Variant, contrasts: Sequence[Contrast], name: str
) -> Iterator[str]:
    if name != variant.name:
        yield f"{name} is equal to {variant.name}."
    for contrast in contrasts:
        yield f"{variant.name} against {contrast.reference}:"
        yield from (f"  {change}" for change in changes_of(contrast.changed))
    if not contrasts:
        followers = sum(one.reference == variant.name for one in layout.contrasts)
        yield f"{variant.name}: the reference of {followers} contrasts."
    yield ""


def _table(layers: Sequence[Layer], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title in ("part", *["kind"] * wide, "output"):
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
