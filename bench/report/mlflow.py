"""A results folder as MLflow has it: DIR/mlflow/mlflow.db, a run a trial, and its pictures.

    mlflow ui --backend-store-uri sqlite:///DIR/mlflow/mlflow.db

Steps are images shown to the discriminator; a value's time is the seconds of training.
"""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..records.results import Results
from .tracked import Tracked, replaced, require_package, tracked

AT_ONCE = 1000  # metrics in a batch: MLflow's limit
NOT_ALLOWED = re.compile(r"[^\w\-./ ]")  # in the name of a metric
QUIET = ("mlflow.store.db.utils", "alembic.runtime.migration", "alembic")
ENDS = {"finished": "FINISHED", "running": "RUNNING", "interrupted": "KILLED"}  # others: FAILED


def write_mlflow(results: Results) -> Path:
    """Write DIR/mlflow anew; its path. Raises InputError without MLflow and its database."""
    for name, package in (("mlflow", "mlflow-skinny"), ("sqlalchemy", "sqlalchemy")):
        require_package(name, package, "MLflow's format")
    require_package("alembic", "alembic", "MLflow's format")
    folder = results.path.absolute() / "mlflow"
    with _quiet(), replaced(folder) as temporary:
        from mlflow.tracking import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{temporary / 'mlflow.db'}")
        experiments: dict[str, str] = {}
        for trial in tracked(results):
            if trial.dataset not in experiments:
                experiments[trial.dataset] = client.create_experiment(
                    f"{results.path.name}/{trial.dataset}", artifact_location=folder.as_uri()
                )
            run = _write(client, experiments[trial.dataset], trial)
            _copy(trial, temporary / run / "artifacts" / "samples")
    return folder


def _write(client: Any, experiment: str, trial: Tracked) -> str:
    """One run; its identifier."""
    from mlflow.entities import Metric, Param

    tags = {"dataset": trial.dataset, "model": trial.label, "seed": str(trial.seed)}
    run: str = client.create_run(experiment, run_name=trial.name, tags=tags).info.run_id
    metrics = [
        Metric(NOT_ALLOWED.sub("", row.metric), row.value, round(1000 * row.seconds), row.images)
        for row in trial.rows.itertuples()
    ]
    settings = [Param(name, str(value)) for name, value in trial.config.items()]
    client.log_batch(run, params=[*settings, Param("seed", str(trial.seed))])
    for start in range(0, len(metrics), AT_ONCE):
        client.log_batch(run, metrics=metrics[start : start + AT_ONCE])
    client.set_terminated(run, status=ENDS.get(trial.status, "FAILED"))
    return run


def _copy(trial: Tracked, folder: Path) -> None:
    for picture in trial.pictures.values():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, folder / picture.name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Within it, MLflow tells nobody of its use, and logs no news of its tables."""
    before = {name: logging.getLogger(name).level for name in QUIET}
    asked = os.environ.get("MLFLOW_DISABLE_TELEMETRY")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        os.environ.pop("MLFLOW_DISABLE_TELEMETRY")
        if asked is not None:
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = asked
