"""How a command ends: with its code, its output and its exit handlers, whatever libraries do."""

import subprocess
import sys

import pytest

# A library that aborts when it is unloaded, as one with a thread that still lives does.
ABORTING = """
import atexit, ctypes, sys
libc = ctypes.CDLL(None)
libc.on_exit(ctypes.cast(libc.abort, ctypes.c_void_p), None)
atexit.register(print, "an exit handler")
"""
BENCH = "from bench.cli import main; main()"


def ended(*arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", f"{ABORTING}\n{BENCH}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["list"], 0, "Studies (bench study NAME)"),
        (["--help"], 0, "bench report results/mnist5k-256k"),
        (["--version"], 0, "bench, version"),
        (["status", "nowhere"], 2, "bench: nowhere is not a results folder"),
        (["lisst"], 2, "did you mean 'list'?"),
    ],
)
def test_codes_output_and_handlers_are_kept(arguments: list[str], code: int, said: str) -> None:
    found, out, err = ended(*arguments)
    assert found == code
    assert said in out + err
    assert out.endswith("an exit handler\n")
    assert "Traceback" not in err


def test_the_library_does_abort_where_python_ends_as_usual() -> None:
    done = subprocess.run([sys.executable, "-c", ABORTING], capture_output=True, check=False)
    assert done.returncode == -6


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    shell = f"{sys.executable} -c '{BENCH}' list | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[1] == "0"
    assert done.stderr == ""


def test_output_that_cannot_be_written_is() -> None:
    shell = f"{sys.executable} -c '{BENCH}' list > /dev/full"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
