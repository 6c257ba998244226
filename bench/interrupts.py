"""How the process ends: in order, or by Ctrl-C and SIGTERM.

These two take effect within two seconds, whatever the main thread waits for.
"""

import atexit
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE = 1.0  # seconds for the main thread to react: it handles signals only between C calls
EXIT_CODE = 130


def typed() -> str:
    """The command that the user typed, quoted for a shell."""
    return shlex.join(["bench", *sys.argv[1:]])


def leave(command: str) -> NoReturn:
    """End the process at once, after a line with the command that continues the work."""
    sys.stdout.flush()
    print(f"bench: interrupted; go on with: {command}", file=sys.stderr, flush=True)
    os._exit(EXIT_CODE)


def end(code: int) -> NoReturn:
    """End the process when all its work is done: exit handlers run, output is written.

    Python and the libraries are not unloaded. That takes up to a second, and a library whose
    threads still live may abort the process meanwhile, which turns a success into a failure.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:  # the reader has seen enough
            pass
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)


@contextmanager
def heeded(last_words: Callable[[], None], again: str) -> Iterator[None]:
    """A context in which an interrupt raises KeyboardInterrupt(`again`).

    `again` is the command that continues the work. If the main thread does not react in time (a
    solver may take seconds), another thread calls `last_words`, prints `again` and ends the
    process. A second interrupt changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Python writes a byte into this pipe when a signal arrives, even within a C call.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    interrupted, over = threading.Event(), threading.Event()

    def watch() -> None:
        if os.read(reader, 1) and not over.wait(GRACE):
            try:
                last_words()
            finally:
                leave(again)
        os.close(reader)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    # A signal that is ignored (by nohup, say) stays ignored.
    before = {s: signal.getsignal(s) for s in SIGNALS if signal.getsignal(s) != signal.SIG_IGN}
    threading.Thread(target=watch, daemon=True).start()
    writer_before = signal.set_wakeup_fd(writer)
    try:
        for each in before:
            signal.signal(each, interrupt)
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(again) from None
    finally:
        over.set()
        signal.set_wakeup_fd(writer_before)
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(writer)
