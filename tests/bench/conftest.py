"""What several files of tests share."""

import pytest

from bench.plots import figures as plots

FEW = ("samples", "quality", "neighbours")  # drawn in every report: the rest take seconds


@pytest.fixture
def few_figures(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Reports with few figures, for tests that are about something else; `undo()` ends it."""
    monkeypatch.setattr(plots, "FIGURES", {name: plots.FIGURES[name] for name in FEW})
    return monkeypatch


@pytest.fixture(autouse=True)
def own_rates(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What trials cost here is kept apart from the user's own: tests neither read nor write it."""
    file = tmp_path_factory.getbasetemp() / "rates.json"
    monkeypatch.setattr("bench.cli.forecast.rates_file", lambda: file)
