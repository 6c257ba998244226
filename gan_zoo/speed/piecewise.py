"""ReLU and LeakyReLU with slopes that autograd knows to be constant, for faster penalties.

Both are piecewise linear, so their second derivative is zero. Autograd does not know that: to
differentiate a gradient, as a gradient penalty does, it goes back through every activation and
carries zeros through the whole network.
"""

from collections.abc import Callable
from typing import Any

from torch.nn.functional import leaky_relu, relu
from torch.overrides import TorchFunctionMode


class ConstantSlopes(TorchFunctionMode):
    """A context in which `relu` and `leaky_relu` multiply by a constant slope.

    It belongs around the forward pass whose gradient is to be differentiated. For finite inputs,
    the outputs, their gradients and the gradients of those are the same numbers as without it.
    Other layers are not touched.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        below = 0.0 if function is relu else kwargs.get("negative_slope", 0.01)
        if function not in (relu, leaky_relu) or not 0 <= below <= 1:
            return function(*args, **kwargs)
        x = args[0]
        slope = x.detach().sign().clamp_min_(below)  # 1 above zero, `below` at zero and below
        return x.mul_(slope) if kwargs.get("inplace") else x * slope
