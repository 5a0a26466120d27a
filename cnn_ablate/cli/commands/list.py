"""The command `list`: the entries that a study can name, with their options and defaults."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.errors import UserError
from cnn_ablate.models import ACTIVATIONS, ATTENTION, INITS, NORMS
from cnn_ablate.options import Options
from cnn_ablate.schema import label
from cnn_ablate.settings import TABLES
from cnn_ablate.value_errors import unknown_name

# Tables whose entries have options, by their name on the command line.
_OPTIONS: dict[str, Mapping[str, type[Options]]] = {
    "datasets": TABLES["data"],
    "models": TABLES["model"],
    "optimizers": TABLES["optimizer"],
    "schedules": TABLES["schedule"],
    "losses": TABLES["loss"],
    "training": TABLES["training"],
    "augments": AUGMENTS,
}
# Tables whose entries are plain names.
_NAMES: dict[str, Mapping[str, object]] = {
    "activations": ACTIVATIONS,
    "attention": ATTENTION,
    "inits": INITS,
    "norms": NORMS,
}


def print_entries(table: str) -> None:
    """Print the entries of a table.

    Raises:
        UserError: There is no such table.
    """
    console = Console(highlight=False)
    if table in _NAMES:
        for name in _NAMES[table]:
            console.print(escape(name))
    elif table in _OPTIONS:
        for name, entry in _OPTIONS[table].items():
            _print_entry(console, name, entry)
    else:
        raise UserError(f"list {table}", *unknown_name("table", table, [*_OPTIONS, *_NAMES]))


def _print_entry(console: Console, name: str, entry: type[Options]) -> None:
    about = (entry.__doc__ or "").partition("\n")[0]
    console.print(f"[bold]{escape(name)}[/bold]  {escape(about)}".strip())
    for knob, field in entry.model_fields.items():
        default = label(field.get_default(call_default_factory=True))
        console.print(f"  {knob}: {escape(default)}  [dim]{escape(field.description or '')}[/dim]")
