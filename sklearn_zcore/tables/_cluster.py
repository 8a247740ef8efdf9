"""Dask's workers, which do the work of joblib."""

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from ._errors import TableError, require

_SCHEMES = ("tcp", "tls", "ws", "wss")
_PORTS = {"ws": 80, "wss": 443}
_SECONDS = 10  # for a scheduler that is busy


@contextmanager
def on_cluster(scheduler: str | None) -> Iterator[None]:
    """Have Dask's workers do the work of joblib, for as long as the context lasts.

    Parameters
    ----------
    scheduler : str or None
        The address of a scheduler, ``local`` for workers on this machine, or None for none.

    Raises
    ------
    TableError
        If that is no address, or no scheduler of Dask answers there.
    """
    if scheduler is None:
        yield
        return
    import joblib

    (distributed,) = require("distributed", why="--scheduler")
    with ExitStack() as quiet, ExitStack() as stack:
        if scheduler == "local":
            stack.enter_context(_workers_here(distributed))
        else:
            stack.enter_context(_client_of(distributed, scheduler))
        stack.enter_context(joblib.parallel_config(backend="dask"))
        try:
            yield
        except KeyboardInterrupt:  # what is told of tasks that end is of no use
            quiet.enter_context(distributed.utils.silence_logging_cmgr(logging.CRITICAL))
            raise


@contextmanager
def _workers_here(distributed: Any) -> Iterator[None]:
    """Start workers on this machine, and leave nothing behind."""
    import dask

    with (
        TemporaryDirectory(prefix="zcore-", ignore_cleanup_errors=True) as folder,
        dask.config.set({"temporary-directory": folder}),
        distributed.Client(dashboard_address=":0") as client,
    ):
        client.run(_ignore_interrupts)
        yield


def _ignore_interrupts() -> None:
    """Leave it to the process of the command, as Ctrl-C interrupts all that a terminal runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _client_of(distributed: Any, scheduler: str) -> Any:
    """Connect to a scheduler, or raise TableError."""
    _refuse_unreachable(scheduler)
    try:
        return distributed.Client(scheduler, timeout=_SECONDS)
    # What another program answers is taken for a number of bytes, for a key, for a message.
    except (OSError, ValueError, TypeError, LookupError, MemoryError, RuntimeError) as error:
        raise TableError(
            f"No scheduler of Dask answers at {scheduler}, another program may: "
            f"{type(error).__name__}.",
            "Give the scheduler's own port, 8786 unless it was set, and not the dashboard's.",
        ) from error


def _refuse_unreachable(scheduler: str) -> None:
    """Raise TableError at once where Dask would try again for as long as it is given."""
    try:
        parts = urlsplit(scheduler)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:  # a port that is no number, or beyond 65535
        scheme, host, port = "", None, None
    port = port or _PORTS.get(scheme)
    if scheme not in _SCHEMES or not host or not port:
        raise TableError(
            f"--scheduler {scheduler!r} is no address of a scheduler.",
            "For example: --scheduler tcp://10.0.0.1:8786, or --scheduler local.",
        )
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        raise TableError(f"The scheduler {scheduler} cannot be reached: {error}.") from error
