"""SUMS, the last file of a study that is written: the SHA-256 of its tables and sample images.

`sha256sum -c SUMS` reads it too. A folder without it was written by an earlier version, or by a
run that was killed: its tables are read as they are, and the next run writes them anew.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.store.checksums import sha256

SUMS = "SUMS"
REWRITE = "`cnn-ablate run` writes it anew."
_SEALED = ("*.csv", "*.npz")
_LINE = re.compile(r"([0-9a-f]{64})  (\w+\.\w+)\n")


def sums(folder: Path) -> bytes:
    """Return the text of SUMS for the tables and sample images that a study's folder has now."""
    files = sorted(path for pattern in _SEALED for path in folder.glob(pattern))
    return _text({path.name: sha256(path.read_bytes()) for path in files}).encode()


def is_sealed(folder: Path) -> bool:
    """Return whether a study has SUMS, and all its tables match."""
    return (folder / SUMS).is_file() and not any(damaged_tables(folder))


def damaged_tables(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each table or sample file of a study that does not match SUMS, and why."""
    try:
        expected = _expected(folder)
    except UserError as error:
        yield Path(error.where), error.what
        return
    for name in expected or ():
        try:
            read_table(folder, name)
        except UserError as error:
            yield folder / name, error.what


def read_table(folder: Path, name: str) -> bytes:
    """Read a table of a study; it must match SUMS, if there is one.

    Raises:
        UserError: it is damaged, or not there.
    """
    path, before = folder / name, _expected(folder)
    try:
        payload = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(str(path), "is not there.", REWRITE) from error
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}.") from error
    # A run may have written both anew in between.
    if before is None or before.get(name) == sha256(payload) or before != _expected(folder):
        return payload
    raise UserError(str(path), f"does not match its checksum in {SUMS}.", REWRITE)


def _expected(folder: Path) -> dict[str, str] | None:
    path = folder / SUMS
    try:
        text = path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}.") from error
    except ValueError:
        text = ""
    found = {str(match[2]): str(match[1]) for match in _LINE.finditer(text)}
    if not found or text != _text(found):
        raise UserError(str(path), "is damaged.", REWRITE)
    return found


def _text(sums: Mapping[str, str]) -> str:
    return "".join(f"{checksum}  {name}\n" for name, checksum in sums.items())
