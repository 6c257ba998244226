"""How long a run takes on this machine, and how much disk: from trials that it has trained.

What a trial costs is kept in the cache folder when it ends, so that the next run knows it from its
start. A cost has parts that grow apart: training (images), evaluating (evaluations), and the rest
(start, last pictures).
"""

import contextlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from gan_zoo.base import GAN
from gan_zoo.streams import Streams

from ..datasets.dataset import load_dataset
from ..datasets.storage import cache_dir, digest
from ..environment import cores, cpuinfo
from ..files import read_json, write_json
from ..planning.hyperparameters import resolve
from ..planning.trial import Trial
from ..records.state import images_held, readable_facts
from ..words import duration, size

KEPT = 300  # rates in the cache: older ones go
REPORT = 15.0  # seconds of a report, until one was measured here
BYTES = 4  # of a float32
COPIES = 3  # of each weight in a checkpoint: itself and the two moments of Adam
PICTURES = 350_000  # bytes of a trial's samples and tables, measured on mnist5k
PAGE = 4_000_000  # bytes of plots and page


class Rate(NamedTuple):
    """What a trial costs, in seconds."""

    image: float  # of training, an image
    evaluation: float
    rest: float  # a trial: its start and its end

    def of(self, trial: Trial, images: int = 0) -> float:
        """A trial that has trained `images` of its budget so far."""
        evaluations = sum(point >= images for point in trial.evaluation_points)
        return (trial.images - images) * self.image + evaluations * self.evaluation + self.rest


class Forecast:
    """Learns from trials that have ended, in this run and before, what the others will take."""

    def __init__(self, root: Path, trials: Iterable[Trial]) -> None:
        self._file = rates_file()
        kept = _read(self._file)
        report = [kept.get("report")]
        self.report = report[0] if _are_numbers(report) else REPORT
        self.basis: dict[str, str] = {}  # contestant -> what its rate is known from
        self._rates: dict[str, Rate] = {}
        rates = kept.get("rates", {})
        for trial in trials:
            found = rates.get(_key(trial)) if isinstance(rates, dict) else None
            if _are_numbers(found) and len(found) == len(Rate._fields):
                self._know(trial, Rate(*found), "trials on this machine")
                continue
            facts = readable_facts(root / "trials" / trial.key / "status.json")
            if rate := _rate(trial, facts):
                self._know(trial, rate, "trials in the folder")

    def learn(self, trial: Trial, facts: Mapping[str, Any], took: float) -> None:
        """A trial ended after `took` seconds, with these facts of its status.json."""
        if rate := _rate(trial, facts, took):
            self._know(trial, rate, "trials of this run")
            _keep(self._file, "rates", _key(trial), list(rate))

    def learn_report(self, took: float) -> None:
        self.report = took
        _keep(self._file, "report", "", took)

    def seconds(
        self, trials: Iterable[Trial], done: Mapping[str, Mapping[str, Any]], jobs: int
    ) -> float | None:
        """What trials that have not ended take with the report; None if no rate is known yet.

        `done` has the progress.json of those that run.
        """
        waiting = list(trials)
        now = {t.key: self._by_progress(t, done.get(t.key, {})) for t in waiting}
        known = [*self._rates.values(), *filter(None, now.values())]
        if waiting and not known:
            return None
        parts = (sum(part) / len(known) for part in zip(*known, strict=True))
        mean = Rate(*parts) if known else Rate(0, 0, 0)
        each = [
            (self._rates.get(_name(t)) or now[t.key] or mean).of(
                t, int(done.get(t.key, {}).get("images", 0))
            )
            for t in waiting
        ]
        return max(sum(each) / jobs, max(each, default=0)) + self.report

    def _by_progress(self, trial: Trial, progress: Mapping[str, Any]) -> Rate | None:
        """The rate of a running trial, from what it has told so far."""
        images_per_second = progress.get("images_per_second", 0)
        if not images_per_second:
            return None
        points = sum(point < progress.get("images", 0) for point in trial.evaluation_points)
        evaluating = progress.get("evaluating_seconds", 0) / max(1, points)
        return Rate(1 / images_per_second, evaluating, evaluating)

    def _know(self, trial: Trial, rate: Rate, basis: str) -> None:
        self._rates[_name(trial)], self.basis[_name(trial)] = rate, basis


