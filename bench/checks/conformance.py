"""What every model must do, so that a comparison is about the model: one check a rule.

A check takes a Case and gives an outcome and what it saw. The contract tests run all of them on
the zoo, `bench doctor MODEL` on anybody's model.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import click

from gan_zoo.base import GAN, Config, DataSpec

from ..errors import printable
from ..planning.flags import with_values
from ..planning.parsing import parse_models
from ..planning.plan import Plan
from . import state_rules, step_rules
from .result import OK, SEVERITY, Check, Found, Verdict, judge, tell
from .watching import Case

SPECS = (DataSpec((2,), 8), DataSpec((1, 28, 28), 10), DataSpec((3, 32, 32), 10))
LARGE = (DataSpec((3, 64, 64), 10),)  # slower, so only for what suits none of the others
WIDTH = 16  # of the networks that are checked: no rule depends on it, and a wide one takes minutes


def build(case: Case) -> Found:
    """It can be built for all data that `unsuited` does not object to."""
    case.build()
    return OK


CHECKS: dict[str, Check] = {
    "build": Check(build, "let unsuited(spec, config) return the reason why not"),
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
        state_rules.resumes, "keep it in a buffer (register_buffer), or use batch.step"
    ),
    "sampling alone": Check(
        state_rules.samples_alone, "in eval mode, use what was kept from training"
    ),
    "sampling still": Check(
        state_rules.sampling_is_still, "draw from rng alone, and write to nothing"
    ),
    "meta": Check(
        step_rules.meta, "no .item(), .cpu(), float(tensor) or `if tensor` within a step"
    ),
    "no waiting": Check(step_rules.no_waiting, "make tensors where they are used: device=x.device"),
    "bf16": Check(step_rules.bf16, "compute what needs it within gan_zoo.precision.full_precision"),
}


def examine(models: tuple[str, ...], values: tuple[str, ...], say: Callable[[str], object]) -> bool:
    """Say what the checks find of each model. False if one failed; InputError for wrong input."""
    plan, well = Plan(tuple(parse_models(",".join(models)))), True
    plan = replace(plan, contestants=with_values(plan.contestants, values))
    for label, (kind, config) in plan.resolved.items():
        cases, reasons = suited(kind, config)
        say(click.style(f"{label} on {', '.join(map(str, cases)) or 'nothing'}", bold=True))
        for name, reason in reasons.items():
            say(f"  not on {name}: {printable(reason)}")
        well &= bool(cases) and tell(conformance(cases), say)
    return well


def suited(kind: type[GAN], config: Config) -> tuple[list[Case], dict[str, str]]:
    """The cases that the model can be built for; of the others, why not."""
    narrow = replace(config, width=min(config.width or WIDTH, WIDTH))
    if config.discriminator_width:
        narrow = replace(narrow, discriminator_width=min(config.discriminator_width, WIDTH))
    cases: list[Case] = []
    reasons: dict[str, str] = {}
    for spec in (*SPECS, *LARGE):
        case = Case(kind, narrow, spec)
        if spec in LARGE and cases:
            break
        if reason := objection(case):
            reasons[str(case)] = reason
        else:
            cases.append(case)
    return cases, reasons


def objection(case: Case) -> str | None:
    try:
        return case.kind.unsuited(case.spec, case.config)
    except Exception:  # which the check "build" reports
        return None


def conformance(cases: list[Case]) -> Iterator[Verdict]:
    """One verdict a check, the worst of those on each case; nothing is checked without a step."""
    missing = ""
    for name, check in CHECKS.items():
        if missing:
            yield Verdict(name, "skipped", f"{missing} has failed")
            continue
        found = [(case, judge(name, check, case)) for case in cases]
        case, worst = max(found, key=lambda pair: SEVERITY.index(pair[1].outcome))
        yield replace(worst, note=f"{worst.note} ({case})") if worst.wrong else worst
        if name in ("build", "step") and worst.outcome == "failed":
            missing = name
