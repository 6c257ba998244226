"""Storage: what is indexed is what was written, and what is mapped takes no memory."""

import subprocess
import sys
import warnings
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.datasets.storage import Bytes, arrays_dir, as_tensor, cache_dir, digest, scratch, writing

ROOT = Path(__file__).parents[2]
SHAPE = (100, 3, 8, 8)
SIZE = 100 * 3 * 8 * 8


@pytest.fixture
def noise() -> Bytes:
    return np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)


@pytest.fixture
def saved(noise: Bytes, tmp_path: Path) -> Path:
    np.save(tmp_path / "images.npy", noise)
    return tmp_path / "images.npy"


def is_mapped(path: Path) -> bool:
    return str(path) in Path("/proc/self/maps").read_text()


def test_the_folder_is_the_users_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "variable"))
    assert cache_dir(tmp_path / "flag") == tmp_path / "flag"
    assert cache_dir() == tmp_path / "variable"
    monkeypatch.chdir(tmp_path)
    assert cache_dir(Path("here")) == tmp_path / "here"


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG folders are Linux's")
def test_the_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GAN_BENCH_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "gan-bench"
    assert not cache_dir().exists()  # asking makes nothing


def test_nothing_is_written_to_a_read_only_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "own"))
    assert arrays_dir(tmp_path) == tmp_path / "arrays"
    assert arrays_dir(tmp_path / "new") == tmp_path / "new" / "arrays"
    monkeypatch.setattr("os.access", lambda *_: False)  # a superuser may write anywhere
    assert arrays_dir(tmp_path) == tmp_path / "own" / "arrays"


def test_names_follow_the_facts() -> None:
    facts = [("a.png", 1, 2), 64, None, "bad \udcff name"]
    assert digest(facts) == digest(list(facts))
    assert len({digest(facts), digest(facts[:3]), digest([*facts, 1]), digest(facts[::-1])}) == 4
    assert digest(["ab", "c"]) != digest(["a", "bc"])


@pytest.mark.parametrize(("limit", "mapped"), [(SIZE, False), (SIZE - 1, True)])
def test_a_file_is_mapped_beyond_the_limit(
    limit: int, mapped: bool, saved: Path, noise: Bytes
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = as_tensor(saved, limit)
    assert is_mapped(saved) is mapped
    assert (tensor.shape, tensor.dtype) == (SHAPE, torch.uint8)
    assert np.array_equal(tensor.numpy(), noise)


@pytest.mark.parametrize("limit", [SIZE, 0])
def test_rows_in_any_order_are_copies(limit: int, saved: Path, noise: Bytes) -> None:
    tensor = as_tensor(saved, limit)
    rows = torch.tensor([99, 0, 5, 5, 42])
    for batch in (tensor[rows], tensor.index_select(0, rows)):
        assert np.array_equal(batch.numpy(), noise[rows.numpy()])
        assert batch.untyped_storage().nbytes() == 5 * 3 * 8 * 8
        batch.zero_()  # into the copy: the file may not even be written to
    assert np.array_equal(np.load(saved), noise)


def test_a_part_of_a_map_is_still_mapped(saved: Path, noise: Bytes) -> None:
    part = as_tensor(saved, 0)[80:]
    assert is_mapped(saved)  # by what is left of it
    assert np.array_equal(part[torch.tensor([19, 3])].numpy(), noise[[99, 83]])


def test_an_array_stays_or_goes_to_a_file_that_nobody_sees(
    noise: Bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path))
    assert as_tensor(noise).data_ptr() == noise.ctypes.data
    spilled = as_tensor(noise, limit=100)
    assert is_mapped(tmp_path)
    assert np.array_equal(spilled.numpy(), noise)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    del spilled
    assert not is_mapped(tmp_path)


@pytest.mark.parametrize("array", [np.zeros(SHAPE, np.float32), np.zeros((4, 8, 8), np.uint8)])
def test_what_are_no_images_is_refused(array: Bytes, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    for source in (array, tmp_path / "a.npy"):
        with pytest.raises(ValueError, match=r"^images are \[n, c, h, w\] uint8, not \["):
            as_tensor(source)


def test_a_file_appears_when_it_is_whole(noise: Bytes, tmp_path: Path) -> None:
    path = tmp_path / "new" / "images.npy"
    with writing(path, SHAPE) as array:
        array[:] = noise
        assert not path.exists()
    assert np.array_equal(np.load(path), noise)
    with pytest.raises(KeyboardInterrupt), writing(path.with_name("other.npy"), SHAPE):
        raise KeyboardInterrupt
    assert [p.name for p in path.parent.iterdir()] == ["images.npy"]


def test_a_full_disk_is_an_error_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(9, 9, SIZE - 1))
    with pytest.raises(OSError, match="GiB are needed"), writing(tmp_path / "a.npy", SHAPE):
        pytest.fail("there was no room")
    with pytest.raises(OSError, match="GiB are needed"):
        scratch(tmp_path, SHAPE)
    assert list(tmp_path.iterdir()) == []


MILLION = """
import sys
from pathlib import Path
import numpy as np, torch
from bench.datasets.storage import as_tensor

def memory(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith(kind))

path, shape = Path(sys.argv[1]), (1_000_000, 3, 64, 64)
made = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
made[999_999], made[123_456, 2, 63, 63] = 7, 9
del made
images = as_tensor(path)
images[torch.arange(64)].float().sum()  # torch's own buffers
anonymous, mapped = memory("RssAnon:"), memory("RssFile:") + memory("RssShmem:")
order = torch.randperm(1_000_000, generator=torch.Generator().manual_seed(0))
for rows in order[:6400].split(64):
    assert images[rows].shape == (64, 3, 64, 64)
found = images[torch.tensor([999_999, 123_456, 5])]
assert (found[0] == 7).all() and found[1, 2, 63, 63] == 9 and found[1:].sum() == 9
print(memory("RssAnon:") - anonymous, memory("RssFile:") + memory("RssShmem:") - mapped)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_million_images_take_no_memory(tmp_path: Path) -> None:
    # 11.4 GiB, all but two rows of them a hole in the file.
    path = tmp_path / "million.npy"
    done = subprocess.run(
        [sys.executable, "-c", MILLION, str(path)], capture_output=True, text=True, cwd=ROOT
    )
    path.unlink(missing_ok=True)
    assert done.returncode == 0, done.stderr
    anonymous, mapped = map(float, done.stdout.split())
    assert mapped > 70  # MiB: 6,400 images of 12 KiB were really read
    assert anonymous < 32  # of which 8 are the order
