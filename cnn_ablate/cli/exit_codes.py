"""The one place that turns exceptions into messages and exit codes."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import typer

from cnn_ablate.errors import UserError

DONE, WRONG_INPUT, SOME_FAILED, BUG, INTERRUPTED = 0, 1, 2, 3, 130

# What a disk or its owner forbids is no bug: no room, no right, no such device.
_THE_DISKS = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ENAMETOOLONG,
)


def guarded(app: typer.Typer) -> None:
    """Run the command line and exit with its code; only a bug shows a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    # Trials run one to a core: threads of this process would only be in their way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        code = typer.main.get_command(app).main(standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as fault:  # noqa: BLE001 - this is the place where all of them end
        code = _explain(fault)
    if code == INTERRUPTED:
        _say("Interrupted. The same command goes on where this one stopped.")
    sys.exit(code or DONE)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal gives both
    raise KeyboardInterrupt


def _explain(fault: Exception) -> int:
    if errors := list(_user_errors(fault)):
        for error in errors:
            _say(str(error))
        return WRONG_INPUT
    if type(fault).__name__ == "Abort":
        # Typer also makes one of an end of file, which is no wish of the user's.
        return _explain(fault.__cause__) if isinstance(fault.__cause__, EOFError) else INTERRUPTED
    if hasattr(fault, "format_message"):
        _say(fault.format_message())
        return WRONG_INPUT
    if isinstance(fault, OSError) and fault.errno in _THE_DISKS:
        _say(f"{fault.filename or 'A file'}: cannot be written or read: {fault.strerror}.")
        return WRONG_INPUT
    sys.excepthook(type(fault), fault, fault.__traceback__)
    _say("This is a bug in cnn-ablate; please report it with the lines above.")
    return BUG


def _user_errors(fault: BaseException) -> Iterator[UserError]:
    if isinstance(fault, UserError):
        yield fault
    if isinstance(fault, BaseExceptionGroup) and not fault.split(UserError)[1]:
        for part in fault.exceptions:
            yield from _user_errors(part)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
