"""A probe of your own: `--probes default,file.py:Name` or `package.module:Name`."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .measures import Look


class OwnProbe:
    """What is recorded of the networks while a model trains. Extend it, and define `read`."""

    def read(self, look: Look) -> Mapping[str, Tensor | float]:
        """Name -> one number, of the networks on the probe batch.

        Rows of the curves have each as PROBE/name. It may change nothing: no weight, no tensor of
        the batch, no generator. Tensors stay on their device, so that nothing waits for it.
        """
        raise NotImplementedError


def values_of(name: str, probe: OwnProbe, look: Look) -> dict[str, Tensor]:
    """What a probe read, each value below the probe's `name`; ValueError for what is no number."""
    found = {}
    for key, value in probe.read(look).items():
        number = torch.as_tensor(value).detach()
        if not isinstance(key, str) or not key or not key.isprintable() or number.numel() != 1:
            raise ValueError(
                f"{key!r:.80} is {list(number.shape)}: a probe gives names and numbers"
            )
        found[f"{name}/{key}"] = number.reshape(())
    return found
