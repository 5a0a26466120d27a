"""Files that the user names: one that a command has not made is replaced only with --force."""

from collections.abc import Callable
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.store import atomic


def write_output(
    path: Path, payload: bytes, beginning: Callable[[bytes], object], *, force: bool
) -> None:
    """Write a file; replace one that begins as an earlier output of the same kind does.

    Args:
        path: The file.
        payload: Its new content.
        beginning: Returns what all outputs of one kind have in common: the names of the columns.
        force: Replace any file.

    Raises:
        UserError: there is another file of that name, or it cannot be written.
    """
    with atomic.as_user_error(path):
        is_other = path.is_dir() or (
            path.exists() and not force and beginning(path.read_bytes()) != beginning(payload)
        )
    if is_other:
        what = "is there already, and was not made by this command."
        raise UserError(str(path), what, "" if path.is_dir() else "--force replaces it.")
    atomic.replace_file(path, payload, path.parent)


def first_line(payload: bytes) -> bytes:
    """Return the header of a CSV file."""
    return payload.partition(b"\n")[0].rstrip(b"\r")


def first_lines(payload: bytes) -> list[bytes]:
    """Return the first three lines of a file."""
    return payload.splitlines()[:3]
