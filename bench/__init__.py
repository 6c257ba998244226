"""Trains GANs under matched seeds, measures them, and tests whether their differences are real.

    results = bench.run(models="dcgan,wgangp", images="64k", seeds=3, out="results/first")
    results.final("fid")                     # as in the summary, a row a trial
    results.plot("quality")                  # any figure of the page
    results.verdicts                         # which pairs are told apart

`bench.run` takes the options of `bench run`, `bench.compare` those of `bench compare`, and
`bench.load("results/NAME")` reads what a run has left. Wrong input raises `bench.InputError`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api.compare import compare
    from .api.results import Results, load
    from .api.run import run
    from .errors import InputError

__all__ = ["InputError", "Results", "__version__", "compare", "load", "run"]
__version__ = "0.1.0"
# Imported when they are first used, so that `import bench` needs neither torch nor pandas.
_WHERE = {
    "run": ".api.run",
    "compare": ".api.compare",
    "load": ".api.results",
    "Results": ".api.results",
    "InputError": ".errors",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "import_module"})
