"""The scale is measured once a machine, and again where anything that it depends on is another."""

from pathlib import Path

import pytest

from bench.datasets import OWN_FEATURES
from bench.evaluation import scale as scales
from bench.evaluation.scale import cached_at, scale
from bench.extractors import kept
from bench.extractors.judge import Judge, judge_of


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))
    return judge_of("ring8", None, OWN_FEATURES, "cpu")


def test_a_scale_is_measured_once_and_a_damaged_one_again(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = scale(judge)
    assert {row["level"] for row in rows} == {"held-out real", "uniform square", "one mode"}
    calls: list[Judge] = []

    def counted(judge: Judge) -> list[dict[str, object]]:
        calls.append(judge)
        return rows

    monkeypatch.setattr(scales, "measured", counted)
    assert scale(judge) == rows  # every float in all its bits
    assert calls == []
    path = cached_at(judge)
    text = path.read_text().replace("uniform square", "uniform circle")
    for damage in (text, text[:-40], "[]", ""):
        path.write_text(damage)
        assert scale(judge) == rows
    assert calls == [judge] * 4


def test_other_data_code_or_machine_has_another_file(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cached_at(judge)
    assert first == cached_at(judge)
    assert first != cached_at(judge_of("grid25", None, OWN_FEATURES, "cpu"))
    monkeypatch.setattr(kept, "cpuinfo", lambda field: "another processor")
    assert first != cached_at(judge)


def test_a_cache_that_cannot_be_written_costs_nothing_else(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scales, "measured", lambda judge: [{"level": "x"}])
    (tmp_path / "cache").write_text("a file in the folder's place")
    assert scale(judge) == [{"level": "x"}]
