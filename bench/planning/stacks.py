"""Which trials train as one stack, and how wide a folder's stacks are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from ..errors import InputError, shown
from .plan import Plan
from .trial import Trial

MOST = 32  # lanes: more were never faster by much in prototypes, and each takes memory
LANE = 2**29  # bytes on a GPU that a lane is given: networks of the zoo take a third of it
Unit = tuple[Trial, ...]  # what a worker trains at once


def units(trials: Iterable[Trial]) -> list[Unit]:
    """The trials as units, in their order: a stack of one contestant's seeds, or a single trial.

    A seed's lane is its remainder by the width, whoever fills the other lanes. So its bits depend
    on no company, even where an operation rounds by the place of a number in memory.
    """
    stacks: defaultdict[tuple[str, str, int], list[dict[int, Trial]]] = defaultdict(list)
    found: list[dict[int, Trial]] = []
    for trial in trials:
        lane = trial.seed % trial.stack
        open_ones = stacks[trial.dataset, trial.label, trial.stack]
        stack = next((one for one in open_ones if lane not in one), None)
        if stack is None:
            open_ones.append(stack := {})
            found.append(stack)
        stack[lane] = trial
    return [tuple(stack[lane] for lane in sorted(stack)) for stack in found]


def with_stack(plan: Plan, asked: str, old: Plan | None) -> Plan:
    """The plan with the width of its stacks: a number, or what `auto` means.

    `auto` keeps the width of the folder's `old` plan or of the experiment file. Otherwise it is 1
    on a CPU, and on a GPU the least power of two that holds all seeds, as far as memory goes.
    """
    if asked != "auto":
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= 256:
            raise InputError(f"--stack is auto or a number from 1 to 256, not {shown(asked)}")
        return replace(plan, stack=int(asked))
    if old is not None:
        return replace(plan, stack=old.stack)
    if plan.stack > 1 or plan.device != "cuda":
        return plan
    import torch

    room = MOST  # where GPUs are elsewhere: one of 16 GB has that
    if torch.cuda.is_available():
        room = torch.cuda.get_device_properties(0).total_memory // LANE
    return replace(plan, stack=width(len(plan.seeds), room))


def width(seeds: int, room: int) -> int:
    """The least power of two that holds all seeds, but MOST and what there is room for at most."""
    most = max(1, min(MOST, room))
    return int(min(1 << (seeds - 1).bit_length(), 1 << (most.bit_length() - 1)))
