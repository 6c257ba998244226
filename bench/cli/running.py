"""One `bench run`: from a plan to trials, records and a page."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from ..datasets import DATASETS, FOLDER_PREFIX, IMAGES_PREFIX, OWN_FEATURES, dataset_name
from ..datasets.dataset import load_dataset
from ..datasets.folder import Options, folder
from ..errors import require
from ..evaluation.evaluate import UNSEEN, prepare
from ..extensions import is_ours
from ..extractors import NONE
from ..interrupts import heeded, typed
from ..planning.growing import grown, merged, plan_of
from ..planning.looks import present
from ..planning.naming import require_named
from ..planning.plan import Plan
from ..planning.shards import Shard
from ..planning.stacks import units, with_stack
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..training.runner import (
    Left,
    locked,
    measure_scale,
    pending,
    record_interrupts,
    require_writable,
    run,
)
from .display import LiveDisplay
from .forecast import expected
from .looking import Until, looking
from .notices import broken_rules, too_few_seeds, unlike_networks, unlike_the_budget_asked
from .phases import phase
from .places import Place, place_of
from .precision import require_gain

Say = Callable[[str], None]
FACES = "bench.datasets.faces:faces"


@dataclass(frozen=True)
class RunOptions:
    """How a plan is run. Only `stack` changes numbers, by rounding."""

    jobs: str = "auto"
    jobs_per_device: int = 1
    retries: int = 0
    checkpoint_every: float = CHECKPOINT_EVERY
    retrain: tuple[str, ...] = ()  # labels to train anew
    retry: tuple[str, ...] = ()  # statuses to train anew
    named: tuple[str, ...] = ()  # code that the command line names (`named_by`): it may run
    trust_code: bool = False  # and so may all others
    check: bool = True  # are models that are not ours checked before they train?
    dry_run: bool = False
    until: Until | None = None  # add seeds until it is decided
    margin: float | None = None  # of equivalence, then
    bf16_anyway: bool = False  # though it is slower than fp32 here
    stack: str = "auto"  # kept by the folder once it is chosen: it changes how numbers round
    console: Console | None = None  # what shows how it goes on; None: the terminal
    bars: type[Progress] | None = None  # of that console; None: Progress, in a terminal
    owns_process: bool = True  # may an interrupt end the process?
    executor: str = "local"
    ray_address: str | None = None
    shard: Shard | None = None  # the part of the plan that is trained here


def execute(plan: Plan, root: Path, options: RunOptions, say: Say) -> bool:
    """Train what is not done, then report; with `until`, look after look.

    A dry run only checks, and touches nothing. Returns False if a trial failed. `say` prints lines.
    Raises as `_execute`.
    """
    if options.until is not None:
        plan = present(plan, root, options.margin)
    if options.dry_run:
        from .dry import absent, untouched  # torchvision, which a run may not need

        if options.until is not None:
            say("Seeds are added until every pair is decided; this is the present look.")
        if missing := absent(plan):
            say(f"{'; '.join(missing)}; the rest of the plan is checked then")
            return True
        with untouched(), place_of(plan, root, options) as place:
            return _execute(plan, root, options, place, say)
    with place_of(plan, root, options) as place:
        if options.until is None:
            return _execute(plan, root, options, place, say)
        rest, most = options, place.jobs

        def once(plan: Plan) -> bool:
            nonlocal rest
            now, rest = rest, replace(options, retrain=(), retry=())  # these are meant once
            return _execute(plan, root, now, place, say)

        return looking(plan, root, options.until, lambda count: min(most, count), once, say)


def _execute(plan: Plan, root: Path, options: RunOptions, place: Place, say: Say) -> bool:
    """Train what is not done of a plan, then report. Returns False if a trial failed.

    Raises InputError for wrong input, DiskError if the folder can no longer be written, and
    KeyboardInterrupt with the command that goes on.
    """
    console = options.console or Console(highlight=False)

    def trust(other: Plan, where: str) -> None:
        if not options.trust_code:
            require_named(other, options.named, where)

    plan = with_stack(plan, options.stack, plan_of(root))
    trust(plan, "the experiment file")
    plan = grown(plan, root, say, trust)
    read_pictures(plan, console, say)
    with phase(console, "reading data"):
        trials = every = plan.trials(load_dataset)
        if options.shard is not None:
            trials = options.shard.of(every)
            say(f"shard {options.shard.part} of {options.shard.parts} of {len(every)} trials")
    labels = {trial.label: trial for trial in trials}
    for label in options.retrain:
        require(label, labels, "contestant to retrain")
    left_in = partial(pending, root, trials, options.retrain, options.retry)

    def jobs_of(left: Mapping[str, Left]) -> int:
        return min(place.jobs, max(1, len(units(t for t in trials if t.key in left))))

    if plan.precision == "bf16" and place.executor is None and plan_of(root) is None:
        require_gain(plan, trials, options.bf16_anyway, say)
    if options.dry_run:
        from .dry import extractors

        merged(plan, root)  # refuses what the run would refuse
        require_writable(root)
        left = left_in()
        describe(plan, trials, len(left), root, jobs_of(left), place.told, say)
        todo = [trial for trial in trials if trial.key in left]
        if options.check:
            check(plan, todo, say)
        for line in (*extractors(todo), *expected(root, trials, todo, jobs_of(left))):
            say(line)
        return True
    with locked(root):
        before, whole, left = plan_of(root), merged(plan, root), left_in()
        if before and whole.looks != before.looks and options.until is None:
            say(
                "Seeds are added after a report was written: verdicts are now given in looks, "
                f"at {' and '.join(map(str, whole.looks))} seeds (docs/statistics.md)"
            )
        describe(plan, trials, len(left), root, jobs_of(left), place.told, say)
        todo = [trial for trial in trials if trial.key in left]
        if options.check:
            check(plan, todo, say)
        unsuited = [trial for trial in trials if trial.unsuited]
        done = len(trials) - len(todo) - len(unsuited)

        def last_words() -> None:
            record_interrupts(root, todo)
            console.show_cursor()

        with heeded(last_words, again=typed()) if options.owns_process else nullcontext():
            with phase(console, "preparing extractor"):
                prepare(todo, say)
            jobs = jobs_of(left)
            shown = [*unsuited, *todo]
            with LiveDisplay(console, root, shown, done, jobs, options.bars) as display:
                how = (jobs, display, options.retries, options.checkpoint_every)
                well = run(whole, root, trials, left, *how, place.gpus, place.executor)
            if options.shard is not None:
                with phase(console, "measuring the scale"):
                    measure_scale(root, trials)
                say(f"When all parts are done: bench merge {root} ... --out DIR")
                return well
            said: list[str] = []  # printed below: a live display would wrap the tables
            with phase(console, "report"):
                from ..report.rebuild import rebuild  # plots: a second, after the first words

                began = time.monotonic()
                measure_scale(root, trials)
                rebuild(root, said.append)
            display.forecast.learn_report(time.monotonic() - began)
            for text in said:
                say(text)
    return well


def read_pictures(plan: Plan, console: Console, say: Say) -> None:
    """Decode the plan's picture files, with a progress bar; `load_dataset` then finds them done."""
    for reference in plan.datasets:
        kind, _, path = reference.partition(":")
        faces = kind in DATASETS and DATASETS[kind].target == FACES
        if kind != "folder" and not faces:
            continue
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"reading {kind}", total=None)

            def progress(done: int, total: int, bar: Progress = bar, task: TaskID = task) -> None:
                bar.update(task, completed=done, total=total)

            if kind == "folder":
                folder(path, plan.size, options=Options(progress=progress, notice=say))
            else:
                from ..datasets.faces import faces as decode  # torchvision: a second

                decode(kind, plan.size, progress=progress)


