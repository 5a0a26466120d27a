"""Run a command, with its output as a log of limited length, and the progress that it prints."""

import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_CHUNK = 1 << 16
_TICK = 0.2
# Seconds for which output is still read after the end, if something left behind holds the pipe.
_DRAIN = 1.0
# How much is kept of a log, and of a line that has not ended yet.
_LOG_BYTES, _LINE_BYTES = 1 << 18, 1 << 12
_PROGRESS = re.compile(rb"\bepoch=(\d+(?:\.\d+)?)/(\d+)\b")

OnProgress = Callable[[float, int], None]
"""Called with the number of epochs done and the number of all."""


class Log:
    """The end of what a command printed, and the line that is not complete yet."""

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.length = 0
        self.rest = b""

    def add(self, chunk: bytes) -> bytes:
        """Add output, and return the lines that it completes."""
        self.chunks.append(chunk)
        self.length += len(chunk)
        while self.length - len(self.chunks[0]) >= _LOG_BYTES:
            self.length -= len(self.chunks.popleft())
        lines = self.rest + chunk
        end = max(lines.rfind(b"\n"), lines.rfind(b"\r")) + 1
        self.rest = lines[end:][-_LINE_BYTES:]
        return lines[:end]

    @property
    def text(self) -> str:
        """The log as text."""
        kept = b"".join(self.chunks)[-_LOG_BYTES:]
        return kept.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")

    def tail(self, lines: int) -> list[str]:
        """Return the last lines that are not empty, each cut to a readable length."""
        return [line[:300] for line in self.text.splitlines() if line.strip()][-lines:]


def run_command(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Log,
    on_progress: OnProgress,
) -> int:
    """Run a command to its end, and return its exit code; negative: the signal that killed it.

    If this process dies meanwhile, or an exception leaves this function, the command ends too, with
    all processes that it has started.

    Args:
        command: The program and its arguments.
        folder: The current folder of the command.
        environment: Its environment variables.
        log: Gets the end of its output.
        on_progress: Called for each line that has `epoch=3/20`.
    """
    process = subprocess.Popen(  # noqa: S603 - only `run` gets here, with the user's own study
        [sys.executable, "-I", "-S", str(_SUPERVISOR), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        for chunk in _output(process):
            for done, total in _PROGRESS.findall(log.add(chunk))[-1:]:
                if int(total):
                    on_progress(min(float(done), int(total)), int(total))
        return process.wait()
    finally:
        if process.stdin:
            process.stdin.close()


def _output(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what a process prints, until it has ended or closes its output."""
    # A short queue: a command that prints faster than it is read has to wait.
    chunks: Queue[bytes] = Queue(maxsize=8)
    Thread(target=_read, args=(process.stdout, chunks), daemon=True).start()
    ended = 0.0
    while not ended or time.monotonic() - ended < _DRAIN:
        try:
            chunk = chunks.get(timeout=_TICK)
        except Empty:
            if ended:
                return
            chunk = None
        if chunk == b"":
            return
        if chunk:
            yield chunk
        if not ended and process.poll() is not None:
            ended = time.monotonic()


def _read(stream: IO[bytes] | None, chunks: Queue[bytes]) -> None:
    if stream:
        with stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                chunks.put(chunk)
    chunks.put(b"")
