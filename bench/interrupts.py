"""Ctrl-C and SIGTERM: heeded within two seconds, whatever the main thread is waiting for."""

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
GRACE = 1.0  # seconds for the main thread, which hears of a signal only between C calls
EXIT_CODE = 130


def typed() -> str:
    """The command as it was typed, quoted for a shell."""
    return shlex.join(["bench", *sys.argv[1:]])


def leave(command: str) -> NoReturn:
    """End the process at once, with the line that says how to go on."""
    sys.stdout.flush()
    print(f"bench: interrupted; go on with: {command}", file=sys.stderr, flush=True)
    os._exit(EXIT_CODE)  # an orderly end takes a second or more, to tear torch down


@contextmanager
def heeded(last_words: Callable[[], None], again: str) -> Iterator[None]:
    """Within it an interrupt becomes KeyboardInterrupt(`again`), the command that goes on.

    Where the main thread does not get to it in time (a solver may take seconds), another thread
    says the last words, then `again`, and ends the process. A second interrupt changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, bell = os.pipe()
    os.set_blocking(bell, False)
    heard, left = threading.Event(), threading.Event()

    def watch() -> None:
        if os.read(ear, 1) and not left.wait(GRACE):
            try:
                last_words()
            finally:
                leave(again)
        os.close(ear)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not heard.is_set():
            heard.set()
            raise KeyboardInterrupt

    # A signal that is ignored (by nohup, say) stays ignored.
    before = {s: signal.getsignal(s) for s in SIGNALS if signal.getsignal(s) != signal.SIG_IGN}
    threading.Thread(target=watch, daemon=True).start()
    bell_before = signal.set_wakeup_fd(bell)
    try:
        for each in before:
            signal.signal(each, interrupt)
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(again) from None
    finally:
        left.set()
        signal.set_wakeup_fd(bell_before)
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(bell)
