"""One `bench tune`: the search, the choice, and the report on other seeds."""

import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from ..datasets.dataset import load_dataset
from ..environment import environment
from ..evaluation.evaluate import prepare
from ..interrupts import heeded, typed
from ..planning.flags import gpus, jobs_for
from ..planning.growing import merged
from ..planning.naming import require_named
from ..planning.plan import Plan
from ..planning.stacks import units, with_stack
from ..planning.trial import Trial
from ..records.state import readable_facts
from ..records.writing import write_facts
from ..training.executors import Outcome
from ..training.runner import locked, pending, record_interrupts, require_writable, run
from ..training.train import train
from ..tuning.protocol import MARK, Configuration, Protocol, text_of
from ..tuning.report import REPORTED, write_report
from ..tuning.rows import FOLDER, Rows, choose
from ..tuning.tables import values_of
from ..words import NONE, duration, number
from .display import LiveDisplay
from .dry import absent, untouched
from .phases import phase
from .running import RunOptions, check, execute, read_pictures

Say = Callable[[str], None]
TIMED = 20  # the share of a budget that a dry run trains to know its duration: one in so many


class Keeping(LiveDisplay):
    """Shows how a search goes on, and makes a row of each trial that has ended."""

    def __init__(self, rows: Rows, *told: Any) -> None:
        super().__init__(*told)
        self._kept = rows

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        super().ended(trial, outcome)
        self._kept.collect([trial])


def tune(
    plan: Plan, configs: int, seeds: tuple[int, ...], root: Path, options: RunOptions, say: Say
) -> bool:
    """Search, choose and report what is not done yet. Returns False if a trial failed.

    plan: of the report, with defaults alone; seeds: of the selection. A dry run only checks, and
    times a part of a trial. Raises as `execute`.
    """
    if not options.trust_code:
        require_named(plan, options.named, "the experiment file")
    plan = with_stack(plan, options.stack, None)
    protocol = Protocol(plan, configs, seeds)
    if options.dry_run:
        if missing := absent(plan):
            say(f"{'; '.join(missing)}; the rest is checked then")
            return True
        with untouched():
            return dry(protocol, root, options, say)
    read_pictures(plan, Console(highlight=False), say)
    trials = protocol.trials()  # refuses what cannot be searched before the folder is made
    describe(protocol, say)
    with locked(root, MARK):
        protocol.keep(root)
        rows = Rows(root, protocol)
        rows.collect(trials)
        if not search(protocol, trials, rows, root, options, say):
            return False
        shutil.rmtree(root / FOLDER, ignore_errors=True)
        chosen = choose(protocol, rows.of(trials))
        for line in choices(protocol, chosen):
            say(line)
        well = execute(protocol.report_plan(chosen), root / REPORTED, options, lambda text: None)
        say(write_report(root, protocol, rows, chosen))
    say(f"The report: {root / 'tuned.md'}; samples and curves: {root / REPORTED / 'report.html'}")
    return well


def search(
    protocol: Protocol,
    trials: list[Trial],
    rows: Rows,
    root: Path,
    options: RunOptions,
    say: Say,
) -> bool:
    """Train the configurations that have no row yet. Returns False if a trial failed."""
    missing = [trial for trial in trials if trial not in rows]
    if not missing:
        say(f"the search is done: {len(trials)} trials")
        return True
    folder, console = root / FOLDER, Console(highlight=False)
    plan = protocol.search_plan()
    devices = gpus() if plan.device == "cuda" else []
    jobs = jobs_for(options.jobs, plan, options.jobs_per_device, len(devices))
    jobs = min(jobs, len(units(missing)))
    if options.check:
        check(protocol.plan, missing, say)
    with locked(folder):
        left = pending(folder, missing)
        whole = merged(plan, folder)

        def last_words() -> None:
            record_interrupts(folder, missing)
            console.show_cursor()

        with heeded(last_words, again=typed()):
            with phase(console, "preparing extractor"):
                prepare(missing, say)
            done = len(trials) - len(missing)
            with Keeping(rows, console, folder, missing, done, jobs) as display:
                write_facts(root / "environment.json", environment())
                tries, every = options.retries, options.checkpoint_every
                run(whole, folder, missing, left, jobs, display, tries, every, devices)
    failed = [trial.key for trial in missing if trial not in rows]
    if failed:
        say(f"{len(failed)} trials failed, {failed[0]} first: nothing is chosen before all ended")
    return not failed


