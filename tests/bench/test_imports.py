"""What stays out of a process that trains, seen in processes of their own."""

import subprocess
import sys

import pytest
import torch

TRAINS = """
import sys
{first}
import bench.training.train, torch
from torch.optim import Adam
weight = torch.nn.Parameter(torch.ones(2))
weight.grad = torch.ones(2)
Adam([weight], lr=1.0).step()
assert "torch._dynamo" in sys.modules and abs(float(weight.sum())) < 1e-6
print(sys.modules.get("triton") is not None)
"""
LEAVES_OUT = "from bench.training.memory import without_triton; without_triton()"
A_WORKER = "from bench.training.executors import begin_worker; begin_worker()"


def imports_triton(first: str) -> bool:
    command = [sys.executable, "-c", TRAINS.format(first=first)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout == "True\n"


@pytest.mark.slow
def test_triton_is_imported_where_there_is_a_gpu_and_nowhere_else() -> None:
    """By nothing of ours: torch imports it if it is there, and trains without it."""
    wanted = torch.cuda.is_available() and imports_triton("")
    assert imports_triton(LEAVES_OUT) == wanted
    assert imports_triton(A_WORKER) == wanted
