"""The rules that every model must keep to be comparable with others, a check for each.

A check takes a Case and returns an outcome and what it saw. `bench doctor MODEL` runs all of them
on any model, the contract tests on every model of the zoo.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import click
import torch

from gan_zoo.base import GAN, Config, DataSpec

from ..errors import printable
from ..planning.flags import with_values
from ..planning.parsing import parse_models
from ..planning.plan import Plan
from . import state_rules, step_rules
from .case import Case, pinned
from .check import OK, SEVERITY, Check, CheckResult, Found, report

SPECS = (DataSpec((2,), 8), DataSpec((1, 28, 28), 10), DataSpec((3, 32, 32), 10))
LARGE = (DataSpec((3, 64, 64), 10),)  # slow, so only for models that no other spec suits
WIDTH = 16  # of the networks that are checked: no rule depends on it, and wide ones take minutes


def build(case: Case) -> Found:
    """The model can be built for all data that its `unsuited` does not refuse."""
    case.build()
    return OK


CHECKS: dict[str, Check] = {
    "build": Check(
        build, "let unsuited(spec, config) return the reason, or name its data: --dataset, --size"
    ),
    "step": Check(step_rules.step, "return a gan_zoo.base.Step of finite numbers; use self.scores"),
    "samples": Check(
        state_rules.samples, "end the generator to fit the data: with a tanh for images"
    ),
    "scores": Check(
        step_rules.scores, "end the discriminator with nn.Flatten(0): one score a sample"
    ),
    "turns": Check(
        step_rules.turns, "step one network a turn: descend(loss, network, optimizer) does"
    ),
    "gradients": Check(step_rules.stray_gradients, "use descend in place of loss.backward()"),
    "steps": Check(
        step_rules.discriminator_steps, "honour discriminator_steps: the base's loop does"
    ),
    "clip": Check(
        step_rules.clip, "clip in after_discriminator_step: it follows the optimizer's step"
    ),
    "penalty": Check(step_rules.penalised_alone, "no batch norm here: discriminator_norm=none"),
    "streams": Check(state_rules.own_streams, 'draw from batch.streams["a name of your own"]'),
    "resume": Check(
        state_rules.resumes, "keep all state in buffers (register_buffer), or use batch.step"
    ),
    "sampling alone": Check(
        state_rules.samples_alone, "in eval mode, use the statistics kept from training"
    ),
    "pure sampling": Check(state_rules.pure_sampling, "draw from rng only, and change no tensor"),
    "meta": Check(
        step_rules.meta, "no .item(), .cpu(), float(tensor) or `if tensor` within a step"
    ),
    "no waiting": Check(step_rules.no_waiting, "create tensors on the device: device=x.device"),
    "stacks": Check(state_rules.stacks, "its seeds train one at a time, which is slow on a GPU"),
    "bf16": Check(step_rules.bf16, "use gan_zoo.precision.full_precision where fp32 is needed"),
}


# What takes about a second, and says most: `bench run` checks these before it trains.
QUICK = ("build", "step", "samples", "scores", "turns", "streams", "resume")


def check_models(
    models: tuple[str, ...],
    values: tuple[str, ...],
    say: Callable[[str], object],
    spec: DataSpec | None = None,
) -> bool:
    """Check each model and say the results. False if a check failed.

    models and values as `bench doctor` takes them; raises InputError for wrong ones. spec: the data
    to check on; None: points and images of the usual sizes.
    """
    plan, well = Plan(tuple(parse_models(",".join(models)))), True
    plan = replace(plan, contestants=with_values(plan.contestants, values))
    for label, (kind, config) in plan.resolved.items():
        cases, reasons = suited(kind, config, SPECS if spec is None else (spec,))
        say(click.style(f"{label} on {', '.join(map(str, cases)) or 'nothing'}", bold=True))
        say(f"  {len(CHECKS)} rules, each on small networks and random data of these shapes:")
        for name, reason in reasons.items():
            say(f"  not on {name}: {printable(reason)}")
        with one_thread():
            well &= bool(cases) and report(conformance(cases), say)
    return well


@contextmanager
def one_thread() -> Iterator[None]:
    """As trials are trained. Beside other programs, more threads take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def suited(
    kind: type[GAN], config: Config, specs: tuple[DataSpec, ...] = SPECS
) -> tuple[list[Case], dict[str, str]]:
    """The cases that suit the model, and for each of the others the reason why not."""
    cases: list[Case] = []
    reasons: dict[str, str] = {}
    for spec in (*specs, *(LARGE if specs == SPECS else ())):
        case = Case(kind, narrowed(config), spec)
        if spec in LARGE and cases:
            break
        if reason := objection(case):
            reasons[str(case)] = reason
        else:
            cases.append(case)
    return cases, reasons


def narrowed(config: Config) -> Config:
    """The config with networks of WIDTH at most."""
    width, own = min(config.width or WIDTH, WIDTH), config.discriminator_width
    return replace(config, width=width, discriminator_width=min(own, WIDTH) if own else None)


def first_broken(kind: type[GAN], config: Config, spec: DataSpec) -> str:
    """The first rule of QUICK that a model breaks on data of this shape, and how; "" if none."""
    case = Case(kind, narrowed(config), spec)
    if objection(case):
        return ""
    with pinned(0), one_thread():
        for name in QUICK:
            result = CHECKS[name].run(name, case)
            if result.outcome == "failed":
                return f"{name}: {result.note}"
    return ""


def objection(case: Case) -> str | None:
    try:
        return case.kind.unsuited(case.spec, case.config)
    except Exception:  # the check "build" reports it
        return None


def conformance(cases: list[Case]) -> Iterator[CheckResult]:
    """The result of every check, the worst over the cases.

    If the model cannot be built or take a step, the other checks are skipped.
    """
    missing = ""
    for name, check in CHECKS.items():
        if missing:
            yield CheckResult(name, "skipped", f"{missing} has failed")
            continue
        found = [(case, check.run(name, case)) for case in cases]
        case, worst = max(found, key=lambda pair: SEVERITY.index(pair[1].outcome))
        yield replace(worst, note=f"{worst.note} ({case})") if worst.wrong else worst
        if name in ("build", "step") and worst.outcome == "failed":
            missing = name
