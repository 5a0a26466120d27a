"""DONE, the last file of a trial that is done: the SHA-256 of each of the others."""

import hashlib
import json
from pathlib import Path

DONE = "DONE"
# The only file that a whole trial may lack; its checksum stays in DONE.
NETWORK = "model.pt"


def sha256(payload: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(payload).hexdigest()


def as_json(value: object) -> bytes:
    """Return a value as the JSON files of a trial contain it."""
    return (json.dumps(value, indent=1) + "\n").encode()


def checksums(folder: Path) -> dict[str, str]:
    """Read the checksums of a trial that is done, by file name.

    Raises:
        OSError: DONE cannot be read.
        ValueError: DONE is not as it was written.
    """
    payload = (folder / DONE).read_bytes()
    expected: dict[str, str] = json.loads(payload)
    is_written = isinstance(expected, dict) and payload == as_json(expected)
    if not is_written or "trial.json" not in expected:
        raise ValueError("not as written")
    return expected


def damage(folder: Path, key: str) -> str:
    """Return what is wrong with the folder of a trial that is done, in a few words.

    Args:
        folder: Read as a whole.
        key: Of the trial that it should contain.

    Returns:
        An empty text if the folder is whole; it is also without its network.
    """
    try:
        for name, expected in checksums(folder).items():
            if name == NETWORK and not (folder / name).exists():
                continue
            if sha256((folder / name).read_bytes()) != expected:
                return f"{name} does not match its checksum"
        trial = json.loads((folder / "trial.json").read_bytes())["trial"]
    except OSError as fault:
        return f"{Path(fault.filename or folder).name} cannot be read ({fault.strerror})"
    except (ValueError, KeyError, TypeError):
        return f"{DONE} is broken"
    return "" if trial["key"] == key else "it holds another trial"
