"""Downloads: resumed where they break off, tried at mirrors, checked, and unpacked by name."""

import gzip
import io
import tarfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from torchvision import datasets
from typer.testing import CliRunner

from cnn_ablate.cli import app
from cnn_ablate.data import DATASETS, load
from cnn_ablate.data.archives import untar
from cnn_ablate.data.download import RemoteFile, download
from support import data_files
from support.data_files import refused

CONTENT = bytes(range(256)) * 4096

pytestmark = pytest.mark.usefixtures("tiny_data")


class Server(ThreadingHTTPServer):
    """A server of some files on this machine, which can be made to misbehave."""

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.drops = 0
        self.ranges = True
        self.asked = []

    @property
    def address(self):
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers with a file or the rest of it; while there are drops left, with half of that."""

    def do_GET(self):
        """Answer."""
        content = self.server.files.get(self.path)
        wanted = self.headers.get("Range") if self.server.ranges else None
        self.server.asked.append((self.path, wanted))
        start = int(wanted[6:-1]) if wanted else 0
        if content is None or start >= len(content):
            self.send_error(404 if content is None else 416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        self.wfile.write(rest[: len(rest) // 2] if self.server.drops else rest)
        self.server.drops = max(0, self.server.drops - 1)

    def log_message(self, *_):
        """Log nothing."""


@contextmanager
def serving(files=None):
    """Serve files, by name, for a while."""
    with Server({f"/{name}": content for name, content in (files or {}).items()}) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """Ask this machine without a proxy."""
    monkeypatch.setenv("no_proxy", "*")


def remote(*servers, content=CONTENT):
    """Name the file that these servers have."""
    urls = tuple(f"{server.address}/file.bin" for server in servers)
    return RemoteFile("file.bin", urls, data_files.md5_of(content))


def test_a_download_that_breaks_off_goes_on(tmp_path):
    """Only what is missing is asked for again, and the bytes are those published."""
    seen = []
    with serving({"file.bin": CONTENT}) as server:
        server.drops = 2
        path = download(remote(server), tmp_path, lambda *told: seen.append(told))

    half, rest = len(CONTENT) // 2, len(CONTENT) // 4
    assert CONTENT == path.read_bytes()
    asked = [None, f"bytes={half}-", f"bytes={half + rest}-"]
    assert asked == [wanted for _, wanted in server.asked]
    assert ("file.bin", len(CONTENT), len(CONTENT)) == seen[-1]
    assert ["file.bin"] == [file.name for file in tmp_path.iterdir()]


def test_the_next_run_goes_on_where_this_one_stopped(tmp_path):
    """What arrived before the network failed for good is kept."""
    with serving({"file.bin": CONTENT}) as server:
        server.drops = 100
        with pytest.raises(OSError, match="broke off after"):
            download(remote(server), tmp_path, lambda *_: None)
        held = (tmp_path / "file.bin.part").stat().st_size
        server.drops, server.asked = 0, []
        download(remote(server), tmp_path, lambda *_: None)

    assert [("/file.bin", f"bytes={held}-")] == server.asked


@pytest.mark.parametrize("left", [CONTENT[:1000], b"another file", CONTENT, CONTENT + b"more"])
@pytest.mark.parametrize("ranges", [True, False])
def test_whatever_was_left_the_file_is_right(tmp_path, left, ranges):
    """A part of the file is used, anything else is replaced."""
    (tmp_path / "file.bin.part").write_bytes(left)
    with serving({"file.bin": CONTENT}) as server:
        server.ranges = ranges
        path = download(remote(server), tmp_path, lambda *_: None)

    assert CONTENT == path.read_bytes()


def test_the_next_address_is_tried(tmp_path):
    """A URL without the file, or with another one, is skipped."""
    with (
        serving() as empty,
        serving({"file.bin": b"wrong"}) as other,
        serving({"file.bin": CONTENT}) as good,
    ):
        path = download(remote(empty, other, good), tmp_path, lambda *_: None)

    assert CONTENT == path.read_bytes()


def test_every_reason_is_reported(tmp_path):
    """If all URLs fail, each has its reason, and no wrong file is kept."""
    with (
        serving() as empty,
        serving({"file.bin": b"wrong"}) as other,
        pytest.raises(OSError, match="Not Found") as caught,
    ):
        download(remote(empty, other), tmp_path, lambda *_: None)

    wrong = f"its MD5 is {data_files.md5_of(b'wrong')}, not {data_files.md5_of(CONTENT)}"
    assert f"{other.address}/file.bin: {wrong}" in str(caught.value)
    assert [] == list(tmp_path.iterdir())


def tarred(files):
    """Pack files as a .tar.gz."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_an_archive_puts_nothing_where_it_likes(tmp_path):
    """Only the files that are named are unpacked."""
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tarred({"../evil": b"x", "a/one": b"1", "a/two": b"2"}))

    untar(archive, tmp_path / "out", ["a/one"])

    assert ["one"] == [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {"a.tar.gz", "out"} == {path.name for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match=r"a\.tar\.gz does not contain a/three"):
        untar(archive, tmp_path / "out", ["a/one", "a/three"])


def test_cifar10_is_fetched_and_read(tmp_path, monkeypatch):
    """The archive is unpacked by name, and gone afterwards."""
    data_files.cifar10(tmp_path / "made", monkeypatch)
    made = sorted((tmp_path / "made" / "cifar-10-batches-py").iterdir())
    archive = tarred({f"cifar-10-batches-py/{path.name}": path.read_bytes() for path in made})
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", data_files.md5_of(archive))
    with serving({"cifar-10-python.tar.gz": archive}) as server:
        server.drops = 1
        monkeypatch.setattr(datasets.CIFAR10, "url", f"{server.address}/cifar-10-python.tar.gz")
        place = DATASETS["cifar10"]().fetch(tmp_path / "data")

    assert 50 == load(DATASETS["cifar10"](), place).facts.train
    assert ["cifar-10-batches-py"] == [path.name for path in place.iterdir()]


def test_svhn_is_fetched_as_it_is(tmp_path, monkeypatch):
    """Its two files need no unpacking."""
    data_files.svhn(tmp_path, monkeypatch)
    files = {path.name: path.read_bytes() for path in tmp_path.glob("*.mat")}
    with serving(files) as server:
        place = DATASETS["svhn"]().fetch(tmp_path / "data", mirrors=(server.address,))

    assert 20 == load(DATASETS["svhn"](), place).facts.train


def test_the_command_takes_a_mirror(tmp_path, monkeypatch):
    """`data fetch --mirror` asks there first; a second time there is nothing to do."""
    raw = data_files.mnist(tmp_path / "made")
    packed = {path.name: gzip.compress(path.read_bytes()) for path in sorted(raw.iterdir())}
    known = [
        (f"{name}.gz", data_files.md5_of(packed[name]))
        for name in (
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        )
    ]
    monkeypatch.setattr(datasets.FashionMNIST, "resources", known)
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with serving({f"m/{name}.gz": data for name, data in packed.items()}) as server:
        asked = ["data", "fetch", "fashion_mnist", "--data", str(tmp_path / "data")]
        said = CliRunner().invoke(app, [*asked, "--mirror", f"{server.address}/m/"])
        again = CliRunner().invoke(app, asked)

    assert f"fashion_mnist: in {tmp_path / 'data'}" in said.stdout
    assert "Downloading train-images-idx3-ubyte.gz, " in said.stderr
    assert (said.stdout, "") == (again.stdout, again.stderr)
    assert 4 == len(server.asked)
    assert 30 == load(DATASETS["fashion_mnist"](), tmp_path / "data").facts.train


def test_a_mirror_is_an_address(tmp_path):
    """A path is no mirror, and neither is another scheme."""
    message = refused(DATASETS["svhn"]().fetch, tmp_path, mirrors=("file:///etc",))

    assert "--mirror file:///etc: expected an address: http(s)://..." == message
