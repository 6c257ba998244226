"""Pictures as small squares, against torchvision, PIL and hand-made files."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from bench.datasets.images import decode, luma, read_picture, scan
from bench.errors import InputError

RNG = np.random.default_rng(0)


def noise(height: int, width: int) -> Image.Image:
    coarse = RNG.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(("height", "width"), [(96, 64), (64, 96), (37, 150), (64, 64), (16, 24)])
@pytest.mark.parametrize("size", [28, 32, 64])
def test_pixels_are_torchvisions(height: int, width: int, size: int, tmp_path: Path) -> None:
    image = noise(height, width)
    image.save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png", size)
    assert found is not None
    assert found.shape == (3, size, size)
    assert found.dtype == np.uint8
    steps = v2.Compose([v2.Resize(size, antialias=True), v2.CenterCrop(size)])
    wanted = np.asarray(steps(image)).transpose(2, 0, 1)
    # Equal, but where torchvision rounds the longer side and crops at a whole pixel.
    difference = np.abs(found.astype(int) - wanted)
    assert difference.mean() < (4 if width == 150 else 1e-9)


def test_a_long_strip_is_cheap(tmp_path: Path) -> None:
    Image.new("RGB", (40_000, 2), "red").save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png", 64)
    assert found is not None
    assert (found == np.array([255, 0, 0])[:, None, None]).all()


def test_grey_is_pils(tmp_path: Path) -> None:
    image = noise(50, 50)
    image.save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png", 50)
    assert found is not None
    wanted = np.asarray(image.convert("L"))
    assert np.abs(luma(found[None])[0, 0].astype(int) - wanted).max() <= 1


def test_16_bits_are_scaled(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png", 64)
    assert found is not None
    assert np.array_equal(found[1], np.round(ramp / 257))


def test_transparent_is_white_and_turned_is_turned(tmp_path: Path) -> None:
    for mode, colour in (("RGBA", (9, 9, 9, 0)), ("LA", (9, 0))):
        Image.new(mode, (8, 8), colour).save(tmp_path / "a.png")
        found = read_picture(tmp_path / "a.png", 28)
        assert found is not None
        assert (found == 255).all()
    image = Image.new("RGB", (40, 40), "black")
    image.paste((255, 255, 255), (0, 0, 40, 20))  # light above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(tmp_path / "b.jpg", exif=exif, quality=95)
    found = read_picture(tmp_path / "b.jpg", 28)
    assert found is not None
    assert found[:, :, 20:].min() > 200
    assert found[:, :, :8].max() < 50


def encoded(kind: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    noise(24, 24).convert(mode).save(buffer, format=kind)
    return buffer.getvalue()


KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "PCX", "TGA", "ICO", "SGI", "QOI")
WHOLE = {kind: encoded(kind) for kind in KINDS}
WHOLE |= {"palette": encoded("PNG", "P"), "grey": encoded("JPEG", "L")}


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(
        st.tuples(st.sampled_from(["flip", "cut", "insert"]), st.integers(0, 2**16), st.binary()),
        min_size=1,
        max_size=4,
    ),
)
@pytest.mark.filterwarnings("ignore")  # about odd metadata
def test_corrupted_pictures_are_pictures_or_none(
    tmp_path: Path, kind: str, changes: list[tuple[str, int, bytes]]
) -> None:
    raw = bytearray(WHOLE[kind])
    for change, where, extra in changes:
        at = where % (len(raw) or 1)
        if change == "cut":
            del raw[at:]
        elif change == "insert":
            raw[at:at] = extra
        elif raw:
            raw[at] ^= 1 << where % 8
    (tmp_path / "a.png").write_bytes(raw)
    found = read_picture(tmp_path / "a.png", 28)
    assert found is None or (found.shape == (3, 28, 28) and found.dtype == np.uint8)


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def test_a_picture_that_claims_billions_of_pixels_is_none(tmp_path: Path) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000)))
    (tmp_path / "bomb.png").write_bytes(content + chunk(b"IEND", b""))
    assert read_picture(tmp_path / "bomb.png", 28) is None


def test_pictures_of_every_kind_and_what_is_none(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moves.webp", save_all=True, append_images=frames[1:], lossless=True)
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95)
    glass = Image.new("P", (8, 8), 0)
    glass.putpalette([9, 9, 9])
    glass.save(tmp_path / "glass.png", transparency=0)
    for name, colour in (("moves.webp", "255,0,0"), ("ink.jpg", "255,0,0"), ("glass.png", "white")):
        found = read_picture(tmp_path / name, 28)
        wanted = [255, 255, 255] if colour == "white" else [int(c) for c in colour.split(",")]
        assert found is not None
        assert np.abs(found.astype(int) - np.array(wanted)[:, None, None]).max() <= 4
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.png").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait without end
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    for name in ("empty", "words", "folder", "pipe", "loop", "absent", "nul\0"):
        assert read_picture(tmp_path / f"{name}.png", 28) is None


def test_a_folder_of_anything_is_listed_once(tmp_path: Path) -> None:
    inner = tmp_path / "pictures" / "..inner"
    (tmp_path / "pictures" / "deep").mkdir(parents=True)
    (tmp_path / "pictures" / "again").symlink_to(tmp_path / "pictures")
    (tmp_path / "pictures" / "loop.png").symlink_to("loop.png")
    os.mkfifo(tmp_path / "pictures" / "pipe.png")
    name = os.fsdecode(b"bad\xff\x1b[2J\n<b>.png")
    noise(8, 8).save(tmp_path / "pictures" / "deep" / "a..b.PNG", format="PNG")
    noise(8, 8).save(tmp_path / "pictures" / name, format="PNG")
    inner.mkdir()
    noise(8, 8).save(inner / "hidden.png")
    found, others = scan(tmp_path / "pictures")
    assert others == []
    assert [(p.name, p.size > 0) for p in found] == [
        (name, True),
        ("deep/a..b.PNG", True),
        ("loop.png", False),
        ("pipe.png", False),
    ]
    out = np.full((4, 3, 28, 28), 7, dtype=np.uint8)
    paths = [tmp_path / "pictures" / p.name for p in found]
    assert [source.readable for source in decode(paths, out, None)] == [True, True, False, False]
    assert (out[2:] == 7).all()
    for gone in ("absent", "pictures/pipe.png", "nul\0"):
        with pytest.raises(InputError, match="cannot be read"):
            scan(tmp_path / gone)
