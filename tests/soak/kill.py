"""Kills small runs at any moment, goes on, and compares with a run that nobody disturbed."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bench.files import read_json
from bench.records.derived import damaged
from bench.records.results import Results

from ..bench.tiny import assert_same
from .small_bench import ARGUMENTS

ROOT = Path(__file__).parents[2]
LONGEST = 300.0  # seconds of a run
LOOK = 0.002  # seconds between two looks at the folder
# What a kill waits for: that such a file appears or is written again, so often at most.
EVENTS = {
    **dict.fromkeys((".lock", "experiment.toml", "scale.parquet", "index.parquet"), 1),
    **dict.fromkeys(("summary.csv", "report.html", "plots/*.png"), 1),
    **dict.fromkeys(("trial.json", "progress.json", "status.json", "generator.safetensors"), 4),
    **dict.fromkeys(("curves.parquet", "evaluations.parquet", "events.json"), 16),
    **dict.fromkeys(("histograms.parquet", "checkpoint-*.pt", "samples/*.png"), 16),
    ".*.tmp": 60,
}


@dataclass
class Kill:
    """One run that was killed: how, when, and what came of it."""

    jobs: int
    whom: str  # "group", "parent" or "worker"
    signal: str
    moment: str  # "4.1 s", or the file that it waited for
    seconds: float = 0.0  # after the start
    code: int | None = None  # how the run ended that was killed
    hit: bool = False  # was there still somebody to kill?
    again: int | None = None  # how the same command ended
    went_on: list[str] = field(default_factory=list)  # what the trials say of it
    lost: list[str] = field(default_factory=list)  # finished trials that were trained again
    different: str = ""
    tracebacks: int = 0


class Run:
    """`bench run` on a small plan, in a group of processes of its own."""

    def __init__(self, root: Path, jobs: int, *more: str) -> None:
        self.root, self.log = root, root.with_suffix(".log")
        command = [sys.executable, "-m", "tests.soak.small_bench", "run", *ARGUMENTS, *more]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--jobs", str(jobs), "--out", str(root)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.began = time.monotonic()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        return self._process.poll()

    def ended(self) -> int:
        """How it ended; waits for it."""
        return self._process.wait(LONGEST)

    def wait(self) -> int:
        """As `ended`, and then nobody of its group lives on."""
        try:
            return self.ended()
        finally:
            self.end()

    def kill(self, whom: str, number: int) -> bool:
        """Send a signal; False where there is nobody left to get it."""
        pids = self.workers() if whom == "worker" else [self._process.pid]
        try:
            if whom == "group":
                os.killpg(self._process.pid, number)
            for pid in pids:
                os.kill(pid, number)
        except ProcessLookupError:
            return False
        return bool(pids)

    def workers(self) -> list[int]:
        """The processes that train, without those that only help."""
        pid = self._process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            lines = {int(c): Path(f"/proc/{c}/cmdline").read_bytes() for c in children}
        except OSError:
            return []
        return [child for child, line in lines.items() if b"spawn_main" in line]

    def end(self) -> None:
        """Nobody of the group lives on."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def kills(
    folder: Path, count: int, seed: int, say: Callable[[str], None], *more: str
) -> Iterator[Kill]:
    """So many killed runs, with `more` options, each in a folder of its own till it ends well."""
    rng, whole, took = random.Random(seed), folder / "whole", 0.0
    run = Run(whole, 1, *more)
    assert run.wait() == 0, run.log.read_text()
    took = time.monotonic() - run.began
    say(f"an undisturbed run takes {took:.0f} s")
    number = 0
    while number < count:
        root = folder / f"{number}"
        kill = killed(root, drawn(rng, took), rng, *more)
        if not kill.hit:  # it had ended before its moment came: that is no kill
            shutil.rmtree(root)
            continue
        number += 1
        gone_on(root, kill, whole, *more)
        if not (kill.lost or kill.different or kill.tracebacks):
            shutil.rmtree(root)
        yield kill


