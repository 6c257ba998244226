"""What an extractor sees in real images is computed once a machine, and again where it changed."""

from pathlib import Path

import pytest
import torch

from bench.extractors import kept
from bench.extractors.judge import Judge, Reference, judge_of
from bench.extractors.network import Extractor, Seen


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache" / "arrays"


def fresh(features: str = "digits-lenet") -> Judge:
    """A judge that has seen nothing yet."""
    known = judge_of("mnist5k", None, features, "cpu")
    return Judge(known.source, None, features, "cpu", known.dataset, known.network)


def same(first: Reference, second: Reference) -> bool:
    return all(
        torch.equal(getattr(first.seen, name), getattr(second.seen, name))
        for name in ("features", "probabilities")
    )


def test_it_sees_once_and_keeps_every_bit(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, held_out = fresh().train, fresh().holdout
    assert len(list(cache.glob("features-mnist5k-*.safetensors"))) == 2
    monkeypatch.setattr(Extractor, "__call__", lambda *_, **__: pytest.fail("it looked again"))
    assert same(fresh().train, first)
    assert same(fresh().holdout, held_out)


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text"])
def test_a_damaged_file_is_made_anew(damage: str, tmp_path: Path) -> None:
    path, calls = tmp_path / "deep" / "features.safetensors", []

    def see() -> Seen:
        calls.append(1)
        return Seen(torch.arange(6.0).reshape(3, 2), torch.full((3, 2), 0.5))

    first = kept.kept(path, see)
    content = path.read_bytes()
    assert torch.equal(kept.kept(path, see).features, first.features)
    assert len(calls) == 1
    changed = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes({"cut": content[:-4], "changed": changed, "empty": b"", "text": b"{}"}[damage])
    assert torch.equal(kept.kept(path, see).features, first.features)
    assert len(calls) == 2
    assert path.read_bytes() == content


def test_another_network_processor_or_split_has_another_file(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files() -> int:
        return len(list(cache.glob("*.safetensors")))

    _ = fresh().train
    _ = fresh("digits-lenet-2").train
    assert files() == 2
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")  # the same processor computes otherwise
    _ = fresh().train
    assert files() == 3
    monkeypatch.setattr(kept, "cpuinfo", lambda field: "another processor")
    _ = fresh().train
    assert files() == 4


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the folder's place")
    seen = Seen(torch.ones(2, 2), torch.ones(2, 1))
    assert kept.kept(tmp_path / "file" / "features.safetensors", lambda: seen) is seen
