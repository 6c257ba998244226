"""The page beside a run: its server is another process, so that training never waits for it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError
from .serving import LINGER, require_packages


@contextmanager
def live_page(root: Path, say: Callable[[str], None]) -> Iterator[None]:
    """A context in which the page of `root` is served; `say` is told where.

    At its end, a page that is looked at becomes the report, then the server ends; it also does if
    this process is killed. Raises InputError if there can be no server.
    """
    require_packages("--live")
    command = [sys.executable, "-m", __package__, str(root)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C is for the run, with which it ends
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        address = server.stdout.readline().strip()
        if not address.startswith("http://"):
            server.kill()
            told = address.removeprefix("error: ") or "its server did not start"
            raise InputError(f"no live page: {told}; without --live the run is the same")
        say(f"While it runs: {address}")
        try:
            yield
        except BaseException:
            server.kill()
            raise
        server.stdin.close()
        try:
            server.wait(LINGER + 4)
        except subprocess.TimeoutExpired:
            server.kill()
