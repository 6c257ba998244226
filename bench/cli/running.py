"""One `bench run`: from a plan to trials, records and a page."""

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from ..datasets import OWN_FEATURES
from ..datasets.dataset import load_dataset
from ..datasets.faces import FACES, faces
from ..datasets.folder import Options, folder
from ..evaluation.evaluate import UNSEEN, prepare
from ..extractors import NONE
from ..interrupts import heeded, typed
from ..planning.flags import gpus, jobs_for
from ..planning.growing import command, grown, merged
from ..planning.plan import Plan
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..report.rebuild import rebuild
from ..training.runner import locked, measure_scale, pending, record_interrupts, run
from .display import LiveDisplay

Say = Callable[[str], None]


def execute(
    plan: Plan,
    root: Path,
    jobs_asked: str,
    dry_run: bool,
    say: Say,
    retries: int = 0,
    checkpoint_every: float = CHECKPOINT_EVERY,
    jobs_per_device: int = 1,
) -> bool:
    """Train what is not done, then report. Returns False if a trial failed. `say` prints lines.

    Raises InputError for wrong input, DiskError if the folder can no longer be written, and
    KeyboardInterrupt with the command that goes on.
    """
    console = Console(highlight=False)
    asked, plan = plan, grown(plan, root, say)
    # After its budget was raised, only the folder's own plan knows how often it is evaluated.
    again = typed() if plan == asked else command(root)
    read_pictures(plan, console, say)
    trials = plan.trials(load_dataset)
    devices = gpus() if plan.device == "cuda" else []
    asked_jobs = jobs_for(jobs_asked, plan, jobs_per_device, len(devices))

    def jobs_of(left: Mapping[str, str]) -> int:
        return min(asked_jobs, max(1, len(left)))

    if dry_run:
        merged(plan, root)  # refuses what the run would refuse
        left = pending(root, trials)
        describe(plan, trials, len(left), root, jobs_of(left), say)
        return True
    with locked(root):
        whole, left = merged(plan, root), pending(root, trials)
        describe(plan, trials, len(left), root, jobs_of(left), say)
        todo = [trial for trial in trials if trial.key in left]
        unsuited = [trial for trial in trials if trial.unsuited]
        done = len(trials) - len(todo) - len(unsuited)

        def last_words() -> None:
            record_interrupts(root, todo)
            console.show_cursor()

        with heeded(last_words, again):
            prepare(todo, say)
            jobs = jobs_of(left)
            with LiveDisplay(console, root, [*unsuited, *todo], done, jobs) as display:
                well = run(
                    whole, root, trials, left, jobs, display, retries, checkpoint_every, devices
                )
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
    for dataset, features in dict.fromkeys((t.dataset, t.features) for t in trials):
        text = f"FID is left out: {UNSEEN}" if features == NONE else f"seen through {features}"
        if features != OWN_FEATURES:
            say(f"{dataset}: {text}")
    for trial in trials:
        if trial.unsuited:
            say(f"skipped: {trial.key}: {trial.unsuited}")
