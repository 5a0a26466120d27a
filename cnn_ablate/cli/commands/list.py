"""The command `list`: the tables of names that a study can use, with options and defaults."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import Knob, ListedTable, TableEntry
from cnn_ablate.cli.text_table import print_rows
from cnn_ablate.cli.wrapped_sentences import line_width, print_sentence
from cnn_ablate.data import DataSet
from cnn_ablate.data.augment import AUGMENTS
from cnn_ablate.errors import UserError
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.models import ACTIVATIONS, ATTENTION, INITS, NORMS
from cnn_ablate.options import Options
from cnn_ablate.plan.designs import DESIGNS
from cnn_ablate.schema import label
from cnn_ablate.settings import TABLES
from cnn_ablate.text import wrapped
from cnn_ablate.value_errors import unknown_name


def _options(entries: Mapping[str, type[Options]]) -> Iterator[TableEntry]:
    """Yield entries with their knobs, those that all data sets share left out."""
    for name, entry in entries.items():
        shared = DataSet.model_fields if issubclass(entry, DataSet) else {}
        yield TableEntry(
            name=name,
            about=_first_line(entry.__doc__),
            knobs=tuple(_knobs(entry, entry.model_fields.keys() - shared.keys())),
        )
    if any(issubclass(entry, DataSet) for entry in entries.values()):
        yield TableEntry(
            name="(all of them)",
            about=_first_line(DataSet.__doc__),
            knobs=tuple(_knobs(DataSet, DataSet.model_fields)),
        )


def _knobs(entry: type[Options], names: Iterable[str]) -> Iterator[Knob]:
    chosen = set(names)
    for name, field in entry.model_fields.items():
        if name in chosen:
            default = None if field.is_required() else label(_default(field))
            yield Knob(name=name, default=default, about=field.description or "")


def _default(field: Any) -> Any:
    return field.get_default(call_default_factory=True)


def _names(names: Iterable[str]) -> Iterator[TableEntry]:
    yield from (TableEntry(name=name) for name in names)


def _metrics() -> Iterator[TableEntry]:
    for name, known in KNOWN_METRICS.items():
        may_lead = " (*)" if known.may_lead else ""
        yield TableEntry(name=name, about=f"{known.meaning}{may_lead}")


def _designs() -> Iterator[TableEntry]:
    for name, design in DESIGNS.items():
        yield TableEntry(name=name, about=_first_line(design.__doc__))


def _first_line(doc: str | None) -> str:
    return (doc or "").partition("\n")[0]


# The tables: what each is, and its entries.
LISTS: dict[str, tuple[str, Callable[[], Iterator[TableEntry]]]] = {
    "datasets": ("Data sets: `data.name`.", lambda: _options(TABLES["data"])),
    "augments": ("Augmentations of training images: `data.augment`.", lambda: _options(AUGMENTS)),
    "models": ("Networks: `model.name`.", lambda: _options(TABLES["model"])),
    "activations": ("Activations of networks.", lambda: _names(ACTIVATIONS)),
    "attention": ("Attention modules of networks.", lambda: _names(ATTENTION)),
    "inits": ("Initialisations of networks.", lambda: _names(INITS)),
    "norms": ("Normalisation layers of networks.", lambda: _names(NORMS)),
    "optimizers": ("Optimizers: `optimizer.name`.", lambda: _options(TABLES["optimizer"])),
    "schedules": ("Schedules of the learning rate.", lambda: _options(TABLES["schedule"])),
    "losses": ("Losses: `loss.name`.", lambda: _options(TABLES["loss"])),
    "training": ("Length and method of training.", lambda: _options(TABLES["training"])),
    "designs": ("Which combinations are trained: `design`.", _designs),
    "metrics": ("What effects (`metric`) and claims may be about.", _metrics),
}


def print_entries(table: str, *, as_json: bool) -> None:
    """Print the entries of a table, or the tables if none is named.

    Raises:
        UserError: There is no such table.
    """
    if table and table not in LISTS:
        raise UserError(f"list {table}", *unknown_name("table", table, LISTS))
    if table:
        entries = tuple(LISTS[table][1]())
    else:
        entries = tuple(TableEntry(name=name, about=about) for name, (about, _) in LISTS.items())
    if as_json:
        print_json(ListedTable(table=table, entries=entries))
        return
    console = Console(highlight=False)
    if any(entry.knobs for entry in entries):
        for entry in entries:
            _print_entry(console, entry)
    elif any(entry.about for entry in entries):
        rows = [(entry.name, entry.about) for entry in entries]
        print_rows(console, ("name", "meaning"), rows, texts=2)
        if table == "metrics":
            print_sentence(console, "")
            print_sentence(console, "(*) Effects may be in it: `metric:` of the study.")
    else:
        for entry in entries:
            console.print(entry.name, markup=False)
    if not table:
        print_sentence(console, "")
        print_sentence(console, "The entries of one: cnn-ablate list NAME")


def _print_entry(console: Console, entry: TableEntry) -> None:
    """Print an entry and its knobs, the further lines of each indented more than its first."""
    head = Text(wrapped(f"{entry.name}  {entry.about}", line_width(console)))
    head.stylize("bold", 0, len(entry.name))
    console.print(head, soft_wrap=True)
    for knob in entry.knobs:
        default = "required" if knob.default is None else knob.default
        text = f"{knob.name}: {default}  {knob.about}"
        console.print(wrapped(text, line_width(console), "  "), markup=False, soft_wrap=True)
