"""Named random streams: the one source of randomness in a trial.

Each stream is seeded from the trial's seed and its own name. So a model that draws more from one
stream (for its penalty, say) never shifts another (the latents, the data). The model's name is
not part of the seed: at one seed all models get the same batches and the same latents.

A seed means the same on every device: numbers are always drawn on the CPU, and in blocks of
`BLOCK` rows, since one draw of many rows gives other numbers than many draws of one row.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

BLOCK = 4096  # rows drawn at once; another number would change every trial


class Source(Protocol):
    """What gives random rows: a Stream, or in a stack the same stream of every lane."""

    def normal(self, rows: int, *shape: int) -> Tensor: ...
    def uniform(self, rows: int, *shape: int) -> Tensor: ...
    def permutation(self, n: int) -> Tensor: ...


class Draws(Protocol):
    """Sources by name: the Streams of a trial, or those of a stack."""

    def __getitem__(self, name: str) -> Source: ...


class Stream:
    """One named sequence of random rows, all of one distribution and one shape.

    To ask for another distribution or shape is a ValueError: the rest of the block would be lost,
    and the models would no longer draw the same numbers.
    """

    def __init__(self, name: str, seed: int, device: torch.device) -> None:
        self.name, self.device = name, device
        self._seed, self._ambient = seed_of(seed, "ambient"), list[Tensor]()
        self.first_hash: str | None = None  # of the first block: shows which trials were matched
        self._generator = torch.Generator().manual_seed(seed)
        self._kind: tuple[str, tuple[int, ...]] | None = None
        self._block = torch.empty(0)
        self._used = 0
        self._before: Tensor | None = None  # the generator's state before it drew the block

    def normal(self, rows: int, *shape: int) -> Tensor:
        """[rows, *shape] standard normal numbers, float32, on the streams' device."""
        return self._rows("normal", rows, shape)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """[rows, *shape] numbers uniform on [0, 1), float32, on the streams' device."""
        return self._rows("uniform", rows, shape)

    def permutation(self, n: int) -> Tensor:
        """The numbers 0 to n - 1 in random order, [n] int64, on the streams' device."""
        order = torch.randperm(n, generator=self._generator)
        self._note_first(("permutation", (n,)), order)
        return order.to(self.device, non_blocking=True)

    @contextmanager
    def ambient(self) -> Iterator[None]:
        """A context in which torch's global generators draw for this stream.

        For a network that draws more than its latents. The next such context goes on where this
        one ends; `state_dict` does not hold that place.
        """
        with global_generators(seed_of(self._seed, "ambient"), self._ambient, self.device):
            yield

    def state_dict(self) -> dict[str, Any]:
        """The stream's position: its generator before the block, which it draws again, and the row.

        The rest of a block itself could be a megabyte.
        """
        state = {"first_hash": self.first_hash, "kind": self._kind}
        if self._used == len(self._block):
            return state | {"generator": self._generator.get_state(), "used": 0}
        if self._before is None:  # the rest of a block that a checkpoint of version 0.1 held
            left = self._block[self._used :].cpu().clone()
            return state | {"generator": self._generator.get_state(), "left": left}
        return state | {"generator": self._before, "used": self._used}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the position in `state`."""
        self._generator.set_state(state["generator"])
        self.first_hash, self._kind = state["first_hash"], state["kind"]
        if "left" in state:  # as version 0.1 wrote it
            self._block, self._used, self._before = state["left"].to(self.device), 0, None
            return
        self._block, self._used = torch.empty(0), 0
        if state["used"]:
            kind, shape = state["kind"]
            self._draw(kind, tuple(shape))
            self._used = state["used"]

    def _rows(self, kind: str, rows: int, shape: tuple[int, ...]) -> Tensor:
        parts = []
        while rows > 0:
            part = self.rest(kind, shape)[:rows]
            self.skip(len(part))
            rows -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def rest(self, kind: str, shape: tuple[int, ...]) -> Tensor:
        """The next rows: the rest of the block, or a new block. They count as unused."""
        if self._used == len(self._block):
            self._draw(kind, shape)
        elif self._kind != (kind, shape):
            raise ValueError(f"stream {self.name!r} gives {self._kind}, not {(kind, shape)}")
        return self._block[self._used :]

    def skip(self, rows: int) -> None:
        """Count so many rows of the block as used."""
        self._used += rows

    def _draw(self, kind: str, shape: tuple[int, ...]) -> None:
        self._before = self._generator.get_state()
        block = torch.empty(BLOCK, *shape)
        if kind == "normal":
            block.normal_(generator=self._generator)
        else:
            block.uniform_(generator=self._generator)
        self._note_first((kind, shape), block)
        self._block, self._used = block.to(self.device, non_blocking=True), 0

    def _note_first(self, kind: tuple[str, tuple[int, ...]], drawn: Tensor) -> None:
        if self.first_hash is None:
            self._kind = kind
            self.first_hash = hashlib.sha256(drawn.numpy().tobytes()).hexdigest()
        elif self._kind != kind:
            raise ValueError(f"stream {self.name!r} gives {self._kind}, not {kind}")


class Streams:
    """The streams of one trial, each created when it is first used: `Streams(seed)["data"]`.

    Names in training: data, latent/PLAYER for each player, penalty and eval; and, for layers that
    use torch's global generator, init/PLAYER and dropout.
    """

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        self.seed, self.device = seed, torch.device(device)
        self._streams: dict[str, Stream] = {}
        self._ambient: dict[str, list[Tensor]] = {}

    def seed_of(self, name: str) -> int:
        """The seed of a stream."""
        return seed_of(self.seed, name)

    def __getitem__(self, name: str) -> Stream:
        if name not in self._streams:
            self._streams[name] = Stream(name, self.seed_of(name), self.device)
        return self._streams[name]

    def generator(self, name: str) -> torch.Generator:
        """A new generator on the CPU with the stream's seed, for code that takes a generator."""
        return torch.Generator().manual_seed(self.seed_of(name))

    def hashes(self) -> dict[str, str]:
        """The sha256 of each stream's first draw: equal hashes mean equal numbers."""
        drawn = sorted(self._streams.items())
        return {name: stream.first_hash for name, stream in drawn if stream.first_hash}

    def state_dict(self) -> dict[str, Any]:
        """The positions of all streams, those of `ambient` included."""
        streams = {name: stream.state_dict() for name, stream in self._streams.items()}
        ambient = {name: list(place) for name, place in self._ambient.items() if place}
        return {"streams": streams, "ambient": ambient}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the positions in `state`, which must be of the same seed and device."""
        for name, stream in state["streams"].items():
            self[name].load_state_dict(stream)
        self._ambient = {name: list(place) for name, place in state["ambient"].items()}

    @contextmanager
    def ambient(self, name: str) -> Iterator[None]:
        """A context in which torch's global generators are this stream.

        For layers that use the global generators (initial weights, dropout). Afterwards the
        generators are as they were before; the next context of this name continues the stream.
        """
        place = self._ambient.setdefault(name, [])
        with global_generators(self.seed_of(name), place, self.device):
            yield


def seed_of(seed: int, name: str) -> int:
    """The seed of what has a name: the first 7 bytes of the sha256 of "SEED/NAME"."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


@contextmanager
def global_generators(seed: int, place: list[Tensor], device: torch.device) -> Iterator[None]:
    """A context in which torch's global generators go on from `place`, or from a seed if empty.

    At its end `place` holds where they are, and the generators are as they were before.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        if place:
            torch.set_rng_state(place[0])
            for one, state in zip(devices, place[1:], strict=True):
                torch.cuda.set_rng_state(state, one)
        else:
            seed_globally(seed, device)
        yield
        place[:] = [torch.get_rng_state(), *(torch.cuda.get_rng_state(one) for one in devices)]


def seed_globally(seed: int, device: torch.device) -> None:
    """Seed those of torch's global generators that a computation on the device draws from."""
    if device.type in ("cpu", "meta"):
        torch.default_generator.manual_seed(seed)  # to seed the others too costs milliseconds
    else:
        torch.manual_seed(seed)
