"""Pictures as small squares, against torchvision, PIL and hand-made files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from bench.pictures import luma, read_picture

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
