"""The server of `bench run --live`: a process of its own, which ends when its standard input does.

Its first line says where the page is, or why there is none.
"""

import sys
from pathlib import Path

from ..errors import InputError
from .serving import serve


def main() -> None:
    root, open_page = Path(sys.argv[1]), "--open" in sys.argv[2:]

    def say(address: str) -> None:
        print(address, flush=True)

    try:
        serve(root, None, open_page, say, run=sys.stdin.buffer)
    except InputError as error:
        say(f"error: {error}")
        sys.exit(2)


main()
