"""One optimizer step of one network down its loss, and the gradient norm of each layer."""

from collections.abc import Callable, Sequence
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .speed.layouts import laid_out_as
from .stacked.within import within_stack


def descend(loss: Tensor, network: nn.Module, optimizer: Optimizer) -> Tensor:
    """Step `network` alone down `loss`; returns the gradient norm of each layer, [layers].

    Only this network's trainable parameters are differentiated, so no stray gradient is left
    in the other network. A layer that the loss does not use has a norm of zero.
    """
    (norms,) = descend_together(loss, ((network, optimizer),))
    return norms


def descend_together(loss: Tensor, players: Sequence[tuple[nn.Module, Optimizer]]) -> list[Tensor]:
    """Step several networks down one loss, each by the gradient at the weights of before.

    Returns the gradient norms of each network as `descend` does.
    """
    named = [trainable(network) for network, _ in players]
    every = [parameter for parameters in named for parameter in parameters.values()]
    gradients = iter(torch.autograd.grad(loss, every, allow_unused=True))
    own = [list(islice(gradients, len(parameters))) for parameters in named]
    return [
        _step(loss, parameters, of_network, optimizer)
        for parameters, of_network, (_, optimizer) in zip(named, own, players, strict=True)
    ]


def _step(
    loss: Tensor,
    parameters: dict[str, nn.Parameter],
    gradients: Sequence[Tensor | None],
    optimizer: Optimizer,
) -> Tensor:
    """One step of an optimizer along these gradients; returns the norm of each layer."""
    squares: dict[str, list[Tensor]] = {}
    for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
        parameter.grad = None if gradient is None else laid_out_as(parameter, gradient)
        squares.setdefault(layer_of(name), [])
    norms = torch._foreach_norm([g for g in gradients if g is not None])
    used = (n for n, g in zip(parameters, gradients, strict=True) if g is not None)
    for name, norm in zip(used, norms, strict=True):
        squares[layer_of(name)].append(norm)
    optimizer.step()
    zero = loss.new_zeros(())
    return torch.stack([torch.stack(s).norm() if s else zero for s in squares.values()])


def input_gradient(scores: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of each sample's score to the sample, [n, *shape], differentiable once more.

    Within a stack, `torch.autograd.grad` cannot be called and `torch.func.grad` can.
    """
    if within_stack():
        slope: Tensor = torch.func.grad(lambda at: scores(at).sum())(x)
        return slope
    x = x.requires_grad_()
    (gradient,) = torch.autograd.grad(scores(x).sum(), x, create_graph=True)
    return gradient


def trainable(network: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that training changes, by name."""
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def layer_of(parameter_name: str) -> str:
    """The module that a parameter belongs to: "layers.0.weight" -> "layers.0"."""
    return parameter_name.rpartition(".")[0] or parameter_name


def layer_names(network: nn.Module) -> list[str]:
    """The layers with trainable parameters, in the order of a Step's norms."""
    return list(dict.fromkeys(layer_of(name) for name in trainable(network)))


def mean(values: list[Tensor]) -> Tensor:
    """The mean of a few tensors of one shape, element by element."""
    return values[0] if len(values) == 1 else torch.stack(values).mean(0)


def means(observed: list[dict[str, Tensor]], prefix: str = "") -> dict[str, Tensor]:
    """The mean of each value over the turns that gave it, by name."""
    names = dict.fromkeys(name for values in observed for name in values)
    return {
        prefix + name: mean([values[name] for values in observed if name in values])
        for name in names
    }
