"""What a worker prints, in a file of its own: the last lines tell why a trial was lost."""

import faulthandler
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cnn_ablate.executors.protocol import Ended

_LINES = 12
_BYTES = 65536
_CRASH = "Fatal Python error"


def redirect(log: Path) -> None:
    """Send all that this process prints to a file: what C code prints too, and a crash's trace."""
    with suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        os.close(descriptor)
    faulthandler.enable(2, all_threads=False)


def restart(log: Path) -> None:
    """Forget what earlier trials printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    with suppress(OSError):
        os.truncate(log, 0)


def with_tail(ended: Ended, log: Path) -> Ended:
    """Add the last lines that were printed to the reason why a trial has no result."""
    lines = _last(log)
    told = [ended.error, "Last lines of its log:", *lines] if lines else [ended.error]
    return replace(ended, error="\n".join(told))


def _last(log: Path) -> list[str]:
    try:
        printed = log.read_bytes()[-_BYTES:].decode(errors="replace").splitlines()
    except OSError:
        return []
    # The trace of a crash has its most recent call first.
    crash = next((i for i, line in enumerate(printed) if line.startswith(_CRASH)), -_LINES)
    return printed[crash:][:_LINES]
