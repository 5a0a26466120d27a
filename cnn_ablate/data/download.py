"""Downloads over HTTP: resumed where they broke off, tried at mirrors, verified by checksum."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cnn_ablate.data.dataset_options import OnDownload
from cnn_ablate.errors import UserError

_CHUNK = 1 << 18
_TIMEOUT_SECONDS = 30
# How often in a row a URL may break off before the next one is tried.
_ATTEMPTS = 3
_RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True)
class RemoteFile:
    """A file to download: its name, its URLs and its MD5."""

    name: str
    urls: tuple[str, ...]
    md5: str

    def at(self, mirrors: tuple[str, ...]) -> "RemoteFile":
        """Return the same file, to be tried at these base URLs first.

        Raises:
            UserError: one is no URL.
        """
        for mirror in mirrors:
            if not mirror.startswith(("http://", "https://")):
                raise UserError(f"--mirror {mirror}", "expected an address: http(s)://...")
        urls = tuple(f"{mirror.rstrip('/')}/{self.name}" for mirror in mirrors)
        return RemoteFile(self.name, urls + self.urls, self.md5)


def download(remote: RemoteFile, folder: Path, progress: OnDownload) -> Path:
    """Download a file into a folder, and resume what an earlier attempt left.

    Raises:
        OSError: no URL answers with a file of this checksum; the message has a reason per URL.
    """
    file = folder / remote.name
    if file.is_file() and _md5(file) == remote.md5:
        return file
    folder.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    reasons = []
    for url in remote.urls:
        try:
            was_resumed = _size(part) > 0
            _fetch(url, part, progress)
            if was_resumed and _md5(part) != remote.md5:
                # What was resumed was the beginning of another file.
                part.unlink()
                _fetch(url, part, progress)
            _verify(part, remote.md5)
        except (OSError, HTTPException) as error:
            reasons.append(f"{url}: {_reason(error)}")
        else:
            return part.replace(file)
    raise OSError("; ".join(reasons))


def _fetch(url: str, part: Path, progress: OnDownload) -> None:
    """Download a file to its end; after a break, only the rest is requested."""
    failures = 0
    while failures < _ATTEMPTS:
        before = _size(part)
        try:
            if _request(url, part, progress):
                return
            error: Exception = ConnectionError(f"broke off after {_size(part):,} bytes")
        except HTTPError:
            raise
        except (OSError, HTTPException) as broken:
            error = broken
        failures = 0 if _size(part) > before else failures + 1
    raise error


def _request(url: str, part: Path, progress: OnDownload) -> bool:
    """Request the missing bytes of a file; return whether it is complete, as far as is known."""
    have = _size(part)
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        response = urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - checked in `at`
    except HTTPError as error:
        error.close()
        if error.code == _RANGE_NOT_SATISFIABLE and have:
            return True
        raise
    with closing(response):
        # A server without ranges sends the whole file again, with status 200.
        start = have if response.status == 206 else 0
        total = start + int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if start else "wb") as file:
            for chunk in _chunks(response):
                file.write(chunk)
                progress(part.stem, file.tell(), total)
    return _size(part) >= total


def _chunks(response: Any) -> Iterator[bytes]:
    while chunk := response.read(_CHUNK):
        yield chunk


def _verify(part: Path, expected: str) -> None:
    """Remove a file of another checksum, which cannot be resumed; raises OSError."""
    if (actual := _md5(part)) != expected:
        part.unlink()
        raise OSError(f"its MD5 is {actual}, not {expected}")


def _md5(path: Path) -> str:
    # The publishers state no stronger checksum.
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _reason(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", "") or error or type(error).__name__).split())
