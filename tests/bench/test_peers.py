"""Results as other programs have them, read back by these programs, or from their files."""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.errors import InputError
from bench.report.benchopt import benchopt, write_benchopt
from bench.report.mlflow import write_mlflow
from bench.report.peers import PEERS
from bench.report.wandb import write_wandb

from .fake_results import MAIN, SECOND, fake

ROOT = Path(__file__).parents[2]
OTHER = SECOND.partition(":")[0]


@pytest.fixture
def results(tmp_path: Path) -> Any:
    folder = tmp_path / "r"
    folder.mkdir()
    made = fake(folder, ("gan", "wgan"), 2, diverged=(("wgan", 1),), rows=5, pictures=True)
    made.trials["status"] = ["finished", "finished", "finished", "diverged"]
    return made


def test_benchopt_has_its_columns_and_the_reported_number() -> None:
    published = bench.load(ROOT / "results" / "reference-mnist5k")
    table = published.to_benchopt()
    documented = {"objective_name", "solver_name", "data_name", "time", "stop_val", "idx_rep"}
    documented |= {"sampling_strategy", "objective_value", "env_OMP_NUM_THREADS", "platform"}
    assert documented <= set(table)
    assert not table.duplicated(["data_name", "solver_name", "idx_rep", "stop_val"]).any()
    ends = table[table["stop_val"] == 256_000].groupby("solver_name")["objective_value"].mean()
    reported = published.summary.set_index("model")["fid_mean"]
    pd.testing.assert_series_equal(ends[reported.index], reported, check_names=False)
    assert table.query("solver_name == 'wgangp'")["p_solver_penalty"].unique().tolist() == [10.0]
    assert table.query("solver_name == 'gan'")["p_solver_penalty"].isna().all()
    assert "objective_fid@digits-lenet-2" in table
    assert table["objective_name"].str.contains("digits-lenet:", regex=False).all()
    assert not [name for name in table if name.startswith("objective_class_share")]


def test_benchopt_is_one_parquet_file(results: Any) -> None:
    path = write_benchopt(results)
    assert path == results.path / "benchopt.parquet"
    found = pd.read_parquet(path)
    pd.testing.assert_frame_equal(found, benchopt(results), check_dtype=False)
    rows = results.evaluations.query("model == 'gan' and seed == 1 and metric == 'kid'")
    own = found.query("solver_name == 'gan' and idx_rep == 1")
    assert own["objective_kid"].tolist() == rows["value"].tolist()
    assert own["time"].tolist() == rows["seconds"].tolist()
    assert own["stop_val"].tolist() == rows["images"].tolist()


def test_benchopt_of_points() -> None:
    published = bench.load(ROOT / "results" / "reference-ring8")
    ends = published.to_benchopt().query("stop_val == stop_val.max()")
    assert sorted(ends["objective_value"]) == sorted(published.final("emd")["value"])


def test_what_is_missing_or_unknown_is_one_line(
    results: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, write in (("mlflow", write_mlflow), ("wandb", write_wandb)):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(InputError, match=f"needs a package: pip install {name}"):
            write(results)
        assert not (results.path / name).exists()
    said = CliRunner().invoke(main, ["convert", "results/reference-ring8", "benchopts"])
    assert said.exit_code == 2
    assert "did you mean 'benchopt'" in said.stderr
    assert all(name in CliRunner().invoke(main, ["convert", "-h"]).output for name in PEERS)


@pytest.mark.slow
def test_mlflow_reads_back_what_was_recorded(results: Any) -> None:
    mlflow = pytest.importorskip("mlflow")
    for name in ("sqlalchemy", "alembic"):
        pytest.importorskip(name)
    write_mlflow(results)
    folder = write_mlflow(results)  # again: no second run of a trial
    client = mlflow.tracking.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = (e for e in client.search_experiments() if e.name != "Default")
    runs = client.search_runs([experiment.experiment_id])
    found = {run.info.run_name: run for run in runs}
    assert sorted(found) == ["gan s0", "gan s1", "wgan s0", "wgan s1"]
    assert found["wgan s1"].info.status == "FAILED"
    run = found["gan s1"]
    assert run.info.status == "FINISHED"
    assert run.data.params == {"lr": "0.0002", "seed": "1"}
    rows = results.curves.query("model == 'gan' and seed == 1 and metric == 'loss/generator'")
    history = client.get_metric_history(run.info.run_id, "loss/generator")
    history = sorted(history, key=lambda metric: metric.step)
    assert [metric.step for metric in history] == rows["images"].tolist()
    assert [metric.value for metric in history] == rows["value"].tolist()
    assert history[-1].timestamp == round(1000 * rows["seconds"].iloc[-1])
    fid = results.evaluations.query("model == 'gan' and seed == 1 and metric == 'fid'")
    last = {name: fid.loc[fid["features"] == name, "value"].iloc[-1] for name in (MAIN, SECOND)}
    assert run.data.metrics["evaluation/fid"] == last[MAIN]
    assert run.data.metrics[f"evaluation/fid {OTHER}"] == last[SECOND]
    pictured = client.list_artifacts(found["gan s0"].info.run_id, "samples")
    names = [path.name for path in results.samples("gan", "mnist5k", 0).values()]
    assert [Path(picture.path).name for picture in pictured] == names


@pytest.mark.slow
def test_wandb_keeps_what_was_recorded(results: Any) -> None:
    pytest.importorskip("wandb")
    write_wandb(results)
    folder = write_wandb(results)
    assert all(path.name.startswith("offline-run-") for path in folder.iterdir())
    runs = {}
    for path in folder.glob("*/*.wandb"):
        records = list(wandb_records(path.read_bytes()))
        (told,) = (record.run for record in records if record.WhichOneof("record_type") == "run")
        runs[told.display_name] = told, [r.history for r in records if r.HasField("history")]
    assert sorted(runs) == ["gan s0", "gan s1", "wgan s0", "wgan s1"]
    told, history = runs["gan s1"]
    assert told.project == "r"
    assert {item.key: item.value_json for item in told.config.update}["lr"] == "0.0002"
    values: dict[int, float] = {}
    for row in history:
        for item in row.item:
            if (item.key or item.nested_key[0]) == "loss/generator":
                values[row.step.num] = float(item.value_json)
    rows = results.curves.query("model == 'gan' and seed == 1 and metric == 'loss/generator'")
    assert list(values) == rows["images"].tolist()
    assert list(values.values()) == pytest.approx(rows["value"].tolist())


def wandb_records(content: bytes) -> Iterator[Any]:
    """The records of a .wandb file: LevelDB's log format, after a header of 7 bytes.

    Blocks of 32 KiB hold parts: crc (4 bytes), length (2), type (1: whole, 2: first, 3: middle,
    4: last), data; what is left of a block that a header does not fit into is empty.
    """
    from wandb.proto import wandb_internal_pb2 as protocol

    assert content.startswith(b":W&B")
    at, begun = 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        begun += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            record = protocol.Record()
            record.ParseFromString(begun)
            begun = b""
            yield record
