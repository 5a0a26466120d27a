"""`run --watch`: the report is written anew while trials end, by a process of low priority."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from cnn_ablate import fork_server
from cnn_ablate.cli.report_server import ReportServer
from cnn_ablate.schema import Record

# Seconds between two reports; and a report takes at most a third of the time of one core.
_PAUSE, _PAUSE_PER_SECOND = 5.0, 2.0
_NICENESS = 5


class LiveReport:
    """The report of a run that has not ended, served on this machine while in this context.

    Args:
        record: The study as it is being run.
        results: Results folder.
        reports: Reports folder.
        pictures: Whether to show test images.
        text: What the page says until the first trial ends.
        warn: Called with a sentence if the report cannot be written.
    """

    def __init__(
        self,
        record: Record,
        results: Path,
        reports: Path,
        *,
        pictures: bool,
        text: str,
        warn: Callable[[str], None],
    ) -> None:
        study = record.study.folder
        self.server, self.warn = ReportServer(reports / study, study, text), warn
        context = fork_server.context()
        self.pipe, far_end = context.Pipe()
        arguments = (far_end, record, results, reports, pictures)
        self.process = context.Process(target=_write_reports, args=arguments, daemon=True)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{self.server.host}/"

    def renew(self, text: str) -> None:
        """Show a text, and ask for a report of the trials that have ended by now."""
        self.server.text = text
        with suppress(OSError, EOFError):  # the process has ended, which was said
            if self.pipe.poll():
                self.warn(self.pipe.recv())
            self.pipe.send(None)

    def stop_renewing(self) -> None:
        """End the process, before this one writes the last report."""
        self.process.terminate()
        self.process.join()

    def __enter__(self) -> Self:
        self.process.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop_renewing()
        if kind is None:
            self.server.show_last("The run has ended; this is its report.")
        self.server.close()


def _write_reports(
    pipe: Connection, record: Record, results: Path, reports: Path, pictures: bool
) -> None:
    """Write a report whenever one was asked for, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with suppress(EOFError, OSError):
        while True:
            pipe.recv()
            while pipe.poll():
                pipe.recv()
            started = time.monotonic()
            try:
                _write_report(record, results, reports, pictures=pictures)
            except Exception as error:  # noqa: BLE001 - no report may end a training
                pipe.send(f"The watched report is not renewed: {type(error).__name__}: {error}")
                return
            time.sleep(max(_PAUSE, _PAUSE_PER_SECOND * (time.monotonic() - started)))


def _write_report(record: Record, results: Path, reports: Path, *, pictures: bool) -> None:
    from cnn_ablate.analysis import analyse
    from cnn_ablate.report import write
    from cnn_ablate.store import Store, collect

    finished = collect(Store(results), record, skip_damaged=True)
    write(analyse(finished), reports, pictures=pictures)
