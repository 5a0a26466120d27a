"""Exit codes, and the one place that turns exceptions into messages and codes."""

import errno
import os
import re
import shutil
import signal
import sys
from _thread import interrupt_main
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.machinery import EXTENSION_SUFFIXES
from io import StringIO, TextIOWrapper
from pathlib import Path
from threading import Timer
from types import FrameType

import typer

from cnn_ablate.cli.json_output import is_kept, keep_stdout, print_json, standard_output
from cnn_ablate.ending_signals import ending_signals
from cnn_ablate.errors import UserError, is_out_of_memory
from cnn_ablate.text import NO_BREAK, wrapped

DONE, WRONG_INPUT, SOME_FAILED, BUG, INTERRUPTED = 0, 1, 2, 3, 130
# In whose frames Python imports modules, and what shows the cursor that progress bars hide.
_IMPORTING, _SHOW_CURSOR = "<frozen importlib._bootstrap>", "\x1b[?25h"
_QUOTED = re.compile(r"(?<!\w)'[^'\n]+'(?!\w)|`[^`\n]+`")
# Faults of the system whose exceptions have no class of their own, by what their messages contain.
_FAULTS = {
    "can't start new thread": "No thread can be started. Raise their limit (`ulimit -u`).",
    "surrogates not allowed": "The name of a file or folder is not in UTF-8. Rename it.",
}
_INTERRUPT = UserError("", "Interrupted.", "Run the same command again to resume.")
_BUG = UserError("", "This is a bug in cnn-ablate;", "please report it with the lines above.")


def run_and_exit(app: typer.Typer) -> None:
    """Run the command line and exit with its code; only a bug shows a traceback."""
    _prepare_streams()
    keep_stdout("--json" in sys.argv)
    for number in ending_signals():
        signal.signal(number, _interrupt)
    # Each trial uses one core: threads of this process would compete with the workers.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.unraisablehook = _repeat_lost_interrupt
    try:
        # Blocked until now, by the entry point.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        # Libraries end the process where the current folder was removed.
        Path.cwd()
        code = typer.main.get_command(app).main(standalone_mode=False)
        standard_output().flush()
        if code == INTERRUPTED:
            raise KeyboardInterrupt  # noqa: TRY301 - Typer has caught it
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - every exception ends here
        code = _report(*_describe(error))
    sys.exit(code or DONE)


def _prepare_streams() -> None:
    """Make printing work where a stream is closed, or lacks the characters."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, StringIO())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt; while modules are imported, which may lose it, end at once."""
    del number
    while frame:
        if frame.f_code.co_filename == _IMPORTING:
            _end_at_once()
        frame = frame.f_back
    raise KeyboardInterrupt


def _end_at_once() -> None:
    try:
        if sys.stdout.isatty():
            typer.echo(_SHOW_CURSOR, nl=False)
        _report(INTERRUPTED, [_INTERRUPT])
    finally:  # also where a module that it needs is half imported
        os._exit(INTERRUPTED)


def _repeat_lost_interrupt(lost: "sys.UnraisableHookArgs") -> None:
    """Repeat an interrupt that came in a callback, whose exceptions Python ignores.

    A moment later, as one that comes within this function would be lost, too.
    """
    if issubclass(lost.exc_type, KeyboardInterrupt):
        Timer(0.02, interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)


def _describe(error: BaseException) -> tuple[int, list[UserError]]:
    """Return the exit code of an exception, and what to print; a traceback is printed at once."""
    if user_errors := list(_user_errors(error)):
        return WRONG_INPUT, user_errors
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, [_INTERRUPT]
    if type(error).__name__ == "Abort":
        # Typer also raises Abort at an end of file, which is not an interrupt by the user.
        cause = error.__cause__
        return _describe(cause) if isinstance(cause, EOFError) else (INTERRUPTED, [_INTERRUPT])
    if hasattr(error, "format_message"):
        return WRONG_INPUT, [UserError("", error.format_message())]
    if sentence := _system_fault(error):
        return WRONG_INPUT, [UserError("", sentence)]
    sys.excepthook(type(error), error, error.__traceback__)
    return BUG, [_BUG]


def _report(code: int, errors: Sequence[UserError]) -> int:
    """Print errors, with `--json` also as one object on standard output, and return the code."""
    with suppress(OSError, ValueError):  # a stream is closed
        for error in errors:
            sys.stderr.write(f"{_shown(error)}\n")
        if is_kept():
            # Imports pydantic models: `--help` needs none.
            from cnn_ablate.cli.run_events import ErrorEvent, FoundError

            found = (FoundError(where=e.where, what=e.what, hint=e.hint) for e in errors)
            print_json(ErrorEvent(exit_code=code, errors=tuple(found)), lines=True)
    return code


def _shown(error: UserError) -> str:
    """Return an error, on a terminal in lines of its width; paths and quoted texts stay whole."""
    if not sys.stderr.isatty():
        return str(error)
    place = error.where.replace(" ", NO_BREAK)
    text = str(UserError(place, error.what, error.hint))
    lines = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", NO_BREAK), text).splitlines()
    width = shutil.get_terminal_size().columns
    return "\n".join(wrapped(line, width) for line in lines)


def _system_fault(error: BaseException) -> str:
    """Return a sentence on a fault of the disk or the operating system; empty if it is none."""
    if isinstance(error, MemoryError) or is_out_of_memory(error):
        return "There is not enough memory. Use fewer --workers, or smaller images and batches."
    if isinstance(error, OSError):
        if error.errno == errno.EPIPE or error.filename is None:
            _drop_output()
        why = error.strerror or str(error) or type(error).__name__
        if error.filename is None:
            return f"The operating system reports: {why}."
        return f"{error.filename}: cannot be written or read: {why}."
    if isinstance(error, ImportError) and (error.path or "").endswith((*EXTENSION_SUFFIXES,)):
        hint = "Raise the limits of memory and open files (`ulimit -v`, `-n`), or install it again."
        return f"{error.path}: cannot be loaded: {error}. {hint}"
    return next((sentence for text, sentence in _FAULTS.items() if text in str(error)), "")


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
