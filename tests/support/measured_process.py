"""Run code in a new Python process, and measure its CPU time and peak memory."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The peak is not `ru_maxrss`, which begins at the size of the process that started this one.
_REPORT = """\
import atexit, sys, time
from pathlib import Path

def report():
    lines = Path("/proc/self/status").read_text().splitlines()
    [kib] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    print(time.process_time(), int(kib) / 1024, file=sys.stderr)

atexit.register(report)
"""


@dataclass(frozen=True)
class Measured:
    """What a process printed, its CPU seconds, and its peak memory in MiB."""

    printed: str
    seconds: float
    megabytes: float


def run_measured(code: str, *arguments: object, cwd: Path | None = None) -> Measured:
    """Run code with arguments, which it finds in `sys.argv`; raise if it fails."""
    command = [sys.executable, "-c", _REPORT + code, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stderr.splitlines()[-1].split())
    return Measured(done.stdout, seconds, megabytes)
