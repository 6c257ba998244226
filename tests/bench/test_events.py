"""Event files for TensorBoard: what its own reader finds in them, and what is said without it."""

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import InputError
from bench.report.tensorboard import require_package, write_events

from .fake_results import SECOND, fake

pytestmark = pytest.mark.usefixtures("few_figures")


def test_its_absence_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(InputError, match="needs a package: pip install tensorboard"):
        require_package()
    for command in ("run", "report"):  # said before anything is trained or rebuilt
        where = ["--out", str(tmp_path)] if command == "run" else [str(tmp_path)]
        result = CliRunner().invoke(main, [command, *where, "--tensorboard"])
        assert result.exit_code == 2
        assert result.stderr == "bench: --tensorboard needs a package: pip install tensorboard\n"
    assert not list(tmp_path.iterdir())


def test_tensorboard_reads_back_what_was_recorded(tmp_path: Path) -> None:
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    results = fake(tmp_path, ("gan", "wgan"), 2, diverged=(("wgan", 1),), rows=5, pictures=True)
    root = write_events(results)
    write_events(results)  # again: no second file that would double each curve
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert [name.rpartition("/")[0] for name in found] == [
        f"mnist5k/{model}/s{seed}" for model in ("gan", "wgan") for seed in (0, 1)
    ]
    events = reading.EventAccumulator(str(root / "mnist5k" / "gan" / "s0"), {"images": 0})
    events.Reload()
    tags = events.Tags()
    own = results.curves.query("model == 'gan' and seed == 0 and metric == 'loss/generator'")
    scalars = events.Scalars("loss/generator")
    assert [event.step for event in scalars] == own["images"].tolist()
    values = np.array([event.value for event in scalars])
    assert values == pytest.approx(own["value"].to_numpy(), rel=1e-6)
    assert [event.wall_time for event in scalars] == pytest.approx(own["seconds"].tolist())
    second = f"evaluation/fid ({SECOND.partition(':')[0]})"
    assert {"evaluation/fid", "evaluation/kid", second} <= set(tags["scalars"])
    pictures = results.samples("gan", "mnist5k", 0)
    images = events.Images("samples")
    assert [image.step for image in images] == list(pictures)
    assert images[-1].encoded_image_string == pictures[images[-1].step].read_bytes()
    assert (images[0].width, images[0].height) == (302, 122)
