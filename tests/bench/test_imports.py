"""What stays out of a process that trains, seen in processes of their own."""

import json
import subprocess
import sys
from typing import Any

import pytest

TRAINS = """
import json, sys
{first}
import bench.training.train, torch
from torch.optim import SGD, Adam, RMSprop
torch.manual_seed(0)
ends = []
for kind in (Adam, RMSprop, SGD):
    weight = torch.nn.Parameter(torch.randn(9))
    optimizer = kind([weight], lr=0.1)
    for _ in range(3):
        weight.grad = torch.randn(9)
        optimizer.step()
        optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
    ends.append(weight.tolist())
there = [name for name in ("torch._dynamo", "triton") if sys.modules.get(name)]
twice = torch.compile(lambda x: 2 * x, backend="eager")(torch.ones(2)).tolist()
print(json.dumps([there, ends, torch.is_grad_enabled(), twice]))
"""
LEAVES_OUT = "from bench.training.memory import without_compiler; without_compiler()"
A_WORKER = "from bench.training.executors import begin_worker; begin_worker()"


def trained(first: str) -> list[Any]:
    command = [sys.executable, "-c", TRAINS.format(first=first)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_optimizers_train_to_the_same_bits_without_the_compiler() -> None:
    """Which they import by themselves; who calls it has it all the same."""
    there, *torchs_own = trained("")
    assert "torch._dynamo" in there  # if not, `without_compiler` is no longer needed
    for first in (LEAVES_OUT, A_WORKER):
        there, *found = trained(first)
        assert there == []
        assert found == torchs_own
