"""Files over HTTP: resumed where they broke off, tried elsewhere, and checked before they count.

Unpacks nothing, and knows no data set.
"""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cnn_ablate.data.dataset import Arriving
from cnn_ablate.errors import UserError

_CHUNK = 1 << 18
_SECONDS = 30
# How often in a row an address may break off before the next one is tried.
_PATIENCE = 3
_UNSATISFIABLE = 416


@dataclass(frozen=True)
class Remote:
    """A file to download: its name, the addresses it can be had from, and its checksum."""

    name: str
    urls: tuple[str, ...]
    md5: str

    def at(self, mirrors: tuple[str, ...]) -> "Remote":
        """Look in these folders first.

        Raises:
            UserError: one is no address.
        """
        for mirror in mirrors:
            if not mirror.startswith(("http://", "https://")):
                raise UserError(f"--mirror {mirror}", "expected an address: http(s)://...")
        tried = tuple(f"{mirror.rstrip('/')}/{self.name}" for mirror in mirrors)
        return Remote(self.name, tried + self.urls, self.md5)


def download(remote: Remote, folder: Path, progress: Arriving) -> Path:
    """Download a file into a folder; what an earlier attempt left of it is gone on with.

    Raises:
        OSError: no address gives it, or not what its checksum says; the reasons, one by one.
    """
    place = folder / remote.name
    if place.is_file() and _md5(place) == remote.md5:
        return place
    folder.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    reasons = []
    for url in remote.urls:
        try:
            held = _size(part)
            _fetch(url, part, progress)
            if held and _md5(part) != remote.md5:
                # What was here was the beginning of another file.
                part.unlink()
                _fetch(url, part, progress)
            _check(part, remote.md5)
        except (OSError, HTTPException) as fault:
            reasons.append(f"{url}: {_reason(fault)}")
        else:
            return part.replace(place)
    raise OSError("; ".join(reasons))


def _fetch(url: str, part: Path, progress: Arriving) -> None:
    """Bring a file to its end; an address that breaks off is asked again for the rest."""
    broken = 0
    while broken < _PATIENCE:
        before = _size(part)
        try:
            if _ask(url, part, progress):
                return
            fault: Exception = ConnectionError(f"broke off after {_size(part):,} bytes")
        except HTTPError:
            raise
        except (OSError, HTTPException) as broke:
            fault = broke
        broken = 0 if _size(part) > before else broken + 1
    raise fault


def _ask(url: str, part: Path, progress: Arriving) -> bool:
    """Ask for what is missing of a file; tell whether it is whole now, as far as is known."""
    held = _size(part)
    request = Request(url, headers={"Range": f"bytes={held}-"} if held else {})  # noqa: S310
    try:
        response = urlopen(request, timeout=_SECONDS)  # noqa: S310 - checked where they come from
    except HTTPError as fault:
        fault.close()
        if fault.code == _UNSATISFIABLE and held:
            return True
        raise
    with closing(response):
        start = held if response.status == 206 else 0
        total = start + int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if start else "wb") as file:
            for chunk in _chunks(response):
                file.write(chunk)
                progress(part.stem, file.tell(), total)
    return _size(part) >= total


def _chunks(response: Any) -> Iterator[bytes]:
    while chunk := response.read(_CHUNK):
        yield chunk


def _check(part: Path, expected: str) -> None:
    """Remove what is not as published, for nothing can be made of it."""
    if (found := _md5(part)) != expected:
        part.unlink()
        raise OSError(f"its MD5 is {found}, not {expected}")


def _md5(path: Path) -> str:
    # The publishers give no better checksum of their files.
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _reason(fault: Exception) -> str:
    return " ".join(str(getattr(fault, "reason", "") or fault or type(fault).__name__).split())
