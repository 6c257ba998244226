"""A metric of your own: `--metrics default,file.py:Name` or `package.module:Name`."""

from typing import Any

from . import Metric


class OwnMetric:
    """A number of samples. Extend it, say what the number means, and define `measure`.

    The first line of the docstring is the help that tables and the page show.
    """

    title: str = ""  # for axes and table heads; "": the name of the class
    better: str = "neither"  # lower, higher or neither
    scale: str = "linear"  # log: contestants are compared by ratios, and values are above 0
    once: bool = False  # is it measured only at the end of a trial?

    def measure(self, evaluation: Any) -> float:
        """The number, of a bench.evaluation.own.Evaluation: samples beside real data.

        ValueError: what cannot be measured, and why; the trial records the reason and goes on.
        """
        raise NotImplementedError


BETTER, SCALES = ("lower", "higher", "neither"), ("log", "linear")
TITLE = 40  # characters at most


def entry_of(name: str, declared: Any) -> Metric:
    """What a declaration says of the metric `name`: `declared` has title, better, scale and help.

    Raises ValueError, in one line, for what is none: it may come from a file.
    """
    found = dict(declared)
    for key, allowed in (("better", BETTER), ("scale", SCALES)):
        if found.get(key) not in allowed:
            raise ValueError(f"{name}: {key} is {' or '.join(allowed)}, not {found.get(key)!r:.80}")
    for key, most in (("title", TITLE), ("help", 400)):
        text = found.get(key)
        if not isinstance(text, str) or not text.isprintable() or not 0 < len(text) <= most:
            raise ValueError(f"{name}: {key} is a text of 1 to {most} characters, not {text!r:.80}")
    return Metric(name, found["title"], found["better"], found["help"], found["scale"])


def declaration(metric: OwnMetric) -> dict[str, str]:
    """What a metric says of itself, as a trial records it."""
    lines = (type(metric).__doc__ or "").strip().splitlines()
    title = metric.title or type(metric).__name__.lower()
    own = lines[0].rstrip(".") if lines and type(metric).__doc__ != OwnMetric.__doc__ else title
    return {"title": title, "better": metric.better, "scale": metric.scale, "help": own}
