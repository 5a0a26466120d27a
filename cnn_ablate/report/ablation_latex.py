r"""The ablation table in LaTeX: as many components as a column of text holds, and footnotes."""

from collections.abc import Iterable, Sequence
from string import ascii_lowercase

from cnn_ablate.report import render_templates
from cnn_ablate.report.ablation_table import AblationRow, AblationTable, Mark
from cnn_ablate.text import capital

# Of `article` at 10 points: the width of the text, and of a column beside its characters.
_TEXT_WIDTH, _GAP = 345.0, 6.0
# The mean width of a character by the size of the font, in points.
_CHARACTERS = {"small": 4.9, "footnotesize": 4.35}
_LONGEST_LABEL = 34  # characters


def latex(table: AblationTable) -> str:
    r"""Return the table for `\input`; it needs booktabs, amssymb and graphicx.

    In the larger font with all components if they fit, else in the smaller one, else with
    several ticks. The names of variants, or what they change, are always there.
    """
    every = list(range(len(table.components)))
    ticks = [place for place in every if _is_ticked(table, place)]
    # One tick among rows that change other things would read as if they changed nothing.
    several = ticks if len(ticks) > 1 else []
    layouts = [(size, chosen) for chosen in (every, several, []) for size in _CHARACTERS]
    fitting = (layout for layout in layouts if _fits(table, *layout))
    size, chosen = next(fitting, ("footnotesize", []))
    return render_templates.ablation_latex(
        table,
        chosen=chosen,
        size=size,
        longest=_LONGEST_LABEL,
        footnotes=_footnotes(table),
        remarks=_remarks,
        caption=_caption(table),
    )


def _fits(table: AblationTable, size: str, chosen: Sequence[int]) -> bool:
    """Return whether a column of text holds the table with some of its components."""
    # A header is rotated, and as wide as two characters.
    lengths = [max(_length(table, place), 2) for place in chosen]
    widths = (n * _CHARACTERS[size] + _GAP for n in (*_fixed_columns(table), *lengths))
    return sum(widths) <= _TEXT_WIDTH


def _length(table: AblationTable, place: int) -> int:
    """Return the length in characters of the longest level that a component shows."""
    return _longest(_shown(row.marks[place]) for row in table.rows if _is_shown(row, place))


def _is_ticked(table: AblationTable, place: int) -> bool:
    return all(row.marks[place].text in {"true", "false", ""} for row in table.rows)


def _fixed_columns(table: AblationTable) -> list[int]:
    """Return the lengths in characters of the columns that are not components."""
    sizes = [_longest(row.parameters.text for row in table.rows)] * table.sizes_differ
    return [
        _longest(row.label[:_LONGEST_LABEL] + "a" * len(_remarks(row)) for row in table.rows),
        _longest(f"{row.accuracy.text} {_spread(table, row)}" for row in table.rows),
        _longest(f"{row.effect.text} {row.effect_interval}" for row in table.rows),
        _longest(row.p.text for row in table.rows),
        *sizes,
    ]


def _spread(table: AblationTable, row: AblationRow) -> str:
    """Return the interval of an accuracy as it is printed: all of a table in one notation."""
    return f"± {row.half_width}" if table.is_symmetric and row.half_width else row.interval


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _is_shown(row: AblationRow, place: int) -> bool:
    return row.is_reference or row.marks[place].moved


def _shown(mark: Mark) -> str:
    return "x" if mark.text in {"true", "false"} else mark.text


def _remarks(row: AblationRow) -> list[str]:
    """Return what footnotes say of a row."""
    versus = [f"compared with {row.versus}"] if row.versus else []
    noise = ["the same training: numerical noise"] if row.verdict == "same training" else []
    return [*versus, *noise, *filter(None, [row.remark])]


def _footnotes(table: AblationTable) -> dict[str, str]:
    """Return a letter for each remark, in the order of the rows."""
    remarks = dict.fromkeys(remark for row in table.rows for remark in _remarks(row))
    return dict(zip(remarks, ascii_lowercase, strict=False))


def _caption(table: AblationTable) -> str:
    """Return what the numbers are, and how they were obtained."""
    title = table.title if table.title.endswith(("?", "!", ".")) else f"{table.title}."
    legend = "".join(f" {line}" for line in table.legend)
    return (
        f"{title} {capital(table.metric.label)}: mean over seeds with its 95 % interval. Effect: "
        "mean of the differences paired by seed, with an interval that holds for all "
        f"contrasts of a family at once, and adjusted p ({table.conditions}).{legend}"
    )
