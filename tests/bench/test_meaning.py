"""What `bench interpolate` says of its table, and a generator that has learnt nothing."""

import pytest

pytest.importorskip("torch")

from bench.generators.printed_tables import meaning, smoothness_lines
from bench.generators.smoothness import Row
from bench.tables.protocol import to_untrained

from .fake_results import fake


def rows(path: float, faded: float, wide: float = 0.1) -> list[Row]:
    """The halfway distance of a path and of a cross-fade of its ends, with intervals."""
    values = {"spherical": path, "its ends faded": faded}
    names = ("detour", "largest step", "off data, ends", "off data, halfway")
    return [
        Row(way, "features", name, value, value - wide, value + wide, 64)
        for way, value in values.items()
        for name in names
    ]


@pytest.mark.parametrize(
    ("path", "faded", "told"),
    [
        (1.2, 1.8, "nearer to real images than a cross-fade"),
        (1.8, 1.2, "farther from real images than a cross-fade"),
        (1.72, 1.83, "no nearer to real images than a cross-fade of its ends, as far as"),
    ],
)
def test_the_table_ends_with_what_it_means(path, faded, told):
    last = smoothness_lines(rows(path, faded))[-1]
    assert last.startswith("So: halfway, the spherical path is ")
    assert told in last
    assert f"({path:.2f} and {faded:.2f})" in last


def test_points_have_no_images_to_be_near_to():
    one = Row("linear", "plane", "largest step", 9.0, 7.0, 11.0, 64)
    assert meaning([one]) == (
        "So: the largest step of the linear path is 9.0 mean steps: it jumps between modes."
    )


def test_a_generator_is_compared_with_its_own_untrained_network(tmp_path):
    results = fake(tmp_path, ("gan",), 1, (), rows=4)
    fid = results.evaluations["metric"] == "fid"
    results.evaluations.loc[fid & (results.evaluations["images"] == 0), "value"] = 80.0
    last = results.evaluations["images"] == results.evaluations["images"].max()
    results.evaluations.loc[fid & last, "value"] = 76.0
    assert to_untrained(results, "mnist5k", "gan", 0) == pytest.approx(0.95)