def _rate(trial: Trial, facts: Mapping[str, Any], took: float | None = None) -> Rate | None:
    """The rate that a finished trial shows; None for one that has not, or not in one piece."""
    if facts.get("status") != "finished" or facts.get("resumed") or not facts.get("images"):
        return None
    training, evaluating = facts["seconds"], facts.get("evaluating_seconds", 0.0)
    training += facts.get("probing_seconds", 0.0)
    points = len(trial.evaluation_points)
    # Of a trial of another run the start is not recorded: it takes about two evaluations.
    rest = 2 * evaluating / points if took is None else max(0.0, took - training - evaluating)
    return Rate(training / facts["images"], evaluating / points, rest)


def expected(root: Path, trials: list[Trial], todo: list[Trial], jobs: int) -> list[str]:
    """Lines for a dry run: the duration, the disk, and what they are known from."""
    forecast = Forecast(root, trials)
    labels = {_name(trial): trial.label for trial in todo}
    known = {name: forecast.basis[name] for name in labels if name in forecast.basis}
    done = {t.key: {"images": images_held(root / "trials" / t.key)} for t in todo}
    seconds = forecast.seconds(todo, done, jobs) if known else None
    lines = []
    if todo and seconds is None:
        names = ", ".join(dict.fromkeys(labels.values()))
        lines.append(f"how long it takes is not known: no trial of {names} has finished here yet")
    elif todo and seconds is not None:
        by = " and ".join(dict.fromkeys(known.values()))
        guessed = ", ".join(dict.fromkeys(labels[name] for name in labels if name not in known))
        rest = f"; of {guessed} none, so the mean of the others is taken" * bool(guessed)
        lines.append(f"about {duration(seconds)} with the report, by earlier {by}{rest}")
    return [*lines, *disk(root, todo, jobs)]


def disk(root: Path, todo: list[Trial], jobs: int) -> list[str]:
    """What the trials will leave on the disk, and whether it has the room."""
    sizes = [found for trial in todo if (found := parameters(trial))]
    if not sizes:
        return []
    checkpoints = [COPIES * BYTES * sum(one) for one in sizes]
    whole = sum(checkpoints) + PAGE
    whole += sum(BYTES * generator + PICTURES for generator, _ in sizes)
    place = next(path for path in (root, *root.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    at_once = jobs * max(checkpoints)  # a second checkpoint while a trial runs
    lines = [
        f"about {size(whole)} of disk, of it {size(sum(checkpoints))} checkpoints, which only a "
        f"larger budget needs (`bench clean` removes them); {size(free)} are free"
    ]
    if whole + at_once > free:
        lines.append(f"note: the disk is too small: {size(whole + at_once)} are needed")
    return lines


def parameters(trial: Trial) -> tuple[int, int] | None:
    """Parameters of a trial's generator and of its other networks; None if it cannot be built."""
    try:
        kind, config = resolve(trial.label, trial.model, None, trial.config)
        spec = load_dataset(trial.source, trial.size).spec
        model: GAN = kind(spec, config, Streams(0, "meta"), "meta")
    except Exception:  # whatever a user's model raises: other lines say so
        return None
    counts = {p: sum(w.numel() for w in model.network_of(p).parameters()) for p in model.players}
    generator = counts.get("generator", 0)
    return generator, sum(counts.values()) - generator


def rates_file() -> Path:
    """Where what trials cost on this machine is kept."""
    return cache_dir() / "rates.json"


def _name(trial: Trial) -> str:
    return f"{trial.dataset}/{trial.label}"


def _key(trial: Trial) -> str:
    """All that a trial's cost depends on: the machine, and its identity without seed and budget."""
    other = {"seed", "images", "evaluations", "content"}
    identity = {name: value for name, value in trial.identity.items() if name not in other}
    return digest([cpuinfo("model name"), cores(), json.dumps(identity, sort_keys=True)])


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_json(file)
    except (OSError, ValueError):  # of another version, or half a disk: it is made anew
        return {}


def _are_numbers(found: Any) -> TypeGuard[list[float]]:
    return isinstance(found, list) and all(isinstance(x, int | float) for x in found)


def _keep(file: Path, table: str, name: str, value: Any) -> None:
    """Keeps a measured value; a cache that cannot be written is no reason to stop a run."""
    kept = _read(file)
    if name:
        found = kept.get(table)
        rates = found if isinstance(found, dict) else {}
        rates.pop(name, None)
        kept[table] = dict([*rates.items(), (name, value)][-KEPT:])
    else:
        kept[table] = value
    with contextlib.suppress(OSError):
        write_json(file, kept)
