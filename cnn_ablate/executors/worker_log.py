"""The log of a worker: a file with all that it prints, quoted when a trial is lost."""

import faulthandler
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cnn_ablate.executors.protocol import Ended

# How much of a log is quoted, and how much of its end is read for that.
_LINES = 12
_BYTES = 65536
# The first line of what faulthandler prints.
_CRASH = "Fatal Python error"


def redirect(log: Path) -> None:
    """Send all output of this process to a file, and the traceback of a crash in C code too.

    The file descriptors are redirected rather than sys.stdout, as C libraries print as well.
    """
    with suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        os.close(descriptor)
    faulthandler.enable(2, all_threads=False)


def clear(log: Path) -> None:
    """Remove what earlier trials printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    with suppress(OSError):
        os.truncate(log, 0)


def with_tail(ended: Ended, log: Path) -> Ended:
    """Append the last lines of a log to the reason why a trial has no result."""
    tail = _tail(log)
    lines = [ended.error, "Last lines of its log:", *tail] if tail else [ended.error]
    return replace(ended, error="\n".join(lines))


def _tail(log: Path) -> list[str]:
    try:
        lines = log.read_bytes()[-_BYTES:].decode(errors="replace").splitlines()
    except OSError:
        return []
    # The traceback of a crash has its most recent call first.
    start = next((i for i, line in enumerate(lines) if line.startswith(_CRASH)), -_LINES)
    return lines[start:][:_LINES]
