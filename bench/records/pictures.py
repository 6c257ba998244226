"""The pictures of a trial: PNG files, whose parts carry checksums of their own."""

import io
from pathlib import Path

from PIL import Image

from ..errors import Damaged

END = b"\0\0\0\0IEND\xaeB`\x82"  # the last part of every PNG file; Pillow does not look at it


def require_picture(path: Path) -> None:
    """Raises Damaged if `path` is not a PNG file, whole and with every checksum right."""
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            picture.verify()
    except Exception as error:  # a broken file makes the decoder raise almost anything
        raise Damaged(f"{path.name} cannot be read") from error
    if not content.endswith(END):
        raise Damaged(f"{path.name} cannot be read")


def is_whole(path: Path) -> bool:
    try:
        require_picture(path)
    except Damaged:
        return False
    return True
