"""Exit codes, and the one place that turns exceptions into messages and codes."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO, TextIOWrapper
from pathlib import Path
from types import FrameType

import typer

from cnn_ablate.cli.json_output import standard_output
from cnn_ablate.ending_signals import ending_signals
from cnn_ablate.errors import UserError

DONE, WRONG_INPUT, SOME_FAILED, BUG, INTERRUPTED = 0, 1, 2, 3, 130


def run_and_exit(app: typer.Typer) -> None:
    """Run the command line and exit with its code; only a bug shows a traceback."""
    _prepare_streams()
    for number in ending_signals():
        if number != signal.SIGINT:
            signal.signal(number, _interrupt)
    # Each trial uses one core: threads of this process would compete with the workers.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        # Libraries end the process where the current folder was removed.
        Path.cwd()
        code = typer.main.get_command(app).main(standalone_mode=False)
        standard_output().flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - every exception ends here
        code = _report(error)
    if code == INTERRUPTED:
        _print("Interrupted. Run the same command again to resume.")
    sys.exit(code or DONE)


def _prepare_streams() -> None:
    """Make printing work where a stream is closed, or lacks the characters."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, StringIO())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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
    if sentence := _system_fault(error):
        _print(sentence)
        return WRONG_INPUT
    sys.excepthook(type(error), error, error.__traceback__)
    _print("This is a bug in cnn-ablate; please report it with the lines above.")
    return BUG


def _system_fault(error: Exception) -> str:
    """Return a sentence on a fault of the disk or the operating system; empty if it is none."""
    if isinstance(error, MemoryError):
        return "There is not enough memory. Use fewer --workers, or smaller images and batches."
    if isinstance(error, OSError):
        if error.errno == errno.EPIPE or error.filename is None:
            _drop_output()
        why = error.strerror or str(error) or type(error).__name__
        return f"{error.filename or 'The operating system'}: cannot be written or read: {why}."
    return ""


def _drop_output() -> None:
    """Discard what is left to print: nobody reads it, or the disk that it goes to is full."""
    with suppress(OSError, ValueError), Path(os.devnull).open("w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), standard_output().fileno())


def _user_errors(error: BaseException) -> Iterator[UserError]:
    """Yield the user errors of an exception, none if a group holds any other exception."""
    if isinstance(error, UserError):
        yield error
    if isinstance(error, BaseExceptionGroup) and not error.split(UserError)[1]:
        for part in error.exceptions:
            yield from _user_errors(part)


def _print(text: str) -> None:
    with suppress(OSError, ValueError):  # it is closed
        sys.stderr.write(f"{text}\n")
