"""A results folder as Weights & Biases has it offline: DIR/wandb/offline-run-*, one a trial.

    wandb sync DIR/wandb/offline-run-*

sends them, if that is wanted; nothing here does. Steps are images shown to the discriminator.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from ..records.results import Results
from .tracked import Tracked, replaced, require_package, tracked


def write_wandb(results: Results) -> Path:
    """Write DIR/wandb anew; its path. Raises InputError without wandb."""
    require_package("wandb", "wandb", "the format of Weights & Biases")
    import wandb

    settings = wandb.Settings(
        silent=True,
        console="off",
        save_code=False,
        disable_git=True,
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )
    folder = results.path.absolute() / "wandb"
    with replaced(folder) as temporary:
        for trial in tracked(results):
            _write(trial, results.path.name, temporary, settings)
        wandb.teardown()
        made = temporary / "wandb"
        for path in made.iterdir() if made.exists() else ():  # without links to the temporary
            if path.name.startswith("offline-run-"):
                path.rename(temporary / path.name)
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _write(trial: Tracked, project: str, folder: Path, settings: Any) -> None:
    """One run, with an identifier that is its own in every conversion."""
    import wandb

    key = f"{project}/{trial.dataset}/{trial.label}/s{trial.seed}"
    run = wandb.init(
        mode="offline",
        dir=str(folder),
        project=project,
        id=hashlib.sha256(key.encode()).hexdigest()[:12],
        name=trial.name,
        group=f"{trial.dataset} {trial.label}",
        config={**trial.config, "seed": trial.seed, "dataset": trial.dataset},
        settings=settings,
        reinit="create_new",
    )
    for images, rows in trial.rows.groupby("images"):
        values: dict[str, Any] = dict(zip(rows["metric"], rows["value"], strict=True))
        values["seconds"] = rows["seconds"].max()
        if picture := trial.pictures.get(int(images)):
            values["samples"] = wandb.Image(str(picture))
        run.log(values, step=int(images))
    run.finish(exit_code=0 if trial.status == "finished" else 1)
