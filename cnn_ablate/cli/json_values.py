"""What commands print with `--json`: one class per command, from which the schema is made."""

from cnn_ablate.schema import Frozen


class Knob(Frozen):
    """An option of an entry; `default` is null if it is required."""

    name: str
    default: str | None
    about: str


class TableEntry(Frozen):
    """An entry of a table."""

    name: str
    about: str = ""
    knobs: tuple[Knob, ...] = ()


class ListedTable(Frozen):
    """`list`: the entries of a table, or the tables if none was named."""

    table: str
    entries: tuple[TableEntry, ...]
