"""Images of every kind in a folder: read by content, or counted; and what is said about them."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image, features

from bench.cli import main
from bench.datasets import folder as folders
from bench.datasets.dataset import Dataset
from bench.datasets.folder import Options, folder
from bench.datasets.images import formats, read_picture, scan
from bench.datasets.notices import white_of
from bench.datasets.storage import digest
from bench.errors import InputError

from .test_folders import cache, images, levels

__all__ = ["cache", "images"]  # fixtures
CODECS = {"jp2": "jpg_2000", "avif": "avif", "webp": "webp"}
KINDS = (
    *("bmp", "dib", "gif", "tif", "tiff", "ppm", "pnm", "pcx", "tga", "jfif"),
    *("jp2", "avif", "webp", "ico", "sgi", "dds", "qoi", "psd"),
)


def told(path: Path, size: int = 20) -> tuple[Dataset, list[str]]:
    heard: list[str] = []
    data = folder(path, size, options=Options(notice=heard.append))
    return data, [line.removeprefix(str(path)) for line in heard]


def fill(path: Path, n: int, shape: tuple[int, ...] = (20, 20), suffix: str = "png") -> None:
    """n files of one grey level each: 101, 102, .."""
    path.mkdir(exist_ok=True, parents=True)
    for k in range(n):
        Image.fromarray(np.full(shape, 101 + k, np.uint8)).save(path / f"{k:04}.{suffix}")


def everything(data: Dataset) -> torch.Tensor:
    return torch.cat([data.train.samples, data.holdout.samples])


def psd(path: Path, colour: tuple[int, int, int]) -> None:
    """The smallest Photoshop file: Pillow writes none."""
    header = b"8BPS" + bytes([0, 1, *[0] * 6, 0, 3, 0, 0, 0, 32, 0, 0, 0, 32, 0, 8, 0, 3])
    planes = b"".join(bytes([value]) * 32 * 32 for value in colour)
    path.write_bytes(header + bytes(12) + bytes(2) + planes)


@pytest.mark.parametrize("kind", [k for k in KINDS if features.check(CODECS.get(k, "zlib"))])
def test_every_kind_is_read(kind: str, images: Path) -> None:
    colour = (200, 60, 20)
    if kind == "psd":
        psd(images / "a.psd", colour)
    else:
        Image.new("RGB", (32, 32), colour).save(images / f"a.{kind}")
    for name in (f"a.{kind}", "no-end", "wrong.png"):
        (images / name).write_bytes((images / f"a.{kind}").read_bytes())
    assert scan(images).others == []
    for name in (f"a.{kind}", "no-end", "wrong.png"):
        found = read_picture(images / name, 28)
        assert found is not None
        assert np.abs(found.mean((1, 2)) - colour).max() < 6


def test_a_folder_of_two_kinds_is_whole(images: Path) -> None:
    fill(images / "a", 90, (20, 20, 3), "bmp")
    fill(images / "b", 20, (20, 20), "png")
    data, heard = told(images)
    assert len(data.train) + len(data.holdout) == 110
    assert (data.train.labels.bincount() + data.holdout.labels.bincount()).tolist() == [90, 20]
    assert heard == []


def test_what_is_no_image_is_counted_and_no_program_is_run(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)  # Ghostscript, for one
    monkeypatch.setattr(subprocess, "check_call", None)
    fill(images, 6)
    (images / "a.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
    (images / "b.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    (images / "car").write_text("BMW is a car, not a bitmap")
    (images / "d.csv").write_text("P5 is no picture either")
    (images / "e.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(16))
    (images / "f.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(16))
    (images / "g.tif").write_bytes(b"II*\0")
    assert told(images)[1] == [
        "; 1 files could not be read: g.tif; 6 files are no images that Pillow opens: "
        "a.eps, b.h5, car, d.csv, e.heic, ..."
    ]
    assert not {"EPS", "WMF", "HDF5"} & set(formats())


def test_other_files_change_neither_the_data_nor_the_cache(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(images, 8)
    first = folder(images, 20)
    known = [(f"{k:04}.png", (images / f"{k:04}.png").stat().st_size) for k in range(8)]
    assert first.content == digest(known)  # as in every version before
    monkeypatch.setattr(folders, "decode", None)  # calling it would be an error
    for text in ("a", "a longer log"):
        (images / "train.log").write_text(text)
        data, heard = told(images)
        assert heard == ["; 1 files are no images that Pillow opens: train.log"]
        assert data.content == first.content
    monkeypatch.undo()
    fill(images, 9, (20, 20), "bmp")
    assert folder(images, 20).content != first.content


def test_the_first_frame_is_taken_and_that_is_said(images: Path) -> None:
    fill(images, 6)
    frames = [Image.new("RGB", (20, 20), (level, level, level)) for level in (70, 0, 255)]
    for kind in ("gif", "tiff", "webp", "apng"):
        more = {"save_all": True, "append_images": frames[1:], "lossless": True}
        frames[0].save(images / f"a.{kind}", {"apng": "png"}.get(kind, kind), **more)
    data, heard = told(images)
    assert sorted(levels(everything(data))) == [*[70] * 4, *range(101, 107)]
    assert heard == [": 4 files have several frames or pages: the first of each is taken"]


def test_a_tiff_is_turned_once(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 40), "black")
    image.paste((255, 255, 255), (0, 0, 40, 20))  # light above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(tmp_path / "a.tif", exif=exif)
    found = read_picture(tmp_path / "a.tif", 28)
    assert found is not None
    assert found[:, :, 20:].min() > 200
    assert found[:, :, :8].max() < 50


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_twelve_bits_are_taken_as_twelve(kind: str, images: Path) -> None:
    for k in range(8):
        values = np.full((20, 20), 500 * k, np.uint16)
        Image.fromarray(values).save(images / f"{k}.{kind}")
    data, heard = told(images)
    assert data.spec.shape == (1, 20, 20)
    assert sorted(levels(everything(data))) == [round(500 * k / 4095 * 255) for k in range(8)]
    assert heard == [
        ": 8 files of more than 8 bits hold values up to 3500: 4095 is taken as white, not 65535"
    ]
    again, heard_again = told(images)  # from the cache
    assert (heard_again, again.content) == (heard, data.content)
    # What is white is part of the data's hash: one brighter image changes all others.
    known = [(file.name, file.size) for file in scan(images).pictures]
    assert data.content == digest([*known, 4095.0])
    Image.fromarray(np.full((20, 20), 65535, np.uint16)).save(images / f"9.{kind}")
    data, heard = told(images)
    assert sorted(levels(everything(data))) == [*(round(500 * k / 257) for k in range(8)), 255]
    assert heard == []
    assert data.content == digest([(file.name, file.size) for file in scan(images).pictures])


def test_floats_and_values_below_zero(images: Path) -> None:
    for k in range(6):
        values = np.full((20, 20), k / 5, np.float32)
        values[0, 0] = (-1, np.nan, np.inf, 0, 0, 0)[k]
        Image.fromarray(values).save(images / f"{k}.tif")
    data, heard = told(images)
    assert sorted(everything(data)[:, 0, 9, 9].tolist()) == [0, 51, 102, 153, 204, 255]
    assert heard == [
        ": 6 files of more than 8 bits hold values up to 1: 1 is taken as white, not 65535, and "
        "what is below 0 (down to -1) black"
    ]


@pytest.mark.parametrize(
    ("largest", "white"),
    [
        *((0, 65535), (1, 1), (0.2, 1), (2, 255), (255, 255), (256, 511), (1023, 1023)),
        *((4095, 4095), (4096, 8191), (40_000, 65535), (65535, 65535), (70_000, 131_071)),
    ],
)
def test_white_is_the_largest_number_of_as_many_bits(largest: float, white: float) -> None:
    assert white_of(largest) == white


def test_an_almost_black_set_is_told(images: Path) -> None:
    for k in range(8):  # numbers of classes, say
        Image.fromarray(np.full((20, 20), k, np.uint8)).save(images / f"{k}.png")
    assert told(images)[1] == [
        ": almost black, the brightest pixel of all images is 7 of 255: if the files hold few bits "
        "or numbers of classes, scale them to 0 .. 255"
    ]
    Image.fromarray(np.full((20, 20), 64, np.uint8)).save(images / "bright.png")
    assert told(images)[1] == []


def test_classes_of_fewer_than_two_images_are_told(images: Path) -> None:
    for name, n in (("ant", 1), ("bee", 2), ("cat", 9)):
        fill(images / name, n)
    (images / "dog").mkdir()
    (images / "dog" / "bad.png").touch()
    (images / "annotations").mkdir()
    (images / "annotations" / "cat.xml").write_text("<cat/>")
    data, heard = told(images)
    assert data.mode_names == ("ant", "bee", "cat")
    assert heard[1:] == [
        ": 2 classes have fewer than two images, so none to train on or none held out: "
        "ant (1), dog (0)"
    ]


def test_cut_and_resized_images_are_counted(images: Path) -> None:
    for name, shape in (("same", (20, 20)), ("cut", (20, 30)), ("small", (10, 10))):
        fill(images / name, 2, shape)
    fill(images / "large", 3, (40, 50))
    assert told(images)[1] == [
        ": 5 images are cut to their middle square, and 5 images are resized to 20 x 20 pixels, "
        "2 of them enlarged"
    ]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", "--dry-run", *arguments], catch_exceptions=False)


def test_too_few_images_for_a_batch_are_told_with_a_batch_that_fits(images: Path) -> None:
    fill(images, 25)
    asked = ("--dataset", f"folder:{images}", "--size", "20", "--models", "gan")
    result = run(*asked)
    assert result.exit_code == 2
    assert result.stderr == (
        f"bench: folder:{images} has 20 samples to train on, beside 5 held out, fewer than a batch "
        "of 64: say --batch-size 16\n"
    )
    assert run(*asked, "--batch-size", "16").exit_code == 0


def test_a_folder_whose_name_has_a_comma(images: Path) -> None:
    fill(images.parent / "cats, black" / "a,b", 25)
    asked = ("--dataset", f"folder:{images.parent}/cats, black/a,b,ring8", "--size", "20")
    result = run(*asked, "--models", "gan", "--batch-size", "16", "--seeds", "1")
    assert result.exit_code == 0, result.output
    assert "2 trials: gan on folder:" in result.output
    assert "cats, black/a,b, ring8" in result.output


def test_a_bomb_without_an_end_is_none(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(images, 6)
    Image.new("1", (400, 400)).save(images / "bomb", format="bmp")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    data, heard = told(images)
    assert len(data.train) + len(data.holdout) == 6
    assert "bomb" in heard[0]


def test_a_folder_without_an_image_names_what_is_there(images: Path) -> None:
    (images / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match=r"0 readable images, fewer than 5; 1 files are no images"):
        folder(images)
