"""Ctrl-C and SIGTERM during a run: the first waits for what is being written, no other does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Turns both signals into KeyboardInterrupt while in this context."""

    def __init__(self) -> None:
        self.count = 0
        self.writing = False
        self.before: dict[signal.Signals, Any] = {}

    @contextmanager
    def writing_first(self) -> Iterator[None]:
        """Finish what is in this context before the first signal is obeyed."""
        count, self.writing = self.count, True
        try:
            yield
        finally:
            self.writing = False
        if count == 0 < self.count:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal gives both
        self.count += 1
        if self.count > 1 or not self.writing:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        # Python gives signals to the main thread alone.
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        return self

    def __exit__(self, *fault: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
