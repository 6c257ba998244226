"""Streams: named, independent of each other, the same on every device and however they are cut."""

import hashlib

import pytest
import torch

from gan_zoo.streams import BLOCK, Streams


def test_the_seed_is_sha256_of_seed_and_name() -> None:
    expected = int.from_bytes(hashlib.sha256(b"7/data").digest()[:7], "big")
    assert Streams(7).seed_of("data") == expected


def test_rows_do_not_depend_on_how_they_are_asked_for() -> None:
    whole = Streams(0)["latent"].normal(BLOCK + 100, 3)
    stream = Streams(0)["latent"]
    parts = [stream.normal(n, 3) for n in (1, 63, BLOCK - 100, 136)]
    assert torch.equal(whole, torch.cat(parts))


def test_a_block_is_what_torch_draws() -> None:
    streams = Streams(5)
    rng = torch.Generator().manual_seed(streams.seed_of("penalty"))
    assert torch.equal(
        streams["penalty"].uniform(9, 1, 1), torch.rand(BLOCK, 1, 1, generator=rng)[:9]
    )


def test_streams_do_not_shift_each_other() -> None:
    alone, together = Streams(0), Streams(0)
    together["penalty"].uniform(1000)
    together["data"].permutation(50)
    assert torch.equal(alone["latent"].normal(4, 2), together["latent"].normal(4, 2))


def test_seeds_and_names_differ() -> None:
    drawn = [Streams(s)[n].normal(4, 2) for s in (0, 1) for n in ("a", "b")]
    assert len({tuple(d.flatten().tolist()) for d in drawn}) == 4


def test_hashes_show_the_match() -> None:
    one, two, other = Streams(0), Streams(0), Streams(1)
    for streams in (one, two, other):
        streams["data"].permutation(100)
    two["latent"].normal(3, 2)
    assert one.hashes()["data"] == two.hashes()["data"] != other.hashes()["data"]
    assert set(two.hashes()) == {"data", "latent"}


def test_another_shape_or_distribution_is_refused() -> None:
    stream = Streams(0)["latent"]
    stream.normal(5, 2)
    with pytest.raises(ValueError, match="latent"):
        stream.normal(5, 3)
    with pytest.raises(ValueError, match="latent"):
        stream.uniform(BLOCK, 2)


def test_ambient_goes_on_and_leaves_the_global_generator_alone() -> None:
    def draws(streams: Streams, disturb: bool) -> list[float]:
        found = []
        for _ in range(3):
            with streams.ambient("dropout"):
                found.append(torch.rand(1).item())
            if disturb:
                torch.rand(17)
        return found

    torch.manual_seed(0)
    expected = torch.rand(1).item()
    torch.manual_seed(0)
    first = draws(Streams(0), disturb=False)
    assert torch.rand(1).item() == expected
    assert first == draws(Streams(0), disturb=True)
    assert len(set(first)) == 3
