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
            "bf16: matrix products and convolutions in bfloat16. Its speed is measured first, for "
            "half a second; bf16 is refused if slower than fp32, bf16! is not.  [default: fp32]"
        ),
    ),
    click.option("--threads", type=int, metavar="N", help="Threads of a trial.  [default: 1]"),
    click.option(
        "--jobs",
        metavar="auto|N",
        default="auto",
        show_default=True,
        help=(
            "Trials at a time; auto: cores / threads on a CPU, --jobs-per-device on each GPU. "
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
            "How many seeds of a contestant train as one computation; results are those of single "
            "trials up to rounding, and the folder keeps the number. auto: 1 on a CPU, by the "
            "number of seeds and the memory on a GPU."
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