def describe(protocol: Protocol, say: Say) -> None:
    """The protocol in a few lines."""
    plan, each = protocol.search_plan(), protocol.configs
    for label, reason in protocol.left_out.items():
        say(f"left out: {label}: {reason}")
    say(
        f"{each} configurations each of {', '.join(protocol.contestants)} on the selection split "
        f"of {protocol.dataset}, and the defaults beside them"
    )
    say(
        f"{plan.budget:,} images a trial, batches of {plan.batch_size}; selection seeds "
        f"{_listed(protocol.seeds)}, reporting seeds {_listed(protocol.plan.seeds)}"
    )
    for label, spaces in protocol.spaces.items():
        told = "; ".join(f"{name} {text_of(space)}" for name, space in spaces.items())
        say(f"{label} searches {told}")


def choices(protocol: Protocol, chosen: dict[str, Configuration]) -> Iterator[str]:
    """A line for each contestant: the values that were chosen for it."""
    for label in protocol.contestants:
        one = chosen.get(label)
        yield f"chosen for {label}: {values_of(one) if one else NONE + ', as all were lost'}"


def dry(protocol: Protocol, root: Path, options: RunOptions, say: Say) -> bool:
    """Say what would be trained and how long it takes; touches nothing."""
    if not (root / MARK).exists():
        require_writable(root)
    protocol.require_same(root)
    describe(protocol, say)
    trials, rows = protocol.trials(), Rows(root, protocol)
    missing = [trial for trial in trials if trial not in rows]
    jobs = jobs_for(options.jobs, protocol.plan, options.jobs_per_device, max(1, len(gpus())))
    say(
        f"{len(missing)} of {len(trials)} trials of the search to do, {jobs} at a time, into {root}"
    )
    with phase(Console(highlight=False), "timing a part of a trial of each contestant"):
        searching, reporting = (seconds(protocol, some) for some in (missing, reports(protocol)))
    say(
        f"about {duration(searching / jobs)} for the search and {duration(reporting / jobs)} for "
        f"the report: {number((searching + reporting) / 3600)} core-hours, as the defaults take "
        "them"
    )
    return True


def reports(protocol: Protocol) -> list[Trial]:
    """The trials of the report, with the first draw in place of the choice."""
    anyone = {label: protocol.configurations[f"{label}.00"] for label in protocol.contestants}
    return protocol.report_plan(anyone).trials(load_dataset)


def seconds(protocol: Protocol, trials: list[Trial]) -> float:
    """What trials take one after the other, each as the defaults of its contestant."""
    found = 0.0
    for label in protocol.contestants:
        own = [trial for trial in trials if protocol.contestant_of(trial.label) == label]
        if own:
            usual = next((trial for trial in own if trial.label == label), own[0])
            found += timed(usual) * len(own)
    return found


def timed(trial: Trial) -> float:
    """The seconds that a trial takes, from those of its first part and of two evaluations."""
    part = max(1, trial.images // TIMED // trial.unit) * trial.unit
    with tempfile.TemporaryDirectory() as name:
        train(replace(trial, images=part, evaluations=1), Path(name), math.inf)
        facts = readable_facts(Path(name) / "trials" / trial.key / "status.json")
    training = facts["seconds"] * trial.images / facts["images"]
    return float(training + facts["evaluating_seconds"] * len(trial.evaluation_points) / 2)


def _listed(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))