def describe(
    plan: Plan, trials: list[Trial], todo: int, root: Path, jobs: int, place: str, say: Say
) -> None:
    """The plan in a few lines."""
    labels = ", ".join(contestant.label for contestant in plan.contestants)
    seeds = ", ".join(map(str, plan.seeds))
    fewer = [f"{c.label} {len(c.seeds)}" for c in plan.contestants if c.seeds is not None]
    seeds += f" (of these {', '.join(fewer)})" if fewer else ""
    many = f"{len(trials)} trial{'s' * (len(trials) > 1)}"
    word = "seed" + "s" * (len(plan.seeds) != 1)
    say(f"{many}: {labels} on {', '.join(plan.datasets)}, {word} {seeds}")
    rounded = "" if plan.budget == plan.images else f" (rounded from {plan.images:,})"
    if told := unlike_the_budget_asked(plan, len(trials[0].evaluation_points) - 1):
        say(told)
    samples = " or ".join(f"{n:,}" for n in sorted({trial.samples for trial in trials}))
    say(
        f"{plan.budget:,} images a trial{rounded}, batches of {plan.batch_size}, "
        f"evaluated at {len(trials[0].evaluation_points)} points on {samples} samples"
    )
    say(
        f"{plan.device}, {plan.precision}, {plan.threads} thread(s) a trial, {jobs} at a time; "
        f"{todo} to do, into {root}"
    )
    if place:
        say(place)
    if plan.stack > 1:
        say(f"{plan.stack} seeds of a contestant train as one stack")
    for label, reason in dict.fromkeys((t.label, t.alone) for t in trials if t.alone):
        say(f"{label} trains one seed at a time: {reason}")
    parts = splits(plan)
    for dataset, features in dict.fromkeys((t.dataset, t.features) for t in trials):
        text = f"FID is left out: {UNSEEN}" if features == NONE else f"seen through {features}"
        text += parts.get(dataset, "")
        if features != OWN_FEATURES:
            say(f"{dataset}: {text}")
    for trial in trials:
        if trial.unsuited:
            say(f"skipped: {trial.key}: {trial.unsuited}")
    if todo and not plan.looks and (told := too_few_seeds(plan)):
        say(told)
    if told := unlike_networks(plan, load_dataset(plan.datasets[0], plan.size).spec):
        say(told)


def splits(plan: Plan) -> dict[str, str]:
    """How many of a user's own images are trained on and held out: the ends of lines."""
    own = [name for name in plan.datasets if name.startswith((FOLDER_PREFIX, IMAGES_PREFIX))]
    loaded = {dataset_name(reference): load_dataset(reference, plan.size) for reference in own}
    return {
        name: f"; {len(data.train):,} images to train on, {len(data.holdout):,} held out"
        for name, data in loaded.items()
    }


def check(plan: Plan, todo: list[Trial], say: Say) -> None:
    """Say which rule a model that is not ours breaks, of those that are to be trained."""
    labels = {trial.label for trial in todo if not is_ours(trial.model)}
    if labels:
        spec = load_dataset(todo[0].source, todo[0].size).spec
        for line in broken_rules(plan, labels, spec):
            say(line)
