"""A user's folder: images and splits counted, hostile files survived, decoded once."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.datasets import folder as folders
from bench.datasets import images as pictures
from bench.datasets.folder import Options, folder, split_rows
from bench.errors import InputError

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "images"
    path.mkdir()
    return path


def fill(path: Path, n: int, shape: tuple[int, ...] = (20, 26, 3), suffix: str = "png") -> Path:
    """n files of one grey level each: 1, 2, 3, .."""
    path.mkdir(exist_ok=True, parents=True)
    for k in range(n):
        Image.fromarray(np.full(shape, k + 1, np.uint8)).save(path / f"{k:04}.{suffix}")
    return path


def levels(samples: torch.Tensor) -> list[int]:
    return samples[:, 0, 0, 0].tolist()


def test_class_folders_are_labels(images: Path) -> None:
    for name, n in (("cat", 100), ("ant", 60), ("bee", 33)):
        fill(images / name / "deeper", n)
    data = folder(images, 32)
    assert (data.name, data.mode_names) == ("folder-images", ("ant", "bee", "cat"))
    assert (data.spec.shape, data.spec.classes) == ((1, 32, 32), 3)  # all of it is grey
    counts = [split.labels.bincount().tolist() for split in (data.train, data.holdout)]
    assert (np.sum(counts, axis=0) == [60, 33, 100]).all()
    assert abs(np.array(counts[1]) - [12, 6.6, 20]).max() < 1
    for label, n in enumerate((60, 33, 100)):  # every image is there once, with its label
        parts = [split.samples[split.labels == label] for split in (data.train, data.holdout)]
        assert sorted(levels(torch.cat(parts))) == list(range(1, n + 1))


def test_no_class_folders_no_labels(images: Path) -> None:
    fill(images / "only", 90)
    assert folder(images).mode_names == ("image",)
    fill(images / "another", 30)
    assert folder(images).spec.classes == 2
    Image.new("RGB", (30, 30), "red").save(images / "beside.png")
    data = folder(f"folder:{images}")
    assert (data.spec.shape, data.spec.classes) == ((3, 64, 64), 1)
    assert int(data.train.labels.max()) == 0
    assert len(data.train) + len(data.holdout) == 121


def test_splits_are_no_classes(images: Path) -> None:
    fill(images / "train", 90)
    fill(images / "Test", 30)
    with pytest.raises(InputError, match=r"^Test, train in .* splits, not classes: .*images/Test$"):
        folder(images)


@pytest.mark.parametrize("classes", [1, 2, 7, 100])
def test_a_fifth_of_every_class_is_held_out(classes: int) -> None:
    labels = torch.from_numpy(RNG.integers(0, classes, 503))
    train, holdout = split_rows(labels)
    assert sorted([*train.tolist(), *holdout.tolist()]) == list(range(503))
    assert len(holdout) == 100
    held = labels[holdout].bincount(minlength=classes)
    assert (held - labels.bincount(minlength=classes) / 5).abs().max() < 1
    assert all(map(torch.equal, split_rows(labels.clone()), (train, holdout)))
    for rows in (train, holdout):  # in random order: few rows are where sorting would put them
        assert int((rows.sort().values == rows).sum()) < 10


def test_the_split_is_fixed(images: Path) -> None:
    data = folder(fill(images, 100))
    assert levels(data.holdout.samples)[:8] == [55, 88, 2, 60, 50, 95, 76, 26]
    assert len(data.holdout) == 20


@pytest.mark.parametrize("suffix", ["png", "jpg", "JPEG", "webp", "WebP"])
def test_formats(suffix: str, images: Path) -> None:
    for k in range(80):
        kind = {"jpg": "jpeg"}.get(suffix.lower(), suffix.lower())
        Image.new("RGB", (30, 30), (200, k, 50)).save(images / f"{k}.{suffix}", format=kind)
    data = folder(images, 28)
    assert data.spec.shape == (3, 28, 28)
    mean = data.train.samples.float().mean((0, 2, 3))
    assert mean.tolist() == pytest.approx([200, 40, 50], abs=4)


def test_the_files_decide_on_grey(images: Path) -> None:
    fill(images, 80, (20, 20))  # mode L
    assert folder(images).spec.shape == (1, 64, 64)
    colour = folder(images, options=Options(channels=3))
    assert colour.spec.shape == (3, 64, 64)
    assert torch.equal(colour.train.samples[:, :1], folder(images).train.samples)
    Image.new("RGB", (20, 20), (10, 11, 10)).save(images / "colour.png")
    assert folder(images).spec.shape == (3, 64, 64)
    grey = folder(images, options=Options(channels=1))
    assert grey.spec.shape == (1, 64, 64)


def spoil(images: Path) -> list[str]:
    """Files that are called images and are none; their names."""
    good = (images / "0000.png").read_bytes()
    (images / "bad-empty.png").touch()
    (images / "bad-text.jpg").write_text("not an image")
    (images / "bad-half.png").write_bytes(good[: len(good) // 2])
    (images / "bad-tail.gif").write_bytes(b"GIF89a and no more")
    Image.new("1", (10_000, 10_000)).save(images / "bad-bomb.png")  # more than MAX_IMAGE_PIXELS
    (images / "bad-link.webp").symlink_to(images / "nowhere.webp")
    (images / "bad-self.png").symlink_to(images / "bad-self.png")
    os.mkfifo(images / "bad-pipe.png")  # nobody ever writes to it
    (images / "bad\nline.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    noisy = bytearray(good)
    noisy[20:30] = RNG.bytes(10)
    (images / "bad-noise.png").write_bytes(noisy)
    return sorted(p.name for p in images.iterdir() if p.name.startswith("bad"))


def test_broken_files_are_counted_and_named(images: Path) -> None:
    fill(images, 90)
    bad = spoil(images)
    for other in ("notes.txt", ".hidden.png", "a.svg"):
        (images / other).write_text("passed over")
    heard: list[str] = []
    data = folder(images, 32, options=Options(notice=heard.append))
    assert len(data.train) + len(data.holdout) == 90
    assert sorted(levels(torch.cat([data.train.samples, data.holdout.samples]))) == [*range(1, 91)]
    names = ", ".join(name.replace("\n", "\\n") for name in bad[:5])
    assert heard == [
        f"{images}; 10 files could not be read: {names}, ...; "
        "2 files are no images that Pillow opens: a.svg, notes.txt",
        f"{images}: 90 images are cut to their middle square, and "
        "90 images are resized to 32 x 32 pixels, 90 of them enlarged",
    ]
    folder(images, 32, options=Options(notice=heard.append))  # from the cache: told again
    assert heard[2:] == heard[:2]


def test_loops_and_dots(images: Path) -> None:
    fill(images / "a", 50)
    fill(images / "b", 40)
    (images / "a" / "up").symlink_to(images)
    (images / "b" / "here").symlink_to(images / "b")
    (images / "a" / "other").symlink_to(images / "b")  # b is seen once, not below a
    data = folder(images / "a" / ".." / "b" / "..", 28)
    assert data.name == "folder-images"
    assert len(data.train) + len(data.holdout) == 90
    assert data.mode_names == ("a", "b")
    assert (data.train.labels.bincount() + data.holdout.labels.bincount()).tolist() == [50, 40]
    (images.parent / "link").symlink_to(images.parent / "link")
    with pytest.raises(InputError, match="does not exist"):
        folder(images.parent / "link")


def test_too_few_images(images: Path) -> None:
    fill(images, 4)
    (images / "bad.png").touch()
    with pytest.raises(InputError) as caught:
        folder(images, options=Options(notice=pytest.fail))
    assert str(caught.value) == (
        f"{images} has 4 readable images, fewer than 5; 1 files could not be read: bad.png"
    )
    fill(images, 5)
    data = folder(images)
    assert (len(data.train), len(data.holdout)) == (4, 1)


def test_no_images(images: Path) -> None:
    with pytest.raises(InputError, match=r"has 0 readable images, fewer than 5$"):
        folder(images)
    (images / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"fewer than 5; 1 files are no images .*: notes\.txt$"):
        folder(images)
    (images / "bad.png").write_text("x")
    with pytest.raises(InputError, match=r"has 0 readable images, fewer than 5; .*: bad\.png; .*"):
        folder(images)
    with pytest.raises(InputError, match=r"bad\.png is not a folder; folder:PATH names"):
        folder(images / "bad.png")
    with pytest.raises(InputError, match=r"nowhere does not exist; folder:PATH names"):
        folder(images / "nowhere")
    with pytest.raises(ValueError, match="4 to 1,024 pixels, not 2"):
        folder(images, 2)


def test_a_misspelt_second_data_set_is_told_from_a_path(images: Path) -> None:
    with pytest.raises(InputError) as caught:
        folder(f"folder:{images},mnist6k")
    assert str(caught.value) == (
        f"{images},mnist6k does not exist; folder:PATH names a folder of images, and a comma ends "
        "PATH only before a data set's name"
    )
    with_comma = fill(images.parent / "cats, black", 5)
    assert folder(f"folder:{with_comma}").name.startswith("folder-cats-black-")


def test_a_closed_folder_is_one_line(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(images / "closed", 90)
    listed = os.listdir

    def refuse(path: Path) -> list[str]:  # a superuser may list anything
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr("os.listdir", refuse)
    with pytest.raises(InputError, match=r"^.*/closed cannot be read: Permission denied$"):
        folder(images)


def test_decoded_once_with_progress(
    images: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(images, 100)
    heard: list[tuple[int, int]] = []
    options = Options(progress=lambda done, of: heard.append((done, of)))
    monkeypatch.setattr(pictures, "_TOGETHER", 40)
    first = folder(images, 32, options=options)
    assert heard == [(40, 100), (80, 100), (100, 100)]
    again = folder(images, 32, options=options)
    assert len(heard) == 3
    assert torch.equal(again.train.samples, first.train.samples)
    assert torch.equal(again.holdout.samples, first.holdout.samples)
    monkeypatch.setattr(folders, "as_tensor", lambda path: pictures_on_disk(path))
    assert torch.equal(folder(images, 32).train.samples, first.train.samples)
    assert {p.name for p in (cache / "arrays").rglob("*") if p.is_file()} == {
        "images.npy",
        "labels.int64",
        "facts.json",
    }


def pictures_on_disk(path: Path) -> torch.Tensor:
    from bench.datasets.storage import as_tensor

    return as_tensor(path, limit=0)


@pytest.mark.parametrize("change", ["content", "time", "name", "fewer", "size", "channels"])
def test_what_changes_is_decoded_again(change: str, images: Path, cache: Path) -> None:
    fill(images, 90)
    folder(images, 32)
    first = images / "0000.png"
    size, options = 32, Options()
    if change == "content":
        Image.new("L", (26, 20), 255).save(first)
    elif change == "time":
        os.utime(first, ns=(0, 0))
    elif change == "name":
        first.rename(images / "zzzz.png")
    elif change == "fewer":
        first.unlink()
    elif change == "size":
        size = 28
    else:
        options = Options(channels=3)
    folder(images, size, options=options)
    assert len(list((cache / "arrays").iterdir())) == 2


def test_an_interrupted_decoding_leaves_nothing_half(
    images: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(images, 90)
    whole = folder(images, 32).train.samples.clone()
    (cached,) = (cache / "arrays").iterdir()
    (cached / "facts.json").unlink()  # as if stopped before it was written
    (cached / "images.npy").write_bytes(b"half")
    assert torch.equal(folder(images, 32).train.samples, whole)
    (cached / "images.npy").unlink()
    assert torch.equal(folder(images, 32).train.samples, whole)
