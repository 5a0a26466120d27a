"""`run --watch`: the report is served on this machine while trials end, and nothing else is."""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import pytest

from cnn_ablate.cli import live_report
from cnn_ablate.cli.live_report import LiveReport
from cnn_ablate.cli.report_server import ReportServer
from cnn_ablate.report import page_content
from support.cli_study import call, write
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork


def fetch(url: str, **headers: str) -> tuple[int, str]:
    """Return the status and the text of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as got:  # noqa: S310
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


class Reader(Thread):
    """A browser: it waits for the address on standard error, and then asks as the page does."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.states: list[dict[str, object]] = []
        self.pages: dict[str, str] = {}

    def run(self) -> None:
        """Keep every state that differs from the last, and the report of each version."""
        while "Watch: " not in (printed := getattr(sys.stderr, "getvalue", str)()):
            time.sleep(0.01)
        url = printed.partition("Watch: ")[2].split()[0]
        self.pages["first"] = fetch(url)[1]
        while not self.states or not self.states[-1]["is_over"]:
            state = json.loads(fetch(f"{url}state")[1])
            if state not in self.states:
                self.states.append(state)
            version = str(state["version"])
            if version and version not in self.pages:
                self.pages[version] = fetch(f"{url}report.html?{version}")[1]
            time.sleep(0.02)


def test_a_page_shows_the_report_while_trials_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At first it says what is awaited, then how many trials have ended; the last report is whole.

    A report in between says that it is not finished. With nothing to train, nothing is served.
    """
    monkeypatch.setattr(page_content, "FIGURES", {})
    reader, renew = Reader(), LiveReport.renew

    def renew_and_wait(live: LiveReport, text: str) -> None:
        renew(live, text)
        while not live.server.last_shown:
            time.sleep(0.01)

    monkeypatch.setattr(LiveReport, "renew", renew_and_wait)
    monkeypatch.setattr(live_report, "_NICENESS", 0)
    asked = ("run", write(tmp_path).name, "--compute", "eager", "--workers", 1, "--watch")
    reader.start()
    code, _, err = call(*asked, cwd=tmp_path)
    assert 0 == code, err
    reader.join(5)
    assert 'fetch("state")' in reader.pages.pop("first")
    texts = [str(state["text"]) for state in reader.states]
    assert "Waiting for the first of 4 trials to end." == texts[0]
    assert "" == reader.states[0]["version"]
    assert any(text.startswith("Trials that have ended: 1 of 4") for text in texts)
    assert "The run has ended; this is its report." == texts[-1]
    first, *_, last = reader.pages.values()
    unfinished = "This study is not finished"
    assert (True, False) == (unfinished in first, unfinished in last)
    assert (tmp_path / "reports" / "tiny" / "report.html").read_text(encoding="utf-8") == last
    assert ["report.html", "report.md"] == sorted(
        path.name for path in (tmp_path / "reports" / "tiny").iterdir() if path.is_file()
    )

    code, out, err = call(*asked, cwd=tmp_path)
    assert (0, False, True) == (code, "Watch" in err, "(up to date)" in out)


@pytest.fixture
def server(tmp_path: Path):
    """A server of a folder that has a report, beside a file that is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.html").write_text("report")
    (folder / "linked.txt").symlink_to(tmp_path / "secret.txt")
    server = ReportServer(folder, "study", "waiting")
    yield server
    server.close()


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/linked.txt", "/none", "/report.html/", "/."]
)
def test_only_files_of_the_report_are_served(server: ReportServer, path: str) -> None:
    """No path leads out of its folder, and folders are not listed."""
    assert (404, "") == fetch(f"http://{server.host}{path}")
    assert (200, "report") == fetch(f"http://{server.host}/report.html")


def test_only_this_machine_is_answered(server: ReportServer) -> None:
    """The address is that of this machine alone, and the name of another host is refused."""
    assert "127.0.0.1" == server.http.server_address[0]
    assert (421, "") == fetch(f"http://{server.host}/report.html", Host="example.com")
