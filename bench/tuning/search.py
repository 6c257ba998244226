"""The search of one contestant: Optuna asks for configurations, and is told the rows' scores.

Its storage is the memory of the process. A search of the same space asks for the same
configurations, so the rows of a folder are all that it goes on from.

Random search: every configuration is drawn alone, so each contestant has the same chances however
many fields it has; the first k of a larger search are a search of k, which the best-of-k curve
assumes; and trials need not wait for each other. A sampler that learns, such as TPE, would give
more to the contestant whose scores it models well, and a quasi-random one spreads its points over
spaces of unlike dimension.
"""

import logging
import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from gan_zoo.config import Space
from gan_zoo.streams import Streams

from ..errors import InputError

DIGITS = 3  # significant ones of a drawn number: `--set` then gives the very same configuration


def require_package() -> None:
    """Raises InputError if optuna, an optional package, is not installed."""
    if find_spec("optuna") is None:
        raise InputError("bench tune needs a package: pip install optuna")


class Search:
    """A number of configurations drawn from the spaces of one contestant's fields."""

    def __init__(self, spaces: dict[str, Space], configs: int) -> None:
        require_package()
        import optuna  # half a second

        optuna.logging.set_verbosity(logging.WARNING)
        self._study = optuna.create_study(sampler=_matched())
        asked = {name: _distribution(space) for name, space in spaces.items()}
        self._trials = [self._study.ask(asked) for _ in range(configs)]
        self.values = [
            {name: _value(space, trial.params[name]) for name, space in spaces.items()}
            for trial in self._trials
        ]

    def best(self, scores: Sequence[float]) -> int | None:
        """The number of the configuration with the lowest score, the first of equal ones.

        scores: of all configurations in their order; inf where one was lost. None if all were.
        """
        from optuna.trial import TrialState

        for trial, score in zip(self._trials, scores, strict=True):
            if math.isfinite(score):
                self._study.tell(trial, score)
            else:
                self._study.tell(trial, state=TrialState.FAIL)
        return self._study.best_trial.number if any(map(math.isfinite, scores)) else None


def _matched() -> Any:
    from optuna.samplers import RandomSampler

    class Matched(RandomSampler):
        """Draws a value by the configuration's number and the field's name, and nothing else.

        So the k-th configurations of all contestants agree in the fields that they share.
        """

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            seed = Streams(0).seed_of(f"tune/{trial.number}/{name}") % 2**32
            return RandomSampler(seed).sample_independent(study, trial, name, distribution)

    return Matched()


def _distribution(space: Space) -> Any:
    from optuna import distributions

    if space.choices:  # Optuna's own choices are text or numbers, and ours may be pairs
        return distributions.CategoricalDistribution(range(len(space.choices)))
    if isinstance(space.low, int) and isinstance(space.high, int):
        return distributions.IntDistribution(space.low, space.high, log=space.log)
    return distributions.FloatDistribution(space.low, space.high, log=space.log)


def _value(space: Space, drawn: Any) -> Any:
    if space.choices:
        return space.choices[drawn]
    return drawn if isinstance(drawn, int) else float(f"{drawn:.{DIGITS}g}")
