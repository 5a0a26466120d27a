"""SIGINT, SIGTERM, SIGHUP during a run: the first waits until a file or a line is written."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from cnn_ablate.ending_signals import ending_signals


class InterruptHandler:
    """Turns these signals into KeyboardInterrupt within its context."""

    def __init__(self) -> None:
        self.received = 0
        self.deferring = False
        self.previous: dict[signal.Signals, Any] = {}

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Hold back the first signal until the block has ended.

        It writes a file, or a line to a terminal: cut off, that would be printed twice.
        """
        received, self.deferring = self.received, True
        try:
            yield
        finally:
            self.deferring = False
        if received == 0 < self.received:
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of a handler
        self.received += 1
        if self.received > 1 or not self.deferring:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        # Python delivers signals to the main thread only.
        if threading.current_thread() is threading.main_thread():
            numbers = ending_signals()
            self.previous = {number: signal.signal(number, self._on_signal) for number in numbers}
        return self

    def __exit__(self, *fault: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)
