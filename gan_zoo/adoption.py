"""Takes in the networks that a model builds itself, also those that are written as everyone does.

The layers of torch and of the zoo are known to treat each sample alone, but for batch norm, and to
draw nothing, but for dropout. Nothing is assumed of other modules: they are tried once, on a few
samples, before there are optimizers.
"""

import inspect
from abc import ABCMeta
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from .config import DataSpec
from .networks import BatchNorm, Labelled, has_layer

KNOWN = ("torch.nn.", "gan_zoo.")
WRAPPERS = (nn.DataParallel, DistributedDataParallel)
TRIED = 4  # samples
SIGMOID = "aten::sigmoid"
DRAWS = nn.modules.dropout._DropoutNd | nn.RReLU | nn.MultiheadAttention


class Placed(ABCMeta):
    """Puts what the `__init__` of a subclass adds, such as buffers, on the model's device too."""

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        model = super().__call__(*arguments, **options)
        return model.to(model.device)


def is_known(network: nn.Module) -> bool:
    """Is the network made of layers of torch and of the zoo alone?"""
    return all(type(module).__module__.startswith(KNOWN) for module in network.modules())


def treats_alone(network: nn.Module) -> bool:
    """Is what the network makes of a sample known to be independent of the others beside it?"""
    return is_known(network) and not has_layer(network, BatchNorm)


def may_draw(network: nn.Module) -> bool:
    """May a forward pass draw from torch's global generators, as dropout does?"""
    return not is_known(network) or has_layer(network, DRAWS)


def normal(*shape: int) -> Tensor:
    """[TRIED, *shape] standard normal numbers, the same at every call."""
    return torch.randn(TRIED, *shape, generator=torch.Generator().manual_seed(0))


@dataclass(frozen=True)
class Wanted:
    """What a model wants of a network: its data, and what it declares."""

    spec: DataSpec
    conditional: bool
    logits: bool = False
    gives_features: bool = False


def generator(network: nn.Module, wanted: Wanted, latent: Tensor) -> nn.Module:
    """A generator (latents, labels) -> samples; raises ValueError if it does not give samples."""
    network = unwrapped(network)
    if wanted.conditional and not takes_labels(network, conditional=True):
        raise ValueError("a conditional generator takes labels too: forward(latent, labels)")
    network = told_labels(network, wanted)
    given, last = tried(network, "generator", latent, wanted)
    if not isinstance(given, Tensor):
        raise ValueError(f"the generator returns a {type(given).__name__}, and samples are wanted")
    if given.shape[1:] != wanted.spec.shape:
        made, asked = ("x".join(map(str, sizes)) for sizes in (given.shape[1:], wanted.spec.shape))
        raise ValueError(f"the generator makes samples of {made}, and the data are {asked}")
    if len(wanted.spec.shape) == 3 and last == SIGMOID:
        raise ValueError(
            "the generator ends with a sigmoid, so its images lie in [0, 1], and those of the data "
            "in [-1, 1]: a tanh in its place"
        )
    require_no_labels(network, "generator", latent, wanted)
    return network


def discriminator(network: nn.Module, wanted: Wanted) -> nn.Module:
    """A discriminator (samples, labels) -> scores; raises ValueError if it does not give scores.

    Scores [n, 1] become [n].
    """
    network = told_labels(unwrapped(network), wanted)
    network = plain(network, "discriminator", lazy=True)
    x = normal(*wanted.spec.shape)
    given, last = tried(network, "discriminator", x, wanted)
    if wanted.gives_features and not (isinstance(given, tuple | list) and len(given) == 2):
        raise ValueError("the discriminator must return (scores, features): it gives_features")
    if not wanted.gives_features and not isinstance(given, Tensor):
        raise ValueError(
            f"the discriminator returns a {type(given).__name__}, and scores [n] are wanted: "
            "return them alone, or (scores, features) with gives_features = True"
        )
    scores = given if isinstance(given, Tensor) else given[0]
    if wanted.logits and last == SIGMOID:
        raise ValueError(
            "the discriminator ends with a sigmoid, and this model's loss takes its scores for "
            "logits: nn.Identity() in the sigmoid's place"
        )
    require_no_labels(network, "discriminator", x, wanted)
    if scores.ndim > 1 and scores[0].numel() == 1:
        network.register_forward_hook(_flattened)
    return network


def told_labels(network: nn.Module, wanted: Wanted) -> nn.Module:
    """The network as one that is called with (x, labels)."""
    if not takes_labels(network, wanted.conditional):
        if len(_places(network)) < 2:
            return Labelled(network, 0)
        network.register_forward_pre_hook(lambda _, inputs: inputs[:1])
    return network


