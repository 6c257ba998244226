"""The state of several models as one: a leading dimension for the lanes, and back again."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..base import GAN

SHARED = {"step"}  # of an optimizer's state: how many steps it took, the same in all lanes


def stacked_model(lanes: Sequence[GAN]) -> GAN:
    """A model like those of the lanes, whose weights, buffers and optimizers hold those of all.

    Each parameter and buffer is [lanes, *shape]. The optimizers are what the model builds for such
    parameters; they go on from the state of the lanes' own.
    """
    model = copy.deepcopy(lanes[0])
    places = [dict(lane.named_modules(remove_duplicate=False)) for lane in lanes]
    made: dict[int, nn.Parameter] = {}  # by the parameter it replaces: layers may share one
    for name, module in model.named_modules(remove_duplicate=False):
        for key, parameter in module._parameters.items():
            if parameter is None or id(parameter) in map(id, made.values()):
                continue
            if id(parameter) not in made:
                together = joined([places[i][name]._parameters[key] for i in range(len(lanes))])
                made[id(parameter)] = nn.Parameter(together, parameter.requires_grad)
            module._parameters[key] = made[id(parameter)]
    for name, module in dict(model.named_modules()).items():
        for key, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[key] = joined([place[name]._buffers[key] for place in places])
    for player in model.players:
        optimizer = model.build_optimizer(player)
        setattr(model, f"{player}_optimizer", optimizer)
        if model.device.type == "cuda":
            capturable(optimizer)
        join_optimizers(optimizer, [lane.optimizer_of(player) for lane in lanes])
    return model


def joined(tensors: Sequence[Tensor | None]) -> Tensor:
    return torch.stack([tensor.detach() for tensor in tensors if tensor is not None]).contiguous()


def capturable(optimizer: Optimizer) -> None:
    """Keep the optimizer's count of steps on the device, where it has such an option."""
    for group in optimizer.param_groups:
        if "capturable" in group:
            group["capturable"] = True
            if not group.get("fused"):
                group["foreach"] = True


def parameters_of(optimizer: Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def join_optimizers(stack: Optimizer, lanes: Sequence[Optimizer]) -> None:
    """Give a stack's optimizer the settings and the state of those of the lanes."""
    copy_settings(lanes[0], stack)
    every = [parameters_of(lane) for lane in lanes]
    for place, parameter in enumerate(parameters_of(stack)):
        states = [lane.state.get(own[place], {}) for lane, own in zip(lanes, every, strict=True)]
        for key, value in states[0].items():
            if not isinstance(value, Tensor):
                stack.state[parameter][key] = value
            elif key in SHARED:
                stack.state[parameter][key] = value.to(counter_device(stack, parameter)).clone()
            else:
                stack.state[parameter][key] = joined([state[key] for state in states])


def counter_device(optimizer: Optimizer, parameter: Tensor) -> torch.device:
    """Where an optimizer keeps its count of steps."""
    group = optimizer.param_groups[0]
    on_device = group.get("capturable") or group.get("fused")
    return parameter.device if on_device else torch.device("cpu")


@torch.no_grad()
def write_back(stack: GAN, model: GAN, lane: int) -> None:
    """Give a model what its lane of the stack holds: weights, buffers, optimizers, steps done."""
    for tensors in ("named_parameters", "named_buffers"):
        own, together = dict(getattr(model, tensors)()), dict(getattr(stack, tensors)())
        for name, tensor in own.items():
            tensor.copy_(together[name][lane])
    for player in model.players:
        own_optimizer, optimizer = model.optimizer_of(player), stack.optimizer_of(player)
        copy_settings(optimizer, own_optimizer)
        pairs = zip(parameters_of(own_optimizer), parameters_of(optimizer), strict=True)
        for parameter, whole in pairs:
            for key, value in optimizer.state.get(whole, {}).items():
                own_optimizer.state[parameter][key] = part(
                    value, lane, key, parameter, counter_device(own_optimizer, parameter)
                )
    model.steps_done = stack.steps_done


def part(value: object, lane: int, key: str, like: Tensor, counter: torch.device) -> object:
    """One lane's part of an entry of an optimizer's state."""
    if not isinstance(value, Tensor):
        return value
    if key in SHARED:
        return value.detach().to(counter).clone()
    # In the order of memory of the parameter, which fused optimizers rely on.
    return torch.empty_like(like).copy_(value[lane])


def copy_settings(source: Optimizer, target: Optimizer) -> None:
    """Copy what a schedule may change, such as the learning rate."""
    for old, new in zip(source.param_groups, target.param_groups, strict=True):
        new.update({k: v for k, v in old.items() if k not in ("params", "capturable", "foreach")})
