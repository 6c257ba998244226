"""The layers of a network: what each does, its output size, its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils._pytree import tree_leaves

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
ROWS = 2  # samples that are passed through a network; batch norm needs more than one


@dataclass(frozen=True)
class Layer:
    """One layer, as a sample passes it."""

    name: str
    kind: str  # "Conv2d 1 → 16, k4 s2 p1"
    output: tuple[int, ...] | None  # of one sample; of several tensors the first; None: unknown
    parameters: int
    arithmetic: str  # how a convolution's output size is computed; "" for other layers


def layers_of(network: nn.Module, *inputs: Tensor) -> list[Layer]:
    """The layers of a network in the order in which `inputs`, a few samples, pass them.

    A layer is a module without submodules, or one with parameters of its own; a parametrisation,
    such as spectral norm, is part of its layer. The parameters of a layer that is used twice are
    counted once. Raises whatever the network raises.
    """
    found: list[Layer] = []
    counted: set[str] = set()
    hooks = []
    for name, module, own in parts_of(network):

        def note(
            module: nn.Module,
            met: tuple[Any, ...],
            named: dict[str, Any],
            given: Any,
            name: str = name,
            own: int = own,
        ) -> None:
            before = [x.shape for x in tree_leaves((met, named)) if isinstance(x, Tensor)]
            after = [x.shape for x in tree_leaves(given) if isinstance(x, Tensor)]
            text = arithmetic(module, before[0], after[0]) if before and after else ""
            several = f", the first of {len(after)} outputs" if len(after) > 1 else ""
            output = tuple(after[0][1:]) if after else None
            parameters = 0 if name in counted else own
            counted.add(name)
            found.append(Layer(name, kind(module) + several, output, parameters, text))

        hooks.append(module.register_forward_hook(note, with_kwargs=True))
    try:
        network(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def layers_without_pass(network: nn.Module) -> list[Layer]:
    """The layers with parameters, in the order in which they were made: no sample can pass them."""
    return [Layer(name, kind(part), None, own, "") for name, part, own in parts_of(network) if own]


def parts_of(network: nn.Module) -> Iterator[tuple[str, nn.Module, int]]:
    """The name of each layer, the layer, and how many parameters are its own."""
    seen: set[nn.Parameter] = set()  # of weights that two layers share the first has them
    for name, module in network.named_modules():
        path = name.split(".")
        if "parametrizations" in path:
            continue
        children = [child for child, _ in module.named_children() if child != "parametrizations"]
        mine = list(module.parameters(recurse=False))
        if parametrize.is_parametrized(module):
            mine += module.parametrizations.parameters()
        own = sum(p.numel() for p in mine if p not in seen)
        seen.update(mine)
        if own or not children:
            yield name, module, own


def kind(module: nn.Module) -> str:
    """A layer in a few words: its type, its inputs and outputs, its settings."""
    if parametrize.is_parametrized(module):
        laws = [type(law).__name__ for each in module.parametrizations.values() for law in each]  # type: ignore[operator]
        return f"{_plain(module)} ({', '.join(name.lstrip('_') for name in laws)})"
    return _plain(module)


def _plain(module: nn.Module) -> str:
    name = type(module).__name__.removeprefix("Parametrized")
    if isinstance(module, CONVOLUTIONS):
        planes = f"{module.in_channels} → {module.out_channels}"
        return f"{name} {planes}, k{_side(module.kernel_size)} s{_side(module.stride)}" + _padded(
            module
        )
    if isinstance(module, nn.Linear):
        return f"{name} {module.in_features} → {module.out_features}"
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        eps = "" if module.eps == 1e-5 else f", eps {module.eps:g}"
        momentum = "" if module.momentum == 0.1 else f", momentum {module.momentum}"
        return f"{name} {module.num_features}{eps}{momentum}"
    if isinstance(module, nn.LeakyReLU):
        return f"{name} {module.negative_slope:g}"
    if isinstance(module, nn.Dropout | nn.Dropout2d):
        return f"{name} {module.p:g}"
    return name


def arithmetic(module: nn.Module, met: tuple[int, ...], given: tuple[int, ...]) -> str:
    """How the side of a convolution's output is computed; "" for other layers or if not square.

    A convolution:            (side - kernel + 2 padding) / stride + 1, rounded down
    A transposed convolution: (side - 1) stride - 2 padding + kernel + output padding
    """
    if not isinstance(module, CONVOLUTIONS) or met[-1] != met[-2] or given[-1] != given[-2]:
        return ""
    settings = (module.kernel_size, module.stride, module.padding, module.dilation)
    if any(isinstance(pair, str) or pair[0] != pair[1] for pair in settings):
        return ""
    size, stride, padding, dilation = (int(pair[0]) for pair in settings)
    size = dilation * (size - 1) + 1  # what a dilated kernel spans
    pad = f"2×{padding}" if padding else ""
    if isinstance(module, nn.ConvTranspose2d):
        extra = f" + {module.output_padding[0]}" if module.output_padding[0] else ""
        less = f" - {pad}" if pad else ""
        return f"({met[-1]} - 1)×{stride}{less} + {size}{extra} = {given[-1]}"
    more = f" + {pad}" if pad else ""
    whole = (met[-1] - size + 2 * padding) % stride == 0
    inner = f"({met[-1]} - {size}{more})/{stride}"
    return f"{inner if whole else f'⌊{inner}⌋'} + 1 = {given[-1]}"


def _side(pair: tuple[int, ...]) -> str:
    return f"{pair[0]}" if len(set(pair)) == 1 else "×".join(map(str, pair))


def _padded(module: nn.Conv2d | nn.ConvTranspose2d) -> str:
    padding = module.padding
    text = f" p{padding if isinstance(padding, str) else _side(padding)}"
    more = module.output_padding[0] if isinstance(module, nn.ConvTranspose2d) else 0
    return f"{text} +{more}" if more else text
