"""The ablation table as text: for a terminal, Markdown, LaTeX and HTML."""

import sys
from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap

from cnn_ablate.report import formatting, render_templates
from cnn_ablate.report.ablation_latex import latex
from cnn_ablate.report.ablation_table import AblationRow, AblationTable
from cnn_ablate.text import one_line, wrapped

_GAP = "  "
_NARROWEST = 16  # characters of a variant's name


def plain_text(table: AblationTable, *, width: int = sys.maxsize) -> str:
    """Return the table in columns of plain text; names are wrapped so that lines fit the width.

    What must be known of a variant beside its numbers is on a line below it, and what stars and
    round brackets mean is below the table.
    """
    headings = ("Variant", table.metric.value_heading, table.metric.effect_heading, "p", "Verdict")
    cells = [headings, *map(_cells, table.rows)]
    cells += [(name, accuracy, "", "", "") for name, accuracy in table.chance]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    spare = width - sum(widths[1:]) - len(_GAP) * (len(widths) - 1)
    widths[0] = min(widths[0], max(spare, _NARROWEST))
    lines = [_line(row, widths) for row in cells]
    remarks = ["", *(row.remark for row in table.rows), *("" for _ in table.chance)]
    pairs = zip(lines, remarks, strict=True)
    legend = (f"{wrapped(line, width)}\n" for line in table.legend)
    return "".join([*(f"{line}\n" + _remark(remark, width) for line, remark in pairs), *legend])


def _cells(row: AblationRow) -> tuple[str, ...]:
    effect = f"{row.effect.text} {row.effect_interval}".rstrip()
    return (
        one_line(row.name).replace("\N{RIGHTWARDS ARROW}", "->"),
        f"{row.accuracy.text} {row.interval}".rstrip(),
        "" if row.verdict == "means nothing" else effect.replace(formatting.MINUS, "-"),
        row.p.text,
        row.verdict,
    )


def _remark(text: str, width: int) -> str:
    return f"{wrapped(one_line(f'! {text}'), width, '    ')}\n" if text else ""


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *further = wrap(cells[0], widths[0], subsequent_indent=_GAP, break_on_hyphens=False)
    padded = [text.ljust(w) for text, w in zip([first, *cells[1:]], widths, strict=True)]
    return "\n".join([_GAP.join(padded).rstrip(), *further])


ABLATION_FORMATS: Mapping[str, Callable[[AblationTable], str]] = {
    "text": plain_text,
    "markdown": render_templates.ablation_markdown,
    "latex": latex,
    "html": render_templates.ablation_html,
}
