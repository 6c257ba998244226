"""Named random streams: the one source of randomness in a trial.

Each stream is seeded from the trial's seed and its own name, so a model that draws more from
one (a penalty, say) never shifts another (the latents, the data). The model's name is never
part of it: at one seed all models meet the same batches and the same latents.

Numbers are drawn on the CPU, whatever the device, in blocks of `BLOCK` rows, since a block and
single draws give different numbers: a seed means the same everywhere.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

BLOCK = 4096  # rows drawn at once; part of the protocol


class Stream:
    """One named sequence of random rows.

    A stream hands out rows of one distribution and one shape: asking it for another is an
    error, since what is left of the block would be lost and with it the match between models.
    """

    def __init__(self, name: str, seed: int, device: torch.device) -> None:
        self.name, self.device = name, device
        self.first_hash: str | None = None  # of the first block, to show that trials were matched
        self._generator = torch.Generator().manual_seed(seed)
        self._kind: tuple[str, tuple[int, ...]] | None = None
        self._block = torch.empty(0)
        self._used = 0

    def normal(self, rows: int, *shape: int) -> Tensor:
        """[rows, *shape] standard normal numbers, float32, on the streams' device."""
        return self._rows("normal", rows, shape)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """[rows, *shape] numbers uniform on [0, 1), float32, on the streams' device."""
        return self._rows("uniform", rows, shape)

    def permutation(self, n: int) -> Tensor:
        """[n] the numbers below n in random order, int64, on the streams' device."""
        order = torch.randperm(n, generator=self._generator)
        self._note_first(("permutation", (n,)), order)
        return order.to(self.device, non_blocking=True)

    def state_dict(self) -> dict[str, Any]:
        """Where the stream is: its generator, and what is left of its block."""
        return {
            "generator": self._generator.get_state(),
            "first_hash": self.first_hash,
            "kind": self._kind,
            "left": self._block[self._used :].cpu().clone(),  # a view would keep the whole block
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state` was taken."""
        self._generator.set_state(state["generator"])
        self.first_hash, self._kind = state["first_hash"], state["kind"]
        self._block, self._used = state["left"].to(self.device), 0

    def _rows(self, kind: str, rows: int, shape: tuple[int, ...]) -> Tensor:
        parts = []
        while rows > 0:
            if self._used == len(self._block):
                self._draw(kind, shape)
            elif self._kind != (kind, shape):
                raise ValueError(f"stream {self.name!r} gives {self._kind}, not {(kind, shape)}")
            part = self._block[self._used : self._used + rows]
            self._used += len(part)
            rows -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _draw(self, kind: str, shape: tuple[int, ...]) -> None:
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
    """The streams of one trial, made as they are asked for: `Streams(seed)["data"]`.

    Names in use: data, latent/discriminator, latent/generator, penalty, eval, and, for layers
    that draw by themselves, init/generator, init/discriminator and dropout.
    """

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        self.seed, self.device = seed, torch.device(device)
        self._streams: dict[str, Stream] = {}
        self._ambient: dict[str, list[Tensor]] = {}

    def seed_of(self, name: str) -> int:
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return int.from_bytes(digest[:7], "big")

    def __getitem__(self, name: str) -> Stream:
        if name not in self._streams:
            self._streams[name] = Stream(name, self.seed_of(name), self.device)
        return self._streams[name]

    def generator(self, name: str) -> torch.Generator:
        """A generator of the stream's seed on the CPU, for a library that draws by itself."""
        return torch.Generator().manual_seed(self.seed_of(name))

    def hashes(self) -> dict[str, str]:
        """sha256 of each stream's first draw: equal hashes, equal numbers."""
        drawn = sorted(self._streams.items())
        return {name: stream.first_hash for name, stream in drawn if stream.first_hash}

    def state_dict(self) -> dict[str, Any]:
        """Where every stream is, and the ambient ones."""
        streams = {name: stream.state_dict() for name, stream in self._streams.items()}
        return {"streams": streams, "ambient": dict(self._ambient)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state` was taken, on streams of the same seed and device."""
        for name, stream in state["streams"].items():
            self[name].load_state_dict(stream)
        self._ambient = dict(state["ambient"])

    @contextmanager
    def ambient(self, name: str) -> Iterator[None]:
        """Within it, torch's global generators go on where this stream left off.

        For layers that draw by themselves (initial weights, dropout). What the global generators
        held before is put back.
        """
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            if name in self._ambient:
                torch.set_rng_state(self._ambient[name][0])
                for device, state in zip(devices, self._ambient[name][1:], strict=True):
                    torch.cuda.set_rng_state(state, device)
            else:
                torch.manual_seed(self.seed_of(name))
            yield
            states = [torch.cuda.get_rng_state(device) for device in devices]
            self._ambient[name] = [torch.get_rng_state(), *states]