def plain(network: nn.Module, name: str, lazy: bool = False) -> nn.Module:
    """A network whose samples come in the usual order of memory, so that `view` works.

    Raises ValueError for layers of unknown size, unless they may be `lazy`.
    """
    network = unwrapped(network)
    if not lazy and any(map(nn.parameter.is_lazy, network.parameters())):
        raise ValueError(f"the {name} has layers of unknown size: say how many inputs they have")
    if not is_known(network):
        network.register_forward_pre_hook(_contiguous)
    return network


def unwrapped(network: nn.Module) -> nn.Module:
    """The network in a wrapper for several devices: a trial runs on one."""
    inner = network.module if isinstance(network, WRAPPERS) else network
    assert isinstance(inner, nn.Module)
    return inner


def takes_labels(network: nn.Module, conditional: bool) -> bool:
    """Is the network called with (x, labels), rather than with x alone?

    A second argument with the default None is the label of a conditional model, and left out by
    others. One with another default, such as a flag, is no label.
    """
    places = _places(network)
    if len(places) > 1:
        default = places[1].default
        return default is inspect.Parameter.empty or (default is None and conditional)
    given = inspect.signature(network.forward).parameters.values()
    return any(one.kind is one.VAR_POSITIONAL for one in given)


def _places(network: nn.Module) -> list[inspect.Parameter]:
    """The arguments of `forward` that can be given by their place."""
    given = inspect.signature(network.forward).parameters.values()
    return [one for one in given if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]


def tried(network: nn.Module, name: str, x: Tensor, wanted: Wanted) -> tuple[Any, str]:
    """What the network gives for a few samples, in `eval` mode, and the operation it ends with.

    Layers of unknown size get theirs, and what `forward` makes is there afterwards. Raises
    ValueError if the network writes into its input, which is used after it.
    """
    given, labels = x.clone(), torch.arange(TRIED) % wanted.spec.classes
    with evaluating(network), torch.no_grad(), Origins() as origins:
        output = network(given, labels)
    if not torch.equal(given, x):
        raise ValueError(
            f"the {name} writes into its input, which is used after it: no inplace=True in its "
            "first layer"
        )
    first = next((one for one in tree_leaves(output) if isinstance(one, Tensor)), x)
    return output, origins.of(first)


def require_no_labels(network: nn.Module, name: str, x: Tensor, wanted: Wanted) -> None:
    """Raises ValueError if a network uses labels, and its model is not conditional."""
    found, labels = [], torch.arange(TRIED)
    for asked in (labels, labels + 1) if not wanted.conditional else ():
        with evaluating(network), undisturbed(network), torch.random.fork_rng([]), torch.no_grad():
            torch.manual_seed(0)  # all else is equal
            found += [tree_leaves(network(x.clone(), asked % wanted.spec.classes))]
    for one, two in zip(*found, strict=True):
        if isinstance(one, Tensor) and not torch.equal(one, two):
            raise ValueError(f"the {name} uses the labels: a model that does is conditional = True")


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """A context in which all modules of a network are in `eval` mode."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def undisturbed(network: nn.Module) -> Iterator[None]:
    """A context in which passes leave no trace: parameters and buffers are then as before.

    In `eval` mode the layers of torch and of the zoo change none. Others may: many a spectral norm
    goes on with its power iteration.
    """
    if is_known(network):
        yield
        return
    before = {name: tensor.detach().clone() for name, tensor in _state(network).items()}
    try:
        yield
    finally:
        with torch.no_grad():
            for name, tensor in _state(network).items():
                if name in before:
                    tensor.copy_(before[name])


def _state(network: nn.Module) -> dict[str, Tensor]:
    return dict(network.named_parameters()) | dict(network.named_buffers())


class Origins(TorchDispatchMode):
    """Within it, remembers which operation computed what lies in memory."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._computed: dict[int, tuple[Tensor, str]] = {}  # the tensors are kept, so none is freed

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given = func(*args, **(kwargs or {}))
        if isinstance(given, Tensor) and not func.is_view:
            self._computed[given.untyped_storage()._cdata] = given, func.name()
        return given

    def of(self, tensor: Tensor) -> str:
        """The operation that computed a tensor, or what it is a view of; "" if there was none."""
        return self._computed.get(tensor.untyped_storage()._cdata, (tensor, ""))[1]


def _contiguous(module: nn.Module, inputs: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(x.contiguous() if isinstance(x, Tensor) else x for x in inputs)


def _flattened(module: nn.Module, inputs: object, given: Any) -> Any:
    if isinstance(given, Tensor):
        return given.flatten()
    return given[0].flatten(), *given[1:]
