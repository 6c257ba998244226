"""Digests within files: a file that carries its sha256 is known to be whole, to the last bit.

The digest has a slot of its own and covers all other bytes. Files of earlier versions, and files
that people write, have no slot; they are read as they are.

JSON     the first entry: "sha256": "..."
TOML     the first line: # sha256 of all below ...
parquet  before the footer, where no reader looks: a mark, the digest, the mark again
"""

import hashlib
import json
import re
from typing import Any

HEX = "[0-9a-f]{64}"
ENTRY = '  "sha256": "{}"'
LINE = "# sha256 of all below (delete this line if you edit the file): {}"
SLOT = re.compile(f"{re.escape(ENTRY)}|{re.escape(LINE)}".replace(r"\{\}", f"({HEX})"))
TRACE = re.compile(f'^(  "|# )sha256|{HEX}"?$')  # a slot with one of its bits changed, too
MARK = bytes.fromhex("a2ebce1a12be0fddcde07a367fc051df")  # drawn at random
TAIL = 8  # bytes of a parquet file after its footer: the footer's length, and a magic number


def json_with_digest(values: dict[str, Any]) -> str:
    """A JSON object, not empty, as text that carries its digest."""
    text = json.dumps(values, indent=2) + "\n"
    first, rest = text.split("\n", 1)
    return "\n".join((first, ENTRY.format(_hex(text)) + ",", rest))


def toml_with_digest(text: str) -> str:
    return "\n".join((LINE.format(_hex(text)), text))


def parquet_with_digest(content: bytes) -> bytes:
    footer = len(content) - TAIL - int.from_bytes(content[-TAIL:-4], "little")
    digest = hashlib.sha256(content).digest()
    return b"".join((content[:footer], MARK, digest, MARK, content[footer:]))


def checked_text(text: str) -> str:
    """Text of JSON or TOML without its digest; raises ValueError if the digest is another's."""
    lines = text.split("\n", 2)
    for at, line in enumerate(lines[:2]):
        line = line.removesuffix(",")
        if TRACE.search(line):
            slot = SLOT.fullmatch(line)
            rest = "\n".join((*lines[:at], *lines[at + 1 :]))
            if not slot or _hex(rest) not in slot.groups():
                raise ValueError("its sha256 is another")
            return rest
    return text


def require_whole(parquet: bytes) -> None:
    """Raises ValueError if the content of a parquet file is not what its digest was made of."""
    end = parquet.rfind(MARK)
    if end < 0:
        return
    end += len(MARK)
    begin = end - 2 * len(MARK) - hashlib.sha256().digest_size
    digest = hashlib.sha256(parquet[: max(begin, 0)] + parquet[end:]).digest()
    if begin < 0 or parquet[begin:end] != MARK + digest + MARK:
        raise ValueError("its sha256 is another")


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
