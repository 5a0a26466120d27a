"""A program that runs a command in a process group of its own, and ends the group with its owner.

The owner holds the other end of this program's standard input, which closes when the owner closes
it or dies, even by SIGKILL. It is started by its path, without the package: it must start at once.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

# Seconds that a command has to end by itself after SIGTERM.
_GRACE = 3.0


def main() -> None:
    """Run the command of the command line, and end as it ends."""
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - it is the user's
    threading.Thread(target=_end_with_owner, args=(process,), daemon=True).start()
    code = process.wait()
    # What the command has started and left behind would hold memory, or a GPU.
    _signal_group(process, signal.SIGKILL)
    if code < 0:
        with suppress(OSError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _end_with_owner(process: subprocess.Popen[bytes]) -> None:
    # Not sys.stdin, whose lock would stop the interpreter from ending before the owner does.
    while os.read(0, 1):
        pass
    _signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


if __name__ == "__main__":
    main()
