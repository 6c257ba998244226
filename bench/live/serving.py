"""The server: bound to this machine alone, at the lowest priority."""

import os
import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import InputError

if TYPE_CHECKING:
    from uvicorn import Server

    from .state import Live

HOST = "127.0.0.1"
PORTS = range(8000, 8100)  # the first free one is taken
LINGER = 8.0  # seconds after a run, at most, for a page that is looked at to take the report
LOOKED = 5.0  # seconds since it last asked: a page is looked at

Say = Callable[[str], None]


def require_packages(what: str) -> None:
    """Raises InputError if starlette or uvicorn, optional packages, are not installed."""
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"{what} needs {' and '.join(missing)}: pip install 'gan-bench[live]', "
            "or pip install starlette uvicorn"
        )


def bound(port: int | None) -> socket.socket:
    """A listening socket on the loopback interface: on `port`, or on the first free one of PORTS.

    Raises InputError if there is none.
    """
    for each in PORTS if port is None else (port,):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, each))
            found.listen()  # who asks before the server is up waits for it
        except OSError as error:
            found.close()
            if port is not None:
                told = f"port {port} cannot be used ({error.strerror}): name another with --port"
                raise InputError(f"{told}, or leave it out") from error
            continue
        return found
    raise InputError(f"no port of {PORTS.start} to {PORTS.stop - 1} is free: name one with --port")


def serve(
    root: Path,
    port: int | None,
    open_page: bool,
    say: Say,
    run: BinaryIO | None = None,
) -> None:
    """Serve the folder until the process is interrupted or, with `run`, that stream ends.

    say: is told the address first. run: ends when the run that the page belongs to does; then the
    server waits for a page that is looked at to take the report.
    """
    import uvicorn  # with asyncio: `bench --help` needs neither

    from .app import application
    from .state import Live

    if hasattr(os, "nice"):
        os.nice(19)
    live = Live(root, goes_on=None if run is None else True)
    last: dict[str, float] = {}

    def served(what: str) -> None:
        last[what] = time.monotonic()

    with bound(port) as own:
        config = uvicorn.Config(
            application(live, served),
            log_level="critical",
            access_log=False,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        address = f"http://{HOST}:{own.getsockname()[1]}/"
        if run is not None:
            threading.Thread(target=_follow, args=(run, live, server, last), daemon=True).start()
        say(address)
        if open_page:
            webbrowser.open(address)
        server.run(sockets=[own])


def _follow(run: BinaryIO, live: "Live", server: "Server", last: dict[str, float]) -> None:
    """End the server after its run: at once where nobody looks."""
    run.read()
    over = time.monotonic()
    live.goes_on = False
    while over - last.get("state", -LOOKED) < LOOKED and time.monotonic() - over < LINGER:
        if last.get("report", 0.0) > over:
            time.sleep(0.5)  # its answer is under way
            break
        time.sleep(0.1)
    server.should_exit = True
