"""Exit codes, and the one place that turns exceptions into messages and codes."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import typer

from cnn_ablate.errors import UserError

DONE, WRONG_INPUT, SOME_FAILED, BUG, INTERRUPTED = 0, 1, 2, 3, 130

# Errors of the disk or of permissions are not bugs of the program.
_DISK_ERRORS = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ENAMETOOLONG,
)


def run_and_exit(app: typer.Typer) -> None:
    """Run the command line and exit with its code; only a bug shows a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    # Each trial uses one core: threads of this process would compete with the workers.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        code = typer.main.get_command(app).main(standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - every exception ends here
        code = _report(error)
    if code == INTERRUPTED:
        _print("Interrupted. Run the same command again to resume.")
    sys.exit(code or DONE)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler
    raise KeyboardInterrupt


def _report(error: Exception) -> int:
    """Print an exception and return the exit code."""
    if user_errors := list(_user_errors(error)):
        for user_error in user_errors:
            _print(str(user_error))
        return WRONG_INPUT
    if type(error).__name__ == "Abort":
        # Typer also raises Abort at an end of file, which is not an interrupt by the user.
        return _report(error.__cause__) if isinstance(error.__cause__, EOFError) else INTERRUPTED
    if hasattr(error, "format_message"):
        _print(error.format_message())
        return WRONG_INPUT
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        _print(f"{error.filename or 'A file'}: cannot be written or read: {error.strerror}.")
        return WRONG_INPUT
    sys.excepthook(type(error), error, error.__traceback__)
    _print("This is a bug in cnn-ablate; please report it with the lines above.")
    return BUG


def _user_errors(error: BaseException) -> Iterator[UserError]:
    """Yield the user errors of an exception, none if a group holds any other exception."""
    if isinstance(error, UserError):
        yield error
    if isinstance(error, BaseExceptionGroup) and not error.split(UserError)[1]:
        for part in error.exceptions:
            yield from _user_errors(part)


def _print(text: str) -> None:
    sys.stderr.write(f"{text}\n")
