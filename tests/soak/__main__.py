"""`make soak`: long trials of what `make test` tries in short; what was tried goes into a JSON.

python -m tests.soak --kills 100 --damages 20 --plans 3000 --starts 100
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench.files import write_json

from . import damage, kill, plans, starts

Tried = dict[str, Any]
Keep = Callable[[Tried], None]  # writes down what was tried so far


def kills(folder: Path, count: int, seed: int, keep: Keep) -> Tried:
    tried: Tried = {"tried": 0, "lost": 0, "different": 0, "tracebacks": 0, "each": []}
    for one in kill.kills(folder, count, seed, say):
        tried["each"].append(asdict(one))
        tried["tried"] += 1
        tried["lost"] += bool(one.lost)
        tried["different"] += bool(one.different)
        tried["tracebacks"] += one.tracebacks
        keep(tried)
        what = f"jobs {one.jobs}, {one.signal} to the {one.whom} at {one.moment}"
        told = {k: v for k, v in tried.items() if k != "each"}
        say(f"{tried['tried']}/{count}: {what}: {one.different or 'the same bits'}; {told}")
    return tried


def damages(folder: Path, rounds: int, seed: int, keep: Keep) -> Tried:
    root = folder / "small"
    run = kill.Run(root, 1)
    assert run.wait() == 0, run.log.read_text()
    found = damage.campaign(root, folder / "copy", seed, rounds)
    tried = {name: sum(kind[name] for kind in found.values()) for name in ("tried", "unnamed")}
    say(f"damages: {tried}")
    return tried | {"each": found}


def mutated_plans(folder: Path, count: int, seed: int, keep: Keep) -> Tried:
    found = plans.campaign(folder / "mutated.toml", seed, count)
    say(f"plans: {dict(found)}")
    return dict(found)


def ends(folder: Path, count: int, seed: int, keep: Keep) -> Tried:
    found = starts.campaign(folder / "nothing", count, say)
    say(f"starts: {dict(found)}")
    return dict(found)


CAMPAIGNS: dict[str, Callable[[Path, int, int, Keep], Tried]] = {
    "kills": kills,
    "damages": damages,
    "plans": mutated_plans,
    "starts": ends,
}


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    for name in CAMPAIGNS:
        parser.add_argument(f"--{name}", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("soak.json"))
    asked = vars(parser.parse_args())
    tried: Tried = {}
    facts = {"date": time.strftime("%F"), "seed": asked["seed"]}

    def keep(name: str, what: Tried) -> None:
        tried[name] = what
        write_json(asked["out"], facts | tried)

    with tempfile.TemporaryDirectory() as folder:
        for name, campaign in CAMPAIGNS.items():
            if asked[name]:
                note = partial(keep, name)
                note(campaign(Path(folder), asked[name], asked["seed"], note))
    bad = [
        f"{what[name]} {name}"
        for what in tried.values()
        for name in ("lost", "different", "tracebacks", "unnamed", "wrong")
        if what.get(name)
    ]
    if bad:
        raise SystemExit(f"{', '.join(bad)}: see {asked['out']}")


if __name__ == "__main__":
    main()
