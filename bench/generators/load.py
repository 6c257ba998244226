"""Loads a trained generator of a results folder from its record and its weights."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from gan_zoo.base import GAN
from gan_zoo.catalog import unknown
from gan_zoo.streams import Streams

from ..datasets import dataset_name
from ..datasets.dataset import Dataset, load_dataset
from ..errors import Damaged, InputError, shown
from ..evaluation.evaluate import judge_for
from ..extensions import portable
from ..extractors import extractor_name, is_custom
from ..extractors.judge import Judge
from ..metrics import own_metrics
from ..planning.hyperparameters import changed_since, resolve
from ..planning.naming import references_of, untrusted
from ..planning.trial import Trial
from ..probes import PROBES
from ..probes import chosen as chosen_probes
from ..records.results import Results
from ..records.state import facts_in, readable_facts, require_same
from ..tables.protocol import UNTRAINED, title, to_untrained
from ..words import number

WEIGHTS = "generator.safetensors"


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained generator, and the trial that trained it."""

    root: Path  # the results folder
    trial: Trial  # with device "cpu", whatever it was trained on
    model: GAN  # in eval mode; its discriminator is untrained

    @property
    def folder(self) -> Path:
        """The folder of its trial."""
        return self.root / "trials" / self.trial.key

    @property
    def dataset(self) -> Dataset:
        """The data that it was trained on; raises InputError if they are missing."""
        return load_dataset(self.trial.source, self.trial.size)

    @property
    def judge(self) -> Judge:
        """The data set and the extractor that the trial was measured by."""
        return judge_for(self.trial)

    @cached_property
    def learnt_nothing(self) -> str:
        """A sentence for a generator that ends where its untrained networks began; else ""."""
        trial = self.trial
        results = Results(self.root)
        share = to_untrained(results, trial.dataset, trial.label, trial.seed)
        if not share >= UNTRAINED:
            return ""
        return (
            f"{trial.key} has learnt nothing that {title(trial.dataset)} sees: it ends at "
            f"{number(share, 2)} of its untrained network, so what it draws says nothing of the "
            "model. Train it for longer: `bench run --images`."
        )

    def require_same_data(self) -> None:
        """Raises InputError if a user's own images have changed since the training."""
        if self.trial.content and self.dataset.content != self.trial.content:
            raise InputError(
                f"{self.trial.source} has changed since {self.trial.key} was trained: its images "
                "are not those that the generator was trained on"
            )


def load_generator(
    folder: Path | str,
    model: str | None = None,
    dataset: str | None = None,
    seed: int | None = None,
    trust_code: bool = False,
) -> Trained:
    """The generator that one trial of a results folder trained, on the CPU and in eval mode.

    model: a contestant's label; dataset: a name. Either may be None if the folder has only one.
    seed: None takes the first in the plan whose weights are there. trust_code: run the code of a
    model or an extractor that the folder names and that is not part of gan-bench. Raises
    InputError, in one line, if these do not name one trial, if such code is not trusted or has
    changed since, and if the weights are absent (published folders leave them out), damaged, not
    finite, or of other networks than the model builds now.
    """
    results = Results(folder)
    plan = results.experiment
    names = [dataset_name(reference) for reference in plan["datasets"]]
    labels = [contestant["label"] for contestant in plan["contestants"]]
    of = chosen("data set", "--dataset", dataset, names, results.path)
    label = chosen("model", "--model", model, labels, results.path)
    key = f"{of}/{label}/s{_seed(results, of, label, seed)}"
    trial = replace(recorded_trial(results, key), device="cpu")
    require_trusted(trial, results.path, trust_code)
    return Trained(results.path, trial, _rebuilt(trial, results.path / "trials" / key / WEIGHTS))


def require_trusted(trial: Trial, folder: Path, trust_code: bool, trains: bool = False) -> None:
    """Raises InputError if the trial needs code that is not ours and not trusted, or has changed.

    trains: is the trial trained again, and so measured and probed? Runs no code unless it is
    trusted.
    """
    wanted = references_of(trial, trains)
    if not wanted:
        return
    if not trust_code:
        raise InputError(untrusted(wanted[0], str(folder)))
    if trial.code and (files := changed_since(trial)):
        raise InputError(f"{files} has changed since {trial.key} was trained: nothing is drawn")


def chosen(kind: str, flag: str, asked: str | None, there: Sequence[str], folder: Path) -> str:
    """The name that was asked for, or the only one there is; raises InputError otherwise."""
    if asked is None:
        if len(there) > 1:
            raise InputError(f"{folder} has more than one {kind}: {flag} {' or '.join(there)}?")
        return there[0]
    if asked not in there:
        raise InputError(f"{folder}: {unknown(kind, asked, there)}")
    return asked


