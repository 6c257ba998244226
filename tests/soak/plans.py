"""Mutates experiment files: each is a valid plan, or is refused in one line."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from bench.cli import main
from bench.digests import toml_with_digest

PLAN = """version = 1
datasets = ["ring8"]
seeds = [0, 1]
images = 4800
batch_size = 16
evaluations = 3
samples = 4000
features = "auto"
device = "cpu"
precision = "fp32"
threads = 1
probes = "default"
accepted = [[4800, 3], [9600, 6]]

[[contestants]]
label = "gan"
model = "gan"

[contestants.values]
width = 4
learning_rate = 2e-4

[[contestants]]
label = "soft"
model = "wgangp"
preset = "paper"

[contestants.values]
penalty = 1.0
"""
VALUES = (
    *("1", "64", "0.5", '"gan"', '"mlp"', '["ring8"]', "[1]", '"all"', "nan", "inf", "-1", "0"),
    *("1e400", "9" * 400, "true", '""', "[]", "{}", "[[[]]]", "'''", "[0, 0]", '"../.."'),
    *('"\\u0000"', '"\\u001b[2J"', "1979-05-27", "07:32:00", "0xff", "1_000", '"cuda"'),
    *('"x.py:Y"', '"json:JSONDecoder"', '"folder:/dev/null"', '"inception:/dev/zero"'),
)
Mutation = Callable[[str, random.Random], str]


def value_replaced(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at = rng.choice([i for i, line in enumerate(lines) if " = " in line] or [0])
    lines[at] = f"{lines[at].partition(' = ')[0]} = {rng.choice(VALUES)}"
    return "\n".join(lines)


def line_gone(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def line_twice(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return "\n".join(lines)


def cut_off(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text) + 1)]


def letters_changed(text: str, rng: random.Random) -> str:
    letters = list(text)
    for _ in range(rng.randint(1, 4)):
        letters[rng.randrange(len(letters))] = chr(rng.choice([rng.randrange(1, 128), 0x202E, 233]))
    return "".join(letters)


def part_moved(text: str, rng: random.Random) -> str:
    first, last = sorted(rng.choices(range(len(text) + 1), k=2))
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[first:last] + text[at:]


MUTATIONS: tuple[Mutation, ...] = (
    *(value_replaced, value_replaced, value_replaced, line_gone, line_twice),
    *(cut_off, letters_changed, part_moved),
)


def mutated(rng: random.Random) -> bytes:
    """An experiment file after one to three mutations, or bits of it flipped."""
    text = PLAN
    for _ in range(rng.choice([1, 1, 2, 3])):
        text = rng.choice(MUTATIONS)(text or PLAN, rng)
    content = bytearray((toml_with_digest(text) if rng.random() < 0.1 else text).encode())
    if content and rng.random() < 0.1:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def campaign(path: Path, seed: int, count: int) -> Counter[str]:
    """How many were tried, were plans, and were refused. Raises AssertionError for any other."""
    found, rng = Counter(tried=0, plans=0, refused=0), random.Random(seed)
    for _ in range(count):
        content = mutated(rng)
        path.write_bytes(content)
        arguments = ["run", str(path), "--dry-run", "--jobs", "1", "--out", str(path) + "-results"]
        result = CliRunner().invoke(main, arguments, catch_exceptions=True)
        found["tried"] += 1
        found["plans" if result.exit_code == 0 else "refused"] += 1
        assert well_ended(result.exit_code, result.stdout, result.stderr), (content, result)
    return found


def well_ended(code: int, out: str, err: str) -> bool:
    """A plan, or one printable line and exit code 2."""
    if code == 0:
        return "trials:" in out and "Traceback" not in out + err
    one_line = err.startswith("bench: ") and err.count("\n") == 1 and err[:-1].isprintable()
    return code == 2 and one_line
