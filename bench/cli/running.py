"""One `bench run`: from a plan to trials, records and a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from ..datasets import OWN_FEATURES
from ..datasets.dataset import load_dataset
from ..datasets.faces import FACES, faces
from ..datasets.folder import Options, folder
from ..errors import require
from ..evaluation.evaluate import UNSEEN, prepare
from ..extractors import NONE
from ..interrupts import heeded, typed
from ..planning.code import is_ours
from ..planning.flags import gpus, jobs_for, require_named
from ..planning.growing import grown, merged, plan_of
from ..planning.plan import Plan
from ..planning.stacks import units, with_stack
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..report.rebuild import rebuild
from ..training.runner import Left, locked, measure_scale, pending, record_interrupts, run
from .display import LiveDisplay
from .notices import broken_rules, unlike_networks

Say = Callable[[str], None]


@dataclass(frozen=True)
class RunOptions:
    """How a plan is run. Only `stack` changes numbers, by rounding."""

    jobs: str = "auto"
    jobs_per_device: int = 1
    retries: int = 0
    checkpoint_every: float = CHECKPOINT_EVERY
    retrain: tuple[str, ...] = ()  # labels to train anew
    retry: tuple[str, ...] = ()  # statuses to train anew
    named: tuple[str, ...] = ()  # models and extractors that the command line names: they may run
    trust_code: bool = False  # and so may all others
    check: bool = True  # are models that are not ours checked before they train?
    dry_run: bool = False
    stack: str = "auto"  # kept by the folder once it is chosen: it changes how numbers round


def execute(plan: Plan, root: Path, options: RunOptions, say: Say) -> bool:
    """Train what is not done, then report. Returns False if a trial failed. `say` prints lines.

    Raises InputError for wrong input, DiskError if the folder can no longer be written, and
    KeyboardInterrupt with the command that goes on.
    """
    console = Console(highlight=False)

    def trust(other: Plan, where: str) -> None:
        if not options.trust_code:
            require_named(other, options.named, where)

    plan = with_stack(plan, options.stack, plan_of(root))
    trust(plan, "the experiment file")
    plan = grown(plan, root, say, trust)
    read_pictures(plan, console, say)
    trials = plan.trials(load_dataset)
    labels = {trial.label: trial for trial in trials}
    for label in options.retrain:
        require(label, labels, "contestant to retrain")
    devices = gpus() if plan.device == "cuda" else []
    asked_jobs = jobs_for(options.jobs, plan, options.jobs_per_device, len(devices))
    left_in = partial(pending, root, trials, options.retrain, options.retry)

    def jobs_of(left: Mapping[str, Left]) -> int:
        return min(asked_jobs, max(1, len(units(t for t in trials if t.key in left))))

    if options.dry_run:
        merged(plan, root)  # refuses what the run would refuse
        left = left_in()
        describe(plan, trials, len(left), root, jobs_of(left), say)
        return True
    with locked(root):
        whole, left = merged(plan, root), left_in()
        describe(plan, trials, len(left), root, jobs_of(left), say)
        todo = [trial for trial in trials if trial.key in left]
        if options.check:
            check(plan, todo, say)
        unsuited = [trial for trial in trials if trial.unsuited]
        done = len(trials) - len(todo) - len(unsuited)

        def last_words() -> None:
            record_interrupts(root, todo)
            console.show_cursor()

        with heeded(last_words, again=typed()):
            prepare(todo, say)
            jobs = jobs_of(left)
            with LiveDisplay(console, root, [*unsuited, *todo], done, jobs) as display:
                tries, every = options.retries, options.checkpoint_every
                well = run(whole, root, trials, left, jobs, display, tries, every, devices)
            measure_scale(root, trials)
            rebuild(root, say)
    return well


def read_pictures(plan: Plan, console: Console, say: Say) -> None:
    """Decode the plan's picture files, with a progress bar; `load_dataset` then finds them done."""
    for reference in plan.datasets:
        kind, _, path = reference.partition(":")
        if kind != "folder" and kind not in FACES:
            continue
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"reading {kind}", total=None)

            def progress(done: int, total: int, bar: Progress = bar, task: TaskID = task) -> None:
                bar.update(task, completed=done, total=total)

            if kind == "folder":
                folder(path, plan.size, options=Options(progress=progress, notice=say))
            else:
                faces(kind, plan.size, progress=progress)


def describe(plan: Plan, trials: list[Trial], todo: int, root: Path, jobs: int, say: Say) -> None:
    """The plan in a few lines."""
    labels = ", ".join(contestant.label for contestant in plan.contestants)
    seeds = ", ".join(map(str, plan.seeds))
    say(f"{len(trials)} trials: {labels} on {', '.join(plan.datasets)}, seeds {seeds}")
    rounded = "" if plan.budget == plan.images else f" (rounded from {plan.images:,})"
    samples = " or ".join(f"{n:,}" for n in sorted({trial.samples for trial in trials}))
    say(
        f"{plan.budget:,} images a trial{rounded}, batches of {plan.batch_size}, "
        f"evaluated at {len(trials[0].evaluation_points)} points on {samples} samples"
    )
    say(
        f"{plan.device}, {plan.precision}, {plan.threads} thread(s) a trial, {jobs} at a time; "
        f"{todo} to do, into {root}"
    )
    if plan.stack > 1:
        say(f"{plan.stack} seeds of a contestant train as one stack")
    for label, reason in dict.fromkeys((t.label, t.alone) for t in trials if t.alone):
        say(f"{label} trains one seed at a time: {reason}")
    for dataset, features in dict.fromkeys((t.dataset, t.features) for t in trials):
        text = f"FID is left out: {UNSEEN}" if features == NONE else f"seen through {features}"
        if features != OWN_FEATURES:
            say(f"{dataset}: {text}")
    for trial in trials:
        if trial.unsuited:
            say(f"skipped: {trial.key}: {trial.unsuited}")
    if told := unlike_networks(plan, load_dataset(plan.datasets[0], plan.size).spec):
        say(told)


def check(plan: Plan, todo: list[Trial], say: Say) -> None:
    """Say which rule a model that is not ours breaks, of those that are to be trained."""
    labels = {trial.label for trial in todo if not is_ours(trial.model)}
    if labels:
        spec = load_dataset(todo[0].source, todo[0].size).spec
        for line in broken_rules(plan, labels, spec):
            say(line)
