"""Options of `bench run` that say on what, and how many trials at a time, it trains."""

from collections.abc import Callable
from typing import Any

import click

OPTIONS = (
    click.option(
        "--device",
        metavar="auto|cpu|cuda|mps",
        help="Where to train; auto takes a GPU if there is one.  [default: auto]",
    ),
    click.option(
        "--precision",
        type=click.Choice(["fp32", "bf16", "bf16!"]),
        help=(
            "bf16: matrix products and convolutions in bfloat16. Half a second of it is measured "
            "first, and refused where it is slower than fp32; bf16! insists.  [default: fp32]"
        ),
    ),
    click.option("--threads", type=int, metavar="N", help="Threads of a trial.  [default: 1]"),
    click.option(
        "--jobs",
        metavar="auto|N",
        default="auto",
        show_default=True,
        help=(
            "Trials at a time; auto: cores / threads on a CPU, on GPUs --jobs-per-device of each. "
            "Never changes a number."
        ),
    ),
    click.option(
        "--jobs-per-device",
        type=click.IntRange(1, 64),
        default=1,
        show_default=True,
        metavar="N",
        help="Trials at a time on each GPU: networks this small leave room for several.",
    ),
    click.option(
        "--stack",
        metavar="auto|N",
        default="auto",
        show_default=True,
        help=(
            "Seeds of a contestant that train as one computation; their numbers are those of "
            "single trials to rounding, and the folder keeps the choice. auto: 1 on a CPU, on a "
            "GPU by seeds and memory."
        ),
    ),
    click.option(
        "--deterministic/--no-deterministic",
        default=None,
        help=(
            "On cuda, use algorithms that give the same bits each time; without, training may be "
            "faster.  [default: on]"
        ),
    ),
)


def machine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options to a command, in their order."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
