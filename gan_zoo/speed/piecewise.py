"""ReLU and its leaky kind, told to autograd as what they are: straight pieces.

The second derivative of a straight piece is zero. Autograd does not know: to differentiate a
gradient it goes back through every activation, and carries zeros through the whole network.
"""

from collections.abc import Callable
from typing import Any

from torch.nn.functional import leaky_relu, relu
from torch.overrides import TorchFunctionMode


class ConstantSlopes(TorchFunctionMode):
    """Within it, the slope of a piece is a constant, so that autograd has nothing to go back to.

    Of finite inputs, outputs, gradients and their gradients are the same numbers; layers of other
    kinds are not touched. It goes around the forward pass whose gradient is differentiated.
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
        slope = x.detach().sign().clamp_(min=below)  # 1 above zero, `below` at zero and below
        return x.mul_(slope) if kwargs.get("inplace") else x * slope
