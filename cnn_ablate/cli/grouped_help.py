"""Help that lists the commands in groups, each with its whole first sentence."""

from typing import Any, ClassVar

from typer.core import TyperGroup

# The groups, in the order of a study's life, with their commands.
GROUPS: dict[str, tuple[str, ...]] = {
    "Start": ("init", "list", "data"),
    "Run": ("plan", "audit", "run", "status", "import"),
    "Look": ("report", "compare", "explain", "predict"),
    "Paper": ("export", "pack"),
    "Housekeeping": ("doctor", "clean", "schema"),
}


class WholeSentences(TyperGroup):
    """A group of commands whose help shows them by `groups`; others follow."""

    groups: ClassVar[dict[str, tuple[str, ...]]] = {}

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each group that this program has."""
        known = {
            name: command
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name))
        }
        named = {name for names in self.groups.values() for name in names}
        others = "Other" if self.groups else "Commands"
        groups = {**self.groups, others: tuple(name for name in known if name not in named)}
        width = max(map(len, known))
        for title, names in groups.items():
            rows = [(n.ljust(width), _sentence(known[n])) for n in names if n in known]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class GroupedCommands(WholeSentences):
    """The commands of the program."""

    groups = GROUPS


def _sentence(command: Any) -> str:
    """Return the first paragraph of a command's help."""
    return " ".join((command.help or "").partition("\n\n")[0].split())
