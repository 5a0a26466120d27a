"""Pictures whose classes are in a CSV file: one row per picture."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from cnn_ablate.custom import search_folders
from cnn_ablate.data.dataset_options import FoundData
from cnn_ablate.data.folder import ClassFiles, divide_classes, found_pictures
from cnn_ablate.data.paths import expanded
from cnn_ablate.data.picture_options import PictureFiles
from cnn_ablate.errors import UserError
from cnn_ablate.options import knob
from cnn_ablate.text import some
from cnn_ablate.value_errors import unknown_name

_SEPARATORS = ",;\t"
_HALVES = ("train", "test")
# Rows of other halves are not used, as folders of these names are not.
_UNUSED = ("val", "valid", "validation")
# Rows that one message names.
_NAMED = 20


@dataclass(frozen=True)
class LabelledPicture:
    """One row of a table: its line, the file, its class, and its half, or '' without a column."""

    line: int
    file: Path
    label: str
    half: str


class ImageTable(PictureFiles):
    """Pictures that a CSV file lists, with a class each."""

    name: ClassVar[str] = "image_table"

    table: str = knob(
        "labels.csv", "The CSV file: absolute, below a data root, or beside the study."
    )
    image: str = knob("file", "Column of the pictures, relative to the folder of the table.")
    label: str = knob("label", "Column of the classes.")
    split: str | None = knob(
        None, "Column with train or test per picture; without it, they are divided here."
    )
    test_fraction: float = knob(
        0.2,
        "Fraction of each class for testing, if no column says it.",
        gt=0,
        lt=1,
        needs={"split": (None,)},
    )

    def find_in(self, root: Path) -> FoundData | None:
        """Search the table below one data root; raises UserError."""
        table = root / expanded(self.table)
        if not table.is_file():
            return None
        rows = self._read_rows(table)
        used = [row for row in rows if row.half not in _UNUSED]
        halves = self._halves(table, used)
        found = found_pictures(self.name, table.parent, halves, self.decoding())
        how = [self.image, self.label, self.split or f"{self.test_fraction}"]
        left_out = len(rows) - len(used)
        note = f"Not used: {left_out:,} pictures for validation." if left_out else ""
        files = (table, *found.files)
        return replace(found, files=files, divided=" ".join(how), note=note)

    def _halves(self, table: Path, rows: list[LabelledPicture]) -> tuple[ClassFiles, ClassFiles]:
        if self.split is None:
            return divide_classes(_by_class(rows), self.test_fraction)
        train, test = (_by_class(row for row in rows if row.half == half) for half in _HALVES)
        if unmatched := sorted(train.keys() ^ test.keys()):
            half = "test" if unmatched[0] in train else "training"
            raise UserError(str(table), f"class '{unmatched[0]}' has no {half} pictures.")
        return train, test

    def _read_rows(self, table: Path) -> list[LabelledPicture]:
        """Read and check all rows; raises UserError."""
        columns = [self.image, self.label, *([self.split] if self.split else [])]
        rows = [
            LabelledPicture(line, table.parent / cells[0], cells[1], "".join(cells[2:]).lower())
            for line, cells in _read_cells(table, columns)
        ]
        if not rows:
            raise UserError(str(table), "has no rows.")
        _check_halves(table, rows)
        _check_files(table, rows)
        return rows

    def expected_files(self) -> str:
        """Return the path of the table."""
        return self.table

    def install_hint(self, root: Path) -> str:  # noqa: ARG002 - better seen beside the study
        """Return a sentence on where to put the table."""
        return f"Put the table at {search_folders()[0] / self.table}, or set data.table."


def _read_cells(table: Path, columns: list[str]) -> list[tuple[int, list[str]]]:
    """Read some columns of a CSV file: (line, cells) per row; raises UserError."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(str(table), f"not a text file: byte {error.start} is not UTF-8.") from None
    header = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(_SEPARATORS, key=header.count))
    names = [name.strip() for name in next(reader, [])]
    for column in columns:
        if column not in names:
            raise UserError(str(table), *unknown_name("column", column, names))
    places = [names.index(column) for column in columns]
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    for line, row in rows:
        for column, place in zip(columns, places, strict=True):
            if place >= len(row) or not row[place].strip():
                raise UserError(f"{table}, line {line}", f"has no {column}.")
    return [(line, [row[place].strip() for place in places]) for line, row in rows]


def _check_halves(table: Path, rows: list[LabelledPicture]) -> None:
    known = {*_HALVES, *_UNUSED, ""}
    wrong = next((row for row in rows if row.half not in known), None)
    if wrong:
        what = f"expected train or test, not '{wrong.half}'."
        raise UserError(f"{table}, line {wrong.line}", what)


def _check_files(table: Path, rows: list[LabelledPicture]) -> None:
    """Refuse pictures that are listed twice or missing; raises UserError."""
    lines: dict[Path, int] = {}
    for row in rows:
        if row.file in lines:
            what = f"{row.file.name} is also in line {lines[row.file]}."
            raise UserError(f"{table}, line {row.line}", what)
        lines[row.file] = row.line
    missing = [f"{row.file} (line {row.line})" for row in rows if not row.file.is_file()]
    if missing:
        what = f"{len(missing):,} of {len(rows):,} pictures are not there: "
        hint = "Paths are relative to the folder of the table."
        raise UserError(str(table), f"{what}{some(missing, most=_NAMED)}.", hint)


def _by_class(rows: Iterable[LabelledPicture]) -> ClassFiles:
    """Return the pictures of each class, in the order of the table; classes by number or name."""
    files = defaultdict(list)
    for row in rows:
        files[row.label].append(row.file)
    ordered = sorted(
        files, key=lambda label: (len(label), label) if label.isdigit() else (0, label)
    )
    return {label: tuple(files[label]) for label in ordered}
