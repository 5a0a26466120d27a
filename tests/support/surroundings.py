"""Surroundings in which programs were reported to fail, each with the address of a report."""

import os
import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Surroundings:
    """What differs from an ordinary terminal.

    Attributes:
        reported: A public report of a program that fails there.
        variables: Of the environment; None removes one.
        before: Called in the process before the program starts.
        code: The exit code of a command that reads results.
    """

    reported: str
    variables: Mapping[str, str | None] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    code: int = 0


def few_files() -> None:
    """Allow 24 open files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))


def no_growth() -> None:
    """Allow no file to be written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def full() -> None:
    """Print to a disk that is full."""
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def little_memory() -> None:
    """Allow one gigabyte of addresses, which torch alone exceeds."""
    resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))


def unread() -> None:
    """Print to a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    os.dup2(write, 1)


def sizeless() -> None:
    """Print to a terminal of no columns and no lines, as one is until its size is set."""
    other_end, terminal = os.openpty()
    os.dup2(other_end, 0)  # stays open with the process
    os.dup2(terminal, 1)


def gone() -> None:
    """Work in a folder that was removed."""
    os.mkdir("gone")  # noqa: PTH102 - relative to the child's own folder
    os.chdir("gone")
    os.rmdir("../gone")  # noqa: PTH106 - as above


PLACES = {
    "ascii only": Surroundings(
        "https://github.com/Textualize/rich/issues/212",
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ),
    "latin 1": Surroundings(
        "https://github.com/anatolykopyl/youtube-cdl/issues/1", {"PYTHONIOENCODING": "latin-1"}
    ),
    "no UTF-8 mode": Surroundings(
        "https://github.com/bvanheu/pytoutv/issues/73",
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ),
    "an unknown locale": Surroundings(
        "https://github.com/MycroftAI/enclosure-picroft/issues/60",
        {"LC_ALL": "xx_XX.UTF-8", "LANG": "xx"},
    ),
    "no output": Surroundings(
        "https://github.com/bottlepy/bottle/issues/1244", before=lambda: os.close(1)
    ),
    "no error output": Surroundings(
        "https://github.com/liske/ifstate/issues/5", before=lambda: os.close(2)
    ),
    "no input": Surroundings(
        "https://github.com/pixelb/crudini/issues/67", before=lambda: os.close(0)
    ),
    "no streams": Surroundings(
        "https://github.com/treeverse/dvc/pull/10041", before=lambda: os.closerange(0, 3)
    ),
    "a full disk": Surroundings(
        "https://github.com/anaconda/anaconda-client/issues/427", before=full, code=1
    ),
    "an unread pipe": Surroundings(
        "https://github.com/Backblaze/B2_Command_Line_Tool/issues/1071", before=unread, code=1
    ),
    "a removed folder": Surroundings(
        "https://github.com/xonsh/xonsh/issues/4467", before=gone, code=1
    ),
    "no home": Surroundings("https://github.com/MagicStack/asyncpg/pull/1011", {"HOME": None}),
    "a home that is not there": Surroundings(
        "https://github.com/openshift/origin/issues/23369", {"HOME": "/nonexistent"}
    ),
    "an empty home": Surroundings(
        "https://github.com/srstevenson/xdg-base-dirs/issues/274", {"HOME": ""}
    ),
    "a relative home": Surroundings(
        "https://github.com/spyder-ide/spyder/pull/7287", {"HOME": "."}
    ),
    "no temporary folder": Surroundings(
        "https://github.com/conjure-up/conjure-up/issues/964", {"TMPDIR": "/nonexistent"}
    ),
    "a narrow terminal": Surroundings(
        "https://github.com/mozilla/addons-linter/issues/95", {"COLUMNS": "1", "LINES": "1"}
    ),
    "a broad terminal": Surroundings(
        "https://github.com/concourse/concourse/issues/4961", {"COLUMNS": "100000"}
    ),
    "a size in words": Surroundings(
        "https://github.com/cowrie/cowrie/issues/40477", {"COLUMNS": "x", "LINES": "-1"}
    ),
    "a terminal without a size": Surroundings(
        "https://github.com/python/mypy/pull/9651", {"COLUMNS": None}, sizeless
    ),
    "a dumb terminal": Surroundings(
        "https://github.com/shobrook/statcode/issues/13", {"TERM": "dumb"}
    ),
    "no terminal": Surroundings(
        "https://github.com/spack/spack/pull/15630", {"TERM": None, "NO_COLOR": "1"}
    ),
    "forced colours": Surroundings(
        "https://github.com/basnijholt/agent-cli/issues/624", {"FORCE_COLOR": "1"}
    ),
    "colours forced by zero": Surroundings(
        "https://github.com/nebius/nebius-physical-ai/pull/203",
        {"FORCE_COLOR": "0", "NO_COLOR": "1", "TERM": "tmux-256color"},
    ),
    "few open files": Surroundings(
        "https://github.com/BelloneLab/lisbet/issues/89", before=few_files
    ),
    "a private umask": Surroundings(
        "https://github.com/zulip/zulip/issues/2373", before=lambda: os.umask(0o777)
    ),
    "another time zone": Surroundings(
        "https://github.com/satomic/copilot-usage-advanced-dashboard/issues/16",
        {"TZ": "Nowhere/Land"},
    ),
    "no user name": Surroundings(
        "https://github.com/pytorch/pytorch/issues/140765",
        {"USER": None, "LOGNAME": None, "USERNAME": None},
    ),
    "optimized Python": Surroundings(
        "https://github.com/huggingface/transformers/issues/36045", {"PYTHONOPTIMIZE": "2"}
    ),
    "random hashes": Surroundings(
        "https://github.com/pytorch/torchtitan/pull/733", {"PYTHONHASHSEED": "4294967295"}
    ),
    "nohup": Surroundings(
        "https://github.com/houtianze/bypy/pull/183",
        before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ),
    "warnings that are errors": Surroundings(
        "https://github.com/quintusdias/glymur/issues/701", {"PYTHONWARNINGS": "error::UserWarning"}
    ),
    "deprecations that are errors": Surroundings(
        "https://github.com/vacanza/holidays/issues/793",
        {"PYTHONWARNINGS": "error::DeprecationWarning"},
    ),
    "no file may grow": Surroundings(
        "https://github.com/judge0/judge0/issues/269", before=no_growth
    ),
    "unbuffered": Surroundings(
        "https://github.com/oduwsdl/ipwb/issues/429", {"PYTHONUNBUFFERED": "1"}
    ),
    "no bytecode": Surroundings(
        "https://github.com/python/cpython/issues/107631", {"PYTHONDONTWRITEBYTECODE": "1"}
    ),
    "development mode": Surroundings(
        "https://github.com/gdraheim/docker-systemctl-replacement/pull/185", {"PYTHONDEVMODE": "1"}
    ),
    "little memory": Surroundings(
        "https://github.com/pytorch/pytorch/issues/16558", before=little_memory, code=1
    ),
    "low priority": Surroundings(
        "https://github.com/syncthing/syncthing/issues/4681", before=lambda: os.nice(19)
    ),
}

_NO_ENTRY = "setpriv --reuid 12345 --regid 12345 --clear-groups"
# Python itself may be in a folder of root's.
_READS = "--inh-caps +dac_read_search --ambient-caps +dac_read_search"


@dataclass(frozen=True)
class Start:
    """A command before the program that runs a study, and the end of its message if it fails.

    `reported` is a public report of a program that fails there.
    """

    reported: str
    command: str
    ends_with: str = ""


STARTS = {
    "a user without an entry and a home": Start(
        "https://github.com/umich-brcf-bioinf/Connor/issues/7",
        f"{_NO_ENTRY} {_READS} env -u HOME -u USER -u LOGNAME",
        "Set HOME to a folder, or write the path in full.\n",
    ),
    "a user without an entry": Start(
        "https://github.com/vectorize-io/hindsight/pull/3934",
        f"{_NO_ENTRY} {_READS} env -u USER -u LOGNAME HOME=home",
    ),
    "containers with little shared memory": Start(
        "https://github.com/pytorch/pytorch/issues/5040",
        "unshare --mount sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec \"$@\"' sh",
    ),
    "a temporary folder with a long name": Start(
        "https://github.com/python/cpython/issues/132124",
        f"sh -c 'mkdir -p {'x' * 120} && TMPDIR=$PWD/{'x' * 120} exec \"$@\"' sh",
    ),
    "a read-only disk": Start(
        "https://github.com/matplotlib/matplotlib/issues/25838",
        'unshare --mount sh -c \'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && '
        'exec "$@"\' sh',
        "Read-only file system. What is done is kept.\n",
    ),
}
