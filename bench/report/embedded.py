"""Pictures inside the page: data addresses, with no more bytes than they need."""

import base64
import io
from pathlib import Path

from PIL import Image

LARGE = 150_000  # bytes; a figure above it goes into the page with fewer pixels
WIDEST = 480  # pixels of a picture of samples
QUALITY = 60  # of it, as WebP: every browser of the last years reads it


def figure(path: Path) -> str:
    """PATH.png as a data address; a large picture with fewer pixels."""
    content = pixels = path.with_name(f"{path.name}.png").read_bytes()
    for width in (1400, 1000):
        if len(content) > LARGE:
            content = _shrunk(pixels, width)
    return address("png", content)


def samples(path: Path) -> str:
    """A PNG of samples as a data address of half its bytes; "" for a file that is no picture."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            drawn = picture.convert("RGB")
    except Exception:  # a broken file makes the decoder raise almost anything
        return ""
    if drawn.width > WIDEST:
        size = (WIDEST, drawn.height * WIDEST // drawn.width)
        drawn = drawn.resize(size, Image.Resampling.LANCZOS)
    content = io.BytesIO()
    drawn.save(content, format="webp", quality=QUALITY, method=6)
    return address("webp", content.getvalue())


def address(kind: str, content: bytes) -> str:
    """The bytes of a picture ("png" or "webp") as a data address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _shrunk(pixels: bytes, width: int) -> bytes:
    content = io.BytesIO()
    with Image.open(io.BytesIO(pixels)) as picture:
        size = (width, picture.height * width // picture.width)
        smaller = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    smaller.quantize(64, dither=Image.Dither.NONE).save(content, format="png", optimize=True)
    return content.getvalue()
