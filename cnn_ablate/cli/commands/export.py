"""The command `export`: write one table of a study: raw, or the ablation table for a paper."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd
import typer

from cnn_ablate.analysis import FRAMES, Analysis, analyse, frames
from cnn_ablate.cli.damaged_tables import print_damaged_tables
from cnn_ablate.cli.edited_study_file import read_as_edited
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import WrittenTable
from cnn_ablate.cli.overwriting import first_line, first_lines, write_output
from cnn_ablate.errors import UserError
from cnn_ablate.find_study import study_folder
from cnn_ablate.report import escaping
from cnn_ablate.report.ablation_formats import ABLATION_FORMATS
from cnn_ablate.report.ablation_table import ablation_table
from cnn_ablate.report.ablation_table import frame as table_frame
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.store.trial_files import as_csv
from cnn_ablate.text import listed
from cnn_ablate.value_errors import unknown_name


def _json(frame: pd.DataFrame) -> bytes:
    return frame.to_json(orient="records", indent=1).encode()


def _csv(frame: pd.DataFrame) -> bytes:
    return as_csv(escaping.spreadsheet(frame))


def _parquet(frame: pd.DataFrame) -> bytes:
    file = BytesIO()
    try:
        frame.to_parquet(file, index=False)
    except ImportError:
        hint = "Install it with: pip install 'cnn-ablate[parquet]'"
        raise UserError("--format parquet", "needs the package pyarrow.", hint) from None
    return file.getvalue()


FORMATS: Mapping[str, Callable[[pd.DataFrame], bytes]] = {
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}


def _keys(payload: bytes) -> list[bytes]:
    """Return the keys of the first record of a JSON file."""
    return re.findall(rb'^  "(.*?)":', payload.partition(b"\n }")[0], re.MULTILINE)


# What all files of one table in a format have in common, where it is not their first lines.
_BEGINNINGS: Mapping[str, Callable[[bytes], object]] = {
    "csv": first_line,
    "json": _keys,
    "parquet": lambda payload: payload[:4],
}
# File extensions that differ from the name of their format.
_EXTENSIONS = {"tex": "latex", "md": "markdown", "txt": "text"}
ABLATION = "ablation"


@dataclass(frozen=True)
class ExportOptions:
    """Which table to write, in which format (by default that of the file extension), and where.

    With `force`, any file there is replaced.
    """

    table: str
    style: str
    output: Path
    force: bool = False
    as_json: bool = False


def export_table(study: str, profile: str, results: Path, options: ExportOptions) -> None:
    """Write a table of a study, with the title of its file as it is now, and print its path.

    Raises:
        UserError: There is no such study, table or format, or the file cannot be written.
    """
    extension = options.output.suffix.removeprefix(".")
    style = options.style or _EXTENSIONS.get(extension, extension)
    known = {**FORMATS, **(ABLATION_FORMATS if options.table == ABLATION else {})}
    if style in ABLATION_FORMATS and style not in known:
        what = f"is for the table of a paper, not for {options.table}."
        hint = f"--table {ABLATION} has it; the raw columns are written as {listed(FORMATS, 'or')}."
        raise UserError(f"--format {style}", what, hint)
    if style not in known:
        raise UserError(f"--format {style}".rstrip(), *unknown_name("format", style, known))
    if options.table not in {ABLATION, *FRAMES}:
        names = (ABLATION, *FRAMES)
        raise UserError(f"--table {options.table}", *unknown_name("table", options.table, names))
    folder = results / study_folder(study, profile)
    print_damaged_tables(folder)
    written, edits = read_as_edited(study, folder)
    payload, rows = _payload(analyse(written), options.table, style)
    beginning = _BEGINNINGS.get(style, first_lines)
    write_output(options.output, payload, beginning, force=options.force)
    if edits:
        typer.echo(edits.remark("table"), err=True)
    if options.as_json:
        print_json(WrittenTable(table=options.table, file=str(options.output), rows=rows))
    else:
        typer.echo(f"{options.table}: {options.output} ({rows:,} rows)")


def _payload(analysis: Analysis, name: str, style: str) -> tuple[bytes, int]:
    """Return a table as the content of a file, and the number of its rows."""
    if name != ABLATION:
        frame = frames(analysis)[name]
        return FORMATS[style](frame), len(frame)
    table = ablation_table(ReportData.of(analysis))
    if style in FORMATS:
        return FORMATS[style](table_frame(table)), len(table.rows)
    text = ABLATION_FORMATS[style](table).rstrip("\n")
    return f"{text}\n".encode(), len(table.rows)
