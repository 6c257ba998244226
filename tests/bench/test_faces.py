"""CelebA from tiny files in its own layout: the faces, and their attributes as labels."""

from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from bench.datasets import DATASETS
from bench.datasets import faces as module
from bench.datasets.faces import FACES, faces
from bench.errors import InputError

PARTS = (0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2)  # training, validation, test
HAVING = {  # attribute -> the pictures that have it, counted from 1
    "Eyeglasses": (3, 12),
    "Male": (2, 3, 5, 7, 11),
    "Smiling": (1, 4, 10, 11),
}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.celeba.download_file_from_google_drive", refuse)
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))


def write_celeba(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """12 pictures of 178 x 218: red on top and below, green within, brighter with their number."""
    base = root / "celeba"
    (base / "img_align_celeba").mkdir(parents=True)
    names = [f"{k:06}.jpg" for k in range(1, 13)]
    for k, name in enumerate(names):
        pixels = np.zeros((218, 178, 3), np.uint8)
        pixels[:, :, 0] = 255
        pixels[16:202] = (0, 20 * k, 0)  # 4 lines more than the square of 178: JPEG smears
        Image.fromarray(pixels).save(base / "img_align_celeba" / name, quality=95)
    lines = [f"{name} {part}\n" for name, part in zip(names, PARTS, strict=True)]
    (base / "list_eval_partition.txt").write_text("".join(lines))
    (base / "identity_CelebA.txt").write_text("".join(f"{name} 1\n" for name in names))
    for kind in ("bbox", "landmarks_align"):
        lines = [f"{name} 1 -1\n" for name in names]
        (base / f"list_{kind}_celeba.txt").write_text("12\nfirst second\n" + "".join(lines))
    # As CelebA's own: a blank at the end of the names, two before a 1.
    signs = [[" 1" if k in some else "-1" for some in HAVING.values()] for k in range(1, 13)]
    lines = [f"{name} {' '.join(row)}\n" for name, row in zip(names, signs, strict=True)]
    (base / "list_attr_celeba.txt").write_text(f"12\n{' '.join(HAVING)} \n" + "".join(lines))
    listed = [(key, None, name) for key, _, name in datasets.CelebA.file_list]
    monkeypatch.setattr(datasets.CelebA, "file_list", listed)


def test_the_faces_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_celeba(tmp_path, monkeypatch)
    heard: list[tuple[int, int]] = []
    data = faces("celeba", None, tmp_path, lambda done, of: heard.append((done, of)))
    assert heard == [(7, 7), (3, 3)]
    assert (data.spec.shape, data.spec.classes, data.mode_names) == ((3, 64, 64), 1, ("face",))
    assert (len(data.train), len(data.holdout)) == (7, 3)  # validation is neither
    assert data.train.labels.tolist() == [0] * 7
    for split, numbers in ((data.train, range(7)), (data.holdout, range(9, 12))):
        wanted = torch.tensor([20 * k for k in numbers])[:, None, None]
        assert (split.samples[:, 1].int() - wanted).abs().max() <= 6
        assert split.samples[:, 0].max() <= 12  # no red: the middle square
    monkeypatch.setattr(module, "decode", None)  # once is enough
    again = faces("celeba", 64, tmp_path)
    assert torch.equal(again.train.samples, data.train.samples)


@pytest.mark.parametrize(
    ("name", "train", "holdout", "classes"),
    [
        ("celeba@smiling", [1, 0, 0, 1, 0, 0, 0], [1, 1, 0], ("not smiling", "smiling")),
        ("celeba@male", [0, 1, 1, 0, 1, 0, 1], [0, 1, 0], ("not male", "male")),
        ("celeba@eyeglasses", [0, 0, 1, 0, 0, 0, 0], [0, 0, 1], ("no eyeglasses", "eyeglasses")),
        (
            "celeba@smiling+male",
            [1, 2, 2, 1, 2, 0, 2],
            [1, 3, 0],
            ("not smiling, not male", "smiling, not male", "not smiling, male", "smiling, male"),
        ),
    ],
)
def test_an_attribute_is_the_label(
    name: str,
    train: list[int],
    holdout: list[int],
    classes: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_celeba(tmp_path, monkeypatch)
    alone = faces("celeba", 32, tmp_path)
    kept = sorted((tmp_path / "arrays").iterdir())
    monkeypatch.setattr(module, "decode", None)  # the pictures are there already
    data = faces(name, 32, tmp_path)
    assert (data.name, data.spec.shape) == (name, (3, 32, 32))
    assert data.spec.classes == len(classes)
    assert data.mode_names == classes
    assert (data.train.labels.tolist(), data.holdout.labels.tolist()) == (train, holdout)
    assert data.train.labels.dtype == torch.int64
    assert torch.equal(data.train.samples, alone.train.samples)
    assert torch.equal(data.holdout.samples, alone.holdout.samples)
    assert sorted((tmp_path / "arrays").iterdir()) == kept


def test_an_attribute_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_celeba(tmp_path, monkeypatch)
    path = tmp_path / "celeba/list_attr_celeba.txt"
    path.write_text(path.read_text().replace("Smiling", "Frowning"))
    with pytest.raises(InputError, match=r"list_attr_celeba\.txt has no attribute Smiling"):
        faces("celeba@smiling", 32, tmp_path)
    assert faces("celeba@male", 32, tmp_path).spec.classes == 2


def test_the_catalogue_has_them_all() -> None:
    assert {name for name in DATASETS if name.startswith("celeba")} == set(FACES)


def test_a_broken_face_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_celeba(tmp_path, monkeypatch)
    (tmp_path / "celeba/img_align_celeba/000003.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"1 images in .*img_align_celeba .*: 000003\.jpg$"):
        faces("celeba", 32, tmp_path)
    assert list((tmp_path / "arrays").iterdir()) == []
    (tmp_path / "celeba/img_align_celeba/000003.jpg").unlink()
    with pytest.raises(InputError, match=r"000003\.jpg"):
        faces("celeba", 32, tmp_path)


@pytest.mark.parametrize("name", FACES)
def test_absent_and_offline_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        faces(name, None, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{name} is not in {tmp_path} and could not be downloaded (")
    assert "\n" not in message
    for part in ("no route to host", "celeba/img_align_celeba/", "celeba/list_eval_partition.txt"):
        assert part in message


def test_other_sizes_and_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"side of 4 to 1,024 pixels, not 3$"):
        faces("celeba@male", 3, tmp_path)
    with pytest.raises(InputError, match=r"did you mean 'celeba@smiling'\?$"):
        faces("celeba@smilling", None, tmp_path)
