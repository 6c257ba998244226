"""What a chart of the page shows, as JSON for its script: rows in, lists of numbers out.

The report and the live page draw the same charts, from rows that each reads in its own way. A chart
is a dict:

kind      "lines" (panels of curves) or "rows" (a row a model or pair, along one value)
title     in words; note: what lines, bands and dots are
lines     clocks: name -> words, of the x-axes it can have; y: words; log: of the y-axis;
          panels: title, lines (model, seed or mean of n, x by clock, y), levels (name, value)
rows      x: words; rows: name, models, dots (seed, value), mid, low, high, told, verdict, text;
          one: the value of no difference

Of many trials, the seeds of each model that are drawn are `shown`; means are over all.

Imports nothing heavy, so that a page can be shown beside a training.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Chart = dict[str, Any]
Numbers = NDArray[np.float64]
POINTS = 100  # the most of a line: more would not be seen
BUDGET = 6000  # points of a chart, about
LINES = 120  # seeds' lines of a chart, about: more would be a grey field
LOSSES = {"loss/discriminator": "discriminator", "loss/generator": "generator"}
NORMS = ("grad_norm/discriminator", "grad_norm/generator")
CLOCKS = {
    "images": "real {unit} shown to the discriminator",
    "generator_steps": "generator steps",
    "seconds": "seconds of training",
}


class Curve(NamedTuple):
    """What one trial recorded of one metric, in the order of training; arrays of equal length."""

    model: str
    seed: int
    metric: str
    status: str
    clocks: dict[str, Numbers]  # of CLOCKS
    values: Numbers


class Level(NamedTuple):
    """A value to compare a curve with."""

    name: str
    value: float


def through_training(
    curves: Sequence[Curve],
    models: Sequence[str],
    unit: str,
    y: str,
    levels: Iterable[Level] = (),
) -> Chart:
    """One metric of all models on a log scale, against each clock: seeds, mean, range of seeds."""
    fit, lines = Fit.of(curves), []
    for model in models:
        own = [curve for curve in curves if curve.model == model]
        lines += fit.lines(own, CLOCKS)
    marks = [{"name": level.name, "value": rounded(level.value)} for level in levels]
    clocks = {name: words.format(unit=unit) for name, words in CLOCKS.items()}
    panel = {"title": "", "lines": lines, "levels": marks}
    return {"kind": "lines", "clocks": clocks, "y": y, "log": True, "panels": [panel]} | fit.told


def by_model(
    curves: Sequence[Curve], models: Sequence[str], unit: str, y: str, names: dict[str, str]
) -> Chart:
    """Two metrics in a panel a model; names: metric -> words, the first in ink."""
    fit, panels = Fit.of(curves), []
    for model in models:
        lines: list[Chart] = []
        for metric, name in names.items():
            own = [c for c in curves if (c.model, c.metric) == (model, metric)]
            found = fit.lines(own, ("images",))
            ink = metric == next(iter(names))
            lines += [line | {"name": name} | ({"ink": True} if ink else {}) for line in found]
        panels.append({"title": model, "lines": lines, "levels": [], "zero": True})
    chart = _against_images(panels, unit, y, log=False) | {"names": list(names.values())}
    return chart | fit.told


def by_network(curves: Sequence[Curve], models: Sequence[str], unit: str, y: str) -> Chart:
    """One metric of both networks on a log scale, a panel a network."""
    fit, panels = Fit.of(curves), []
    for network in ("discriminator", "generator"):
        lines: list[Chart] = []
        for model in models:
            own = [c for c in curves if c.model == model and c.metric.endswith(f"/{network}")]
            own = [_part(curve, curve.values > 0) for curve in own]
            lines += fit.lines(own, ("images",), logarithmic=True)
        panels.append({"title": network, "lines": lines, "levels": []})
    return _against_images(panels, unit, y, log=True) | fit.told


def pair_rows(pairs: Iterable[dict[str, Any]], title: str) -> Chart:
    """A row a pair: model_a, model_b, ratio, ratio_low, ratio_high, told, verdict, text."""
    rows = []
    for pair in pairs:
        models = [str(pair["model_a"]), str(pair["model_b"])]
        rows.append(
            {
                "name": " / ".join(models),
                "models": models,
                "dots": [],
                "mid": rounded(pair["ratio"]),
                "low": rounded(pair["ratio_low"]),
                "high": rounded(pair["ratio_high"]),
                "told": pair["told"] or "open",
                "verdict": pair["verdict"],
                "text": pair["text"],
            }
        )
    x = f"{title} of the first / {title} of the second (log scale; below 1 the first is better)"
    return {"kind": "rows", "x": x, "one": 1, "rows": rows}


def rounded(value: object, digits: int = 5) -> float | int | None:
    """A number in few bytes; None where there is none, or none that is finite."""
    if value is None or isinstance(value, str) or not math.isfinite(float(value)):  # type: ignore[arg-type]
        return None
    number = float(f"{float(value):.{digits}g}")  # type: ignore[arg-type]
    return int(number) if number.is_integer() and abs(number) < 1e9 else number


def _against_images(panels: list[Chart], unit: str, y: str, log: bool) -> Chart:
    clocks = {"images": f"real {unit} shown"}
    return {"kind": "lines", "clocks": clocks, "y": y, "log": log, "panels": panels}


def _part(curve: Curve, kept: NDArray[Any]) -> Curve:
    clocks = {name: places[kept] for name, places in curve.clocks.items()}
    return curve._replace(clocks=clocks, values=curve.values[kept])


def thinned(curve: Curve, most: int = POINTS) -> Curve:
    """The curve's finite values as the means of at most `most` equal bins."""
    curve = _part(curve, np.isfinite(curve.values))
    if len(curve.values) <= most:
        return curve
    clocks = {name: _in_bins(places, most) for name, places in curve.clocks.items()}
    for name, places in curve.clocks.items():
        clocks[name][-1] = places[-1]  # a reader looks at where a line ends
    return curve._replace(clocks=clocks, values=_in_bins(curve.values, most))


