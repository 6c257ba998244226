"""A model on small random data, and ways to watch it train: what the rules for models use."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from gan_zoo.base import GAN, Config, DataSpec, Player
from gan_zoo.descent import trainable
from gan_zoo.streams import Streams, seed_globally


@dataclass(frozen=True)
class Case:
    """A model, its hyperparameters, and the shape of the data that it is checked on."""

    kind: type[GAN]
    config: Config
    spec: DataSpec

    def build(self, device: str = "cpu") -> tuple[GAN, Streams]:
        """The model in training mode, and its random streams."""
        streams = Streams(0, device)
        return self.kind(self.spec, self.config, streams, device).train(), streams

    def batches(self, device: str = "cpu") -> Iterator[tuple[Tensor, Tensor]]:
        return batches(self.spec, device=device)

    def __str__(self) -> str:
        return "x".join(map(str, self.spec.shape)) if len(self.spec.shape) > 1 else "points"


def batches(spec: DataSpec, size: int = 8, device: str = "cpu") -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches of uniform noise in [-1, 1] with random labels; the same at every call."""
    rng = torch.Generator().manual_seed(1)
    while True:
        real = torch.rand(size, *spec.shape, generator=rng) * 2 - 1
        labels = torch.randint(0, spec.classes, (size,), generator=rng)
        yield real.to(device), labels.to(device)


@contextmanager
def pinned(seed: int) -> Iterator[None]:
    """Seed the generators of torch (on the CPU) and of Python; restore them after the block."""
    before = random.getstate()
    with torch.random.fork_rng():
        seed_globally(seed, torch.device("cpu"))
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before)


def watch_turns(model: GAN, look: Callable[[Player], None]) -> None:
    """Call `look(player)` whenever its optimizer has stepped, and again after its constraint."""
    for player in model.players:
        watch_optimizer(model, player, look)
        if player in model.further_players:
            continue
        after = f"after_{player}_step"
        setattr(model, after, _then(getattr(model, after), look, player))
    constraint = model.after_step_of

    def then_look(player: Player) -> None:
        constraint(player)
        look(player)

    setattr(model, "after_step_of", then_look)  # noqa: B010


def watch_optimizer(model: GAN, player: Player, look: Callable[[Player], None]) -> None:
    """Call `look(player)` whenever its optimizer has stepped."""
    model.optimizer_of(player).register_step_post_hook(lambda *_: look(player))


def _then(
    constraint: Callable[[], None], look: Callable[[Player], None], player: Player
) -> Callable[[], None]:
    def both() -> None:
        constraint()
        look(player)

    return both


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def weights(network: nn.Module) -> dict[str, Tensor]:
    """The parameters that training changes; others may follow it in every pass, as buffers do."""
    return copied(dict(trainable(network)))


def gradients(network: nn.Module) -> dict[str, Tensor]:
    """The `.grad` of each parameter that has one, by the parameter's name."""
    return copied({n: p.grad for n, p in network.named_parameters() if p.grad is not None})


def differing(now: dict[str, Tensor], then: dict[str, Tensor]) -> list[str]:
    """The names in `now` whose tensors differ in any bit from those in `then`, or are new."""
    return [n for n in now if n not in then or not torch.equal(now[n], then[n])]


class DeviceWatch(TorchDispatchMode):
    """Records operations that make the host wait for the device, or that mix devices.

    `faults` names each: a value read on the host, a copy between devices, operands on two devices.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.faults: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        flat = torch.utils._pytree.tree_leaves((args, kwargs))
        devices = {t.device.type for t in flat if isinstance(t, Tensor)}
        out = func(*args, **kwargs)
        results = torch.utils._pytree.tree_leaves(out)
        devices |= {t.device.type for t in results if isinstance(t, Tensor)}
        # An optimizer may count its steps in CPU tensors: reading those waits for nothing.
        reads = "_local_scalar_dense" in str(func) and devices != {"cpu"}
        if reads or len(devices) > 1:
            self.faults.append(f"{func} on {sorted(devices)}")
        return out
