"""Takes in the networks that a model builds itself, also those that are written as everyone does.

The layers of torch and of the zoo are known to treat each sample alone, but for batch norm, and to
draw nothing, but for dropout. Nothing is assumed of other modules: they are tried once, on a few
samples, before there are optimizers.
"""

import inspect
from abc import ABCMeta
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from .config import DataSpec
from .networks import Labelled, has_layer

KNOWN = ("torch.nn.", "gan_zoo.")
WRAPPERS = (nn.DataParallel, DistributedDataParallel)
TRIED = 4  # samples
DRAWS = nn.modules.dropout._DropoutNd | nn.RReLU | nn.MultiheadAttention


class Placed(ABCMeta):
    """Puts what the `__init__` of a subclass adds, such as buffers, on the model's device too."""

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        model = super().__call__(*arguments, **options)
        return model.to(model.device)


def is_known(network: nn.Module) -> bool:
    """Is the network made of layers of torch and of the zoo alone?"""
    return all(type(module).__module__.startswith(KNOWN) for module in network.modules())


def may_draw(network: nn.Module) -> bool:
    """May a forward pass draw from torch's global generators, as dropout does?"""
    return not is_known(network) or has_layer(network, DRAWS)


def normal(*shape: int) -> Tensor:
    """[TRIED, *shape] standard normal numbers, the same at every call."""
    return torch.randn(TRIED, *shape, generator=torch.Generator().manual_seed(0))


def generator(network: nn.Module, spec: DataSpec, latent: Tensor, conditional: bool) -> nn.Module:
    """A generator (latents, labels) -> samples; raises ValueError if it does not give samples."""
    network = unwrapped(network)
    if not takes_labels(network):
        if conditional:
            raise ValueError("a conditional generator takes labels too: forward(latent, labels)")
        network = Labelled(network, 0)
    given = tried(network, "generator", latent, spec)
    if not isinstance(given, Tensor):
        raise ValueError(f"the generator returns a {type(given).__name__}, and samples are wanted")
    if given.shape[1:] != spec.shape:
        made, wanted = ("x".join(map(str, sizes)) for sizes in (given.shape[1:], spec.shape))
        raise ValueError(f"the generator makes samples of {made}, and the data are {wanted}")
    return network


def discriminator(network: nn.Module, spec: DataSpec, gives_features: bool) -> nn.Module:
    """A discriminator (samples, labels) -> scores; raises ValueError if it does not give scores."""
    network = unwrapped(network)
    if not takes_labels(network):
        network = Labelled(network, 0)
    network = plain(network, "discriminator", lazy=True)
    given = tried(network, "discriminator", normal(*spec.shape), spec)
    if gives_features and not (isinstance(given, tuple | list) and len(given) == 2):
        raise ValueError("the discriminator must return (scores, features): it gives_features")
    if not gives_features and not isinstance(given, Tensor):
        raise ValueError(
            f"the discriminator returns a {type(given).__name__}, and scores [n] are wanted: "
            "return them alone, or (scores, features) with gives_features = True"
        )
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


def takes_labels(network: nn.Module) -> bool:
    """Is the network called with (x, labels), rather than with x alone?

    A second argument with a default other than None, such as a flag, is no label.
    """
    given = list(inspect.signature(network.forward).parameters.values())
    places = [one for one in given if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if len(places) > 1:
        return places[1].default in (inspect.Parameter.empty, None)
    return any(one.kind is one.VAR_POSITIONAL for one in given)


def tried(network: nn.Module, name: str, x: Tensor, spec: DataSpec) -> object:
    """What the network gives for a few samples, in `eval` mode and without gradients.

    Layers of unknown size get theirs, and what `forward` makes is there afterwards. Raises
    ValueError if the network writes into its input, which is used after it.
    """
    modes = [(module, module.training) for module in network.modules()]
    given = x.clone()
    with torch.no_grad():
        output = network.eval()(given, torch.arange(TRIED) % spec.classes)
    for module, mode in modes:
        module.training = mode
    if not torch.equal(given, x):
        raise ValueError(
            f"the {name} writes into its input, which is used after it: no inplace=True in its "
            "first layer"
        )
    return output


def _contiguous(module: nn.Module, inputs: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(x.contiguous() if isinstance(x, Tensor) else x for x in inputs)