def _in_bins(column: Numbers, most: int) -> Numbers:
    bins = np.arange(len(column)) * most // len(column)
    return np.asarray(np.bincount(bins, column) / np.bincount(bins), float)


class Fit(NamedTuple):
    """How much of the curves a chart has room for: points of a line, and seeds of a model."""

    points: int
    seeds: int | None  # None: all

    @classmethod
    def of(cls, curves: Sequence[Curve]) -> "Fit":
        """Of all the curves of a chart."""
        models, n = len({curve.model for curve in curves}), len(curves)
        metrics = len({curve.metric for curve in curves})
        seeds = max(1, LINES // max(models * metrics, 1)) if n > LINES else None
        return cls(int(np.clip(BUDGET // max(min(n, LINES), 1), 25, POINTS)), seeds)

    @property
    def told(self) -> Chart:
        return {} if self.seeds is None else {"shown": self.seeds}

    def lines(
        self, curves: list[Curve], clocks: Iterable[str], logarithmic: bool = False
    ) -> list[Chart]:
        """A line a seed, as far as there is room, and that of their mean."""
        seeds = [_line(curve, clocks, self.points) for curve in curves[: self.seeds]]
        return [*seeds, *_mean(curves, clocks, self.points, logarithmic)]


def _line(curve: Curve, clocks: Iterable[str], most: int) -> Chart:
    """A trial's line, its points the means of equal bins."""
    curve = thinned(curve, most)
    line = {"model": curve.model, "seed": curve.seed}
    if curve.status != "finished":
        line |= {"end": curve.status}
    return line | _points({name: curve.clocks[name] for name in clocks}, y=curve.values)


def _mean(curves: list[Curve], clocks: Iterable[str], most: int, logarithmic: bool) -> list[Chart]:
    """The mean of finished seeds where all of them have a value, and their range: a line or none.

    logarithmic: the geometric mean, of positive values.
    """
    done = [_part(c, np.isfinite(c.values)) for c in curves if c.status == "finished"]
    done = [curve for curve in done if len(curve.values)]
    if not done:
        return []
    common = done[0].clocks["images"]
    for curve in done[1:]:
        common = np.intersect1d(common, curve.clocks["images"])
    at = [_part(curve, np.isin(curve.clocks["images"], common)) for curve in done]
    values = np.stack([curve.values for curve in at])
    found: dict[str, Numbers] = {
        "y": np.exp(np.log(values).mean(0)) if logarithmic else values.mean(0)
    }
    if len(done) > 1:
        found |= {"low": values.min(0), "high": values.max(0)}
    x = {name: np.stack([curve.clocks[name] for curve in at]).mean(0) for name in clocks}
    if len(common) > most:
        x = {n: np.append(_in_bins(places, most)[:-1], places[-1]) for n, places in x.items()}
        found = {name: _in_bins(column, most) for name, column in found.items()}
    return [{"model": done[0].model, "mean": len(done)} | _points(x, **found)]


def _points(x: dict[str, Numbers], **y: Numbers) -> Chart:
    """The x of each clock and the columns of y, in few bytes."""
    digits = {clock: 4 if clock == "seconds" else 7 for clock in x}
    places = {clock: [rounded(v, digits[clock]) for v in column] for clock, column in x.items()}
    return {"x": places} | {name: [rounded(v) for v in column] for name, column in y.items()}