def recorded_trial(results: Results, key: str) -> Trial:
    """The trial of a key such as mnist5k/dcgan/s0, from its trial.json.

    Raises Damaged if that file is missing, of another trial, or incomplete.
    """
    values, plan = facts_in(results.path / "trials" / key / "trial.json"), results.experiment
    dataset, label, seed = key.split("/")
    if (values.get("dataset"), values.get("label")) != (dataset, label) or (
        f"s{values.get('seed')}" != seed
    ):
        raise Damaged(f"trials/{key}/trial.json is missing, or of another trial")
    entry = next((c for c in plan["contestants"] if c["label"] == label), {"model": ""})
    if values.get("model") not in (entry["model"], portable(entry["model"])):
        told = f"the model {shown(values.get('model'))}, and the plan {shown(entry['model'])}"
        raise Damaged(f"trials/{key}/trial.json names {told}: nothing is run")
    values["model"] = entry["model"]  # with the folder of its file
    references = {dataset_name(reference): reference for reference in plan["datasets"]}
    values["source"] = references[dataset]
    planned, features = plan["features"], values.get("features")
    if features in (extractor_name(planned), _in_old_form(planned)):
        values["features"] = planned  # the plan also has the file of its weights
    elif is_custom(str(features)):
        told = f"the extractor {shown(features)}, and the plan {shown(planned)}"
        raise Damaged(f"trials/{key}/trial.json names {told}: nothing is run")
    # Old trials have no probes. Probes change no number, so unknown ones of ours are dropped.
    probes = [name for name in values.get("probes", ()) if name in PROBES or ":" in str(name)]
    values["probes"] = _placed(key, probes, chosen_probes(plan["probes"]))
    values["metrics"] = _placed(
        key, values.get("metrics", ()), own_metrics(plan.get("metrics", "default"))
    )
    names = {f.name for f in dataclasses.fields(Trial)}
    try:
        return Trial(**{name: value for name, value in values.items() if name in names})
    except TypeError as error:
        raise Damaged(f"trials/{key}/trial.json lacks facts of a trial") from error


def _placed(key: str, names: Sequence[str], planned: Sequence[str]) -> tuple[str, ...]:
    """Names of trial.json, those of the user's own with the folders of their files; Damaged."""
    places = {portable(reference): reference for reference in planned if ":" in reference}
    for name in names:
        if ":" in name and name not in places:
            raise Damaged(f"trials/{key}/trial.json names {shown(name)}, and the plan does not")
    return tuple(places.get(name, name) for name in names)


def _in_old_form(features: str) -> str:
    """What version 0.1.0 recorded of an extractor of one's own: with the folder of its file."""
    return ":".join(features.split(":")[:2]) if is_custom(features) else features


def _seed(results: Results, dataset: str, label: str, asked: int | None) -> int:
    """The seed asked for, or the first with weights; raises InputError if there are no weights."""
    seeds: list[int] = results.experiment["seeds"]
    if asked is not None and asked not in seeds:
        raise InputError(f"{results.path} has no seed {asked}; it has {', '.join(map(str, seeds))}")
    of = results.path / "trials" / dataset / label
    for seed in seeds if asked is None else [asked]:
        if (of / f"s{seed}" / WEIGHTS).is_file():
            return seed
    which = f"{dataset}/{label}" + ("" if asked is None else f"/s{asked}")
    ended = readable_facts(of / f"s{seed}" / "status.json")
    if ended.get("status") in ("finished", "diverged"):
        hint = (
            "published folders leave them out; `bench run DIR/experiment.toml --out NEW` has them"
        )
    elif ended:
        hint = f"the trial is {shown(ended.get('status'))}: {shown(ended.get('reason', ''))}"
    else:
        hint = "weights are written when a trial ends: see `bench status`"
    raise InputError(f"{results.path} holds no weights ({WEIGHTS}) of {which}; {hint}")


def _rebuilt(trial: Trial, path: Path) -> GAN:
    """The model of a trial with the weights in `path`, in eval mode; raises InputError."""
    kind, config = resolve(trial.label, trial.model, None, trial.config)
    try:
        spec = load_dataset(trial.source, trial.size).spec
        model: GAN = kind(spec, config, Streams(trial.seed))
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        raise InputError(f"{trial.key} cannot be built: {_line(error)}") from error
    weights = _weights(path)
    try:
        model.sampler.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(
            f"{path} has other layers than {trial.model} now builds: its code has changed since "
            "it was trained"
        ) from error
    if not all(value.isfinite().all() for value in weights.values()):
        raise InputError(f"{path} holds weights that are not finite: the trial diverged")
    require_same(path, readable_facts(path.with_name("status.json")))
    return model.eval().requires_grad_(False)


def _weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        return safetensors.torch.load(path.read_bytes())
    except (SafetensorError, ValueError, KeyError) as error:
        raise Damaged(f"{path} cannot be read: {_line(error)}") from error


def _line(error: Exception) -> Any:
    return shown(f"{error}".partition("\n")[0])
