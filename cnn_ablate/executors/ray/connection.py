"""The way to a Ray cluster: one that runs, or one of our own for as long as it is used."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.executors.resources import Resources, usable_cores

_SECONDS_TO_ANSWER = 10.0
_OPTION = "--executor ray"


@contextmanager
def connected(terms: Resources) -> Iterator[Any]:
    """Give Ray, connected to the cluster that the terms or `RAY_ADDRESS` name, else to its own.

    Raises:
        UserError: Ray is not installed, or the cluster cannot be used.
    """
    address = terms.ray_address or os.environ.get("RAY_ADDRESS", "")
    ray = _imported(local=not address)
    if ray.is_initialized():
        yield ray
        return
    with _interrupts_kept():
        _join(ray, address) if address else _start(ray, terms)
    # It prints a page for each process that dies, among the results; no option turns that off.
    ray._private.worker._worker_logs_enabled = False  # noqa: SLF001
    try:
        yield ray
    finally:
        ray.shutdown()


def _imported(*, local: bool) -> Any:
    if local:
        # Read when Ray is imported: off, all of it listens on 127.0.0.1 only, on any system.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray  # noqa: PLC0415 - an extra: only this executor needs it
    except ImportError:
        hint = "Install it with `pip install 'cnn-ablate[ray]'`."
        raise UserError(_OPTION, "Ray is not installed.", hint) from None
    return ray


def _start(ray: Any, terms: Resources) -> None:
    """Start Ray on this machine, with room for as many workers as are asked for."""
    cpus = max(usable_cores(), (terms.workers or 0) * terms.cpus_per_trial)
    ray.init(address="local", num_cpus=int(cpus), include_dashboard=False, **_QUIET)


def _join(ray: Any, address: str) -> None:
    """Connect to a cluster that runs."""
    _must_answer(address)
    try:
        ray.init(address=address, **_QUIET)
    except (ConnectionError, RuntimeError, ValueError) as fault:
        what = str(fault).strip().partition("\n")[0].rstrip(".")
        hint = "If it asks for a token, set RAY_AUTH_MODE=token here as on its nodes."
        raise UserError(f"Ray at {address}", f"cannot be used: {what}.", hint) from fault


_QUIET = {"log_to_driver": False, "logging_level": "error"}


def _must_answer(address: str) -> None:
    """Knock first: Ray itself would wait for minutes."""
    where = f"Ray at {address}"
    if "://" in address:
        hint = "Run on a machine of the cluster, or with `ray job submit`."
        raise UserError(where, "Ray's remote client cannot do this.", hint)
    host, colon, port = address.rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_ANSWER).close()
    except (OSError, ValueError) as fault:
        raise UserError(where, f"does not answer: {fault}.") from fault


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Keep the program's own way to end: Ray would exit at once on SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)
