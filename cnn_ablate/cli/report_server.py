"""The report of a run on a page that reloads itself, for browsers of this machine alone."""

import json
import threading
import time
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_PAGE = Path(__file__).with_name("live_page.html")
_REPORT = "report.html"
# Seconds since a page last asked after which none is taken to be open, and how long the end of a
# run waits for one that is.
_AWAY, _LAST_REPORT = 3.0, 3.0


class ReportServer:
    """Serves the folder of a report on a free port of 127.0.0.1.

    Attributes:
        text: What the page says above the report.
    """

    def __init__(self, folder: Path, study: str, text: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.study, self.text = folder, study, text
        self.is_over = False
        self.last_asked, self.last_shown = float("-inf"), ""
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.host = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def version(self) -> str:
        """When the report was written; '' if there is none yet."""
        report = self.folder / _REPORT
        return str(report.stat().st_mtime_ns) if report.is_file() else ""

    def state(self) -> bytes:
        """Return what the page asks for: the text, and the version of the report."""
        self.last_asked = time.monotonic()
        state = {"study": self.study, "text": self.text, "version": self.version}
        return json.dumps(state | {"is_over": self.is_over}).encode()

    def show_last(self, text: str) -> None:
        """Wait until an open page shows the last report, for some seconds at most."""
        self.text, self.is_over = text, True
        end = time.monotonic() + _LAST_REPORT
        while self._is_behind() and time.monotonic() < end:
            time.sleep(0.05)

    def close(self) -> None:
        """Stop serving."""
        self.http.shutdown()
        self.http.server_close()

    def _is_behind(self) -> bool:
        is_open = time.monotonic() - self.last_asked < _AWAY
        return is_open and self.last_shown != self.version


class _Handler(SimpleHTTPRequestHandler):
    """Answers with the page, its state, or a file of the folder."""

    def __init__(self, report: ReportServer, *args: object) -> None:
        self.report = report
        super().__init__(*args, directory=str(report.folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer a request, unless it is addressed to another host than this server."""
        address = urlsplit(self.path)
        # A name of another site that was made to mean this machine must not read the report.
        if self.headers.get("Host") != self.report.host:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif address.path == "/":
            self._send(_PAGE.read_bytes(), "text/html; charset=utf-8")
        elif address.path == "/state":
            self._send(self.report.state(), "application/json")
        elif self._is_served():
            super().do_GET()
            if address.path == f"/{_REPORT}":
                self.report.last_shown = address.query
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        """Refuse it: pages do not ask so."""
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    def _is_served(self) -> bool:
        """Return whether a path is a file in the folder, also where links on the way lead."""
        path = Path(self.translate_path(self.path))
        return path.is_file() and path.resolve().is_relative_to(self.report.folder.resolve())

    def _send(self, payload: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def end_headers(self) -> None:
        """End the headers; a browser must not keep what changes."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing: standard error is that of the run."""
