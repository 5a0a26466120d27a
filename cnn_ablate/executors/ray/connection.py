"""The connection to a Ray cluster: a running one, or one that is started for the run."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.executors.resources import Resources, usable_cores
from cnn_ablate.temporary_folder import temporary_folder

_CONNECT_TIMEOUT = 10.0  # seconds
# Bytes: the path of a socket has at most 107, of which the names that Ray adds take the rest.
_LONGEST_FOLDER = 40
_OPTION = "--executor ray"
_QUIET = {"log_to_driver": False, "logging_level": "error"}


@contextmanager
def connect(resources: Resources) -> Iterator[Any]:
    """Yield the module `ray`, connected while in this context.

    The cluster is the one that `ray_address` or RAY_ADDRESS names, else one that is started here.

    Raises:
        UserError: Ray is not installed, or the cluster cannot be used.
    """
    address = resources.ray_address or os.environ.get("RAY_ADDRESS", "")
    ray = _import_ray(local=not address)
    if ray.is_initialized():
        yield ray
        return
    with ExitStack() as held:
        with _sigterm_handler_kept():
            if address:
                _join_cluster(ray, address)
            else:
                _start_cluster(ray, resources, held.enter_context(temporary_folder()))
        held.callback(ray.shutdown)
        # Ray prints a page per process that dies among the results, and has no option against it.
        ray._private.worker._worker_logs_enabled = False  # noqa: SLF001
        yield ray


def _import_ray(*, local: bool) -> Any:
    if local:
        # Read when Ray is imported: with 0, it listens on 127.0.0.1 only, on every system.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray  # noqa: PLC0415 - an extra that only this executor needs
    except ImportError:
        hint = "Install it with `pip install 'cnn-ablate[ray]'`."
        raise UserError(_OPTION, "Ray is not installed.", hint) from None
    return ray


def _start_cluster(ray: Any, resources: Resources, scratch: Path) -> None:
    """Start Ray on this machine, with capacity for as many workers as are asked for.

    Logs and sockets of its session are kept in `scratch`, as Ray itself never removes them.
    """
    cpus = max(usable_cores(), (resources.workers or 0) * resources.cpus_per_trial)
    fits = len(os.fsencode(scratch)) <= _LONGEST_FOLDER
    place = {"_temp_dir": str(scratch)} if fits else {}
    ray.init(address="local", num_cpus=int(cpus), include_dashboard=False, **place, **_QUIET)


def _join_cluster(ray: Any, address: str) -> None:
    _check_address(address)
    try:
        ray.init(address=address, **_QUIET)
    except (ConnectionError, RuntimeError, ValueError) as error:
        what = str(error).strip().partition("\n")[0].rstrip(".")
        hint = "If it asks for a token, set RAY_AUTH_MODE=token here as on its nodes."
        raise UserError(f"Ray at {address}", f"cannot be used: {what}.", hint) from error


def _check_address(address: str) -> None:
    """Raise UserError if nothing answers at an address: Ray itself would wait for minutes."""
    name = f"Ray at {address}"
    if "://" in address:
        hint = "Run on a machine of the cluster, or with `ray job submit`."
        raise UserError(name, "Ray's remote client cannot do this.", hint)
    host, colon, port = address.rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_TIMEOUT).close()
    except (OSError, ValueError) as error:
        raise UserError(name, f"does not answer: {error}.") from error


@contextmanager
def _sigterm_handler_kept() -> Iterator[None]:
    """Restore the program's handler of SIGTERM afterwards: Ray's would exit at once."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)