def drawn(rng: random.Random, took: float) -> Kill:
    jobs = rng.choice([1, 2])
    whom = rng.choice(["group", "parent", "worker"] if jobs > 1 else ["group", "parent"])
    name = "SIGKILL" if whom == "worker" else rng.choice(["SIGKILL", "SIGKILL", "SIGTERM"])
    clock = f"{rng.uniform(0.2, 1) * took:.2f} s"
    return Kill(jobs, whom, name, rng.choice([clock, *rng.choices(list(EVENTS), k=2)]))


def killed(root: Path, kill: Kill, rng: random.Random, *more: str) -> Kill:
    """Start a run and kill it at its moment; `kill` is told what came of it."""
    run = Run(root, kill.jobs, *more)
    try:
        if kill.moment.endswith(" s"):
            time.sleep(float(kill.moment.split()[0]))
        else:
            await_event(run, kill.moment, rng.randint(1, EVENTS[kill.moment]))
            time.sleep(rng.choice([0, rng.uniform(0, 0.05)]))
        kill.seconds = round(time.monotonic() - run.began, 2)
        while kill.whom == "worker" and run.code is None and not run.workers():
            time.sleep(LOOK)  # they are not there yet
        kill.hit = run.code is None and run.kill(kill.whom, getattr(signal, kill.signal))
        # Workers end by themselves when their parent is gone: the same command may come at once.
        kill.code = run.ended()
    finally:
        if kill.whom != "parent":
            run.end()
    return kill


def await_event(run: Run, pattern: str, times: int) -> None:
    """Wait until files of that name have been written so often, or the run has ended."""
    seen: dict[Path, int] = {}
    deadline = time.monotonic() + LONGEST
    while run.code is None and time.monotonic() < deadline:
        for path in run.root.rglob(pattern):
            try:
                now = path.stat().st_mtime_ns
            except OSError:
                continue
            times -= seen.get(path) != now
            seen[path] = now
        if times <= 0:
            return
        time.sleep(LOOK)


def gone_on(root: Path, kill: Kill, whole: Path, *more: str) -> None:
    """Give the same command again, and compare what it leaves."""
    done = {path: path.read_bytes() for path in root.rglob("curves.parquet") if finished(path)}
    run = Run(root, kill.jobs, *more)
    kill.again = run.wait()
    text = run.log.read_text(errors="replace")
    kill.tracebacks = text.count("Traceback") + text.count("terminate called")
    kill.went_on = re.findall(r"(?:went on from [\d,]+ images|started anew)", text)
    kill.lost = [str(p.relative_to(root)) for p, old in done.items() if p.read_bytes() != old]
    try:
        assert_equal(root, whole)
        assert kill.again == 0, f"the same command ended with {kill.again}"
    except AssertionError as error:
        kill.different = f"{error}".strip()[:2000] or "different"


def finished(path: Path) -> bool:
    try:
        return read_json(path.with_name("status.json")).get("status") == "finished"
    except ValueError:
        return False


def assert_equal(root: Path, whole: Path) -> None:
    """Two folders of the same command agree in every bit that no clock decides."""
    for trial in sorted(whole.glob("trials/*/*/*")):
        assert_same(root / trial.relative_to(whole), trial)
        facts = [finished_facts(folder / trial.relative_to(whole)) for folder in (root, whole)]
        assert facts[0] == facts[1], trial
    assert (root / "experiment.toml").read_bytes() == (whole / "experiment.toml").read_bytes()
    one, two = Results(root), Results(whole)
    pd.testing.assert_frame_equal(one.scale, two.scale, check_exact=True)
    assert one.damaged == []
    assert damaged(root) == []
    assert [p.name for p in sorted(root.iterdir())] == [p.name for p in sorted(whole.iterdir())]
    assert not list(root.rglob("*.tmp"))


def finished_facts(folder: Path) -> dict[str, object]:
    """The facts of a finished trial that no clock, and no interruption, decides."""
    facts = read_json(folder / "status.json")
    ends = ("seconds", "peak_memory_bytes", "resumed", "attempts", "failures")
    return {name: value for name, value in facts.items() if not name.endswith(ends)}
