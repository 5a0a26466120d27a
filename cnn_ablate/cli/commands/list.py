"""The command `list`: what a study can name, with its knobs and their defaults."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name
from cnn_ablate.models import ACTIVATIONS, ATTENTION, INITS, NORMS
from cnn_ablate.options import Options
from cnn_ablate.schema import label
from cnn_ablate.settings import TABLES

# The word on the command line: the table of options it lists.
_OPTIONS: dict[str, Mapping[str, type[Options]]] = {
    "datasets": TABLES["data"],
    "models": TABLES["model"],
    "optimizers": TABLES["optimizer"],
    "schedules": TABLES["schedule"],
    "losses": TABLES["loss"],
    "training": TABLES["training"],
    "augments": AUGMENTS,
}
_NAMES: dict[str, Mapping[str, object]] = {
    "activations": ACTIVATIONS,
    "attention": ATTENTION,
    "inits": INITS,
    "norms": NORMS,
}


def show_entries(table: str) -> None:
    """Print the entries of a table.

    Raises:
        UserError: there is no such table.
    """
    console = Console(highlight=False)
    if table in _NAMES:
        for name in _NAMES[table]:
            console.print(escape(name))
    elif table in _OPTIONS:
        for name, entry in _OPTIONS[table].items():
            _show(console, name, entry)
    else:
        raise UserError(f"list {table}", *unknown_name("table", table, [*_OPTIONS, *_NAMES]))


def _show(console: Console, name: str, entry: type[Options]) -> None:
    about = (entry.__doc__ or "").partition("\n")[0]
    console.print(f"[bold]{escape(name)}[/bold]  {escape(about)}".strip())
    for knob, field in entry.model_fields.items():
        default = label(field.get_default(call_default_factory=True))
        console.print(f"  {knob}: {escape(default)}  [dim]{escape(field.description or '')}[/dim]")
