"""`bench describe`: a model's networks layer by layer, its hyperparameters and its formulas."""

import inspect
import sys
from collections.abc import Callable
from contextlib import suppress

import pandas as pd
import torch
from rich.console import Console

from gan_zoo import catalog as zoo
from gan_zoo.base import GAN, Config, DataSpec
from gan_zoo.presets import Preset
from gan_zoo.streams import Streams

from ..datasets import SIDES, dataset_entry
from ..datasets.dataset import load_dataset
from ..datasets.own import with_kind
from ..errors import InputError, shown
from ..formats import Table, show
from ..planning.flags import with_values
from ..planning.naming import resolved_data
from ..planning.parsing import parse_models, require_text, require_whole
from ..planning.plan import Plan
from .fields import hyperparameters
from .layers import ROWS, Layer, layers_of, layers_without_pass

GREY, COLOUR, PLANE = DataSpec((1, 28, 28), 10), DataSpec((3, 32, 32), 10), (2,)
SPECS = {  # what a model needs to know of a data set, so that none is read or downloaded
    **dict.fromkeys(("mnist5k", "mnist", "fashion-mnist"), GREY),
    **dict.fromkeys(("cifar10", "svhn"), COLOUR),
    "celeba": DataSpec((3, 64, 64)),
    **{f"celeba@{of}": DataSpec((3, 64, 64), 2) for of in ("smiling", "male", "eyeglasses")},
    "celeba@smiling+male": DataSpec((3, 64, 64), 4),
    **{name: DataSpec((3, 28, 28), 1000) for name in ("stacked-mnist", "stacked-mnist@mnist")},
    **{f"ring8{of}": DataSpec(PLANE, 8) for of in ("", "@wgangp", "@pacgan")},
    **{f"grid25{of}": DataSpec(PLANE, 25) for of in ("", "@wgangp", "@pacgan")},
    "swissroll": DataSpec(PLANE),
}
USUAL = (("mnist5k", None), ("mnist5k", 32), ("mnist5k", 64))  # the first that suits is used
LARGE = 30_000_000  # parameters: from here on "meta" is quicker, though torch imports much for it
HEADS = ["layer", "what it does", "output", "parameters", "side of the output"]


def describe(
    reference: str,
    dataset: str | None,
    size: int | None,
    values: tuple[str, ...],
    say: Callable[[str], None],
    console: Console,
) -> None:
    """Say what a model consists of when it is built for a data set; raises InputError.

    reference: a model with an optional preset; dataset, size: None for the first usual one that
    suits; values: hyperparameters as `--set` takes them.
    """
    contestants = parse_models(reference)
    if len(contestants) != 1:
        raise InputError(f"name one model at a time, such as wgangp@notes, not {shown(reference)}")
    plan = Plan(with_values(tuple(contestants), values))
    contestant, ((kind, config),) = plan.contestants[0], plan.resolved.values()
    place, spec = fitting(kind, config, dataset, size)
    torch.set_num_threads(1)  # as trials are trained: beside other programs, more would be slower
    model = built(reference, kind, config, spec)
    if sum(p.numel() for p in model.parameters()) < LARGE:
        model = built(reference, kind, config, spec, "cpu")
    preset = zoo.preset_of(contestant.model, contestant.preset)
    for line in heading(contestant.model, contestant.label, preset):
        say(line)
    say(f"\nBuilt for {place}: samples of {by(spec.shape)}, {spec.classes} class(es).\n")
    say(formulas(kind) + "\n")
    for player in ("generator", *(one for one in model.players if one != "generator")):
        layers = described(model, player)
        if not layers or layers[-1].output is None:  # what reads a value fails on "meta"
            model = built(reference, kind, config, spec, "cpu")
            layers = described(model, player)
        total = sum(p.numel() for p in model.network_of(player).parameters())
        title = f"{player.capitalize()}: {total:,} parameters"
        if layers and layers[-1].output is None:
            title += " (no sample could be passed through it)"
        show(table_of(title, layers, total), "table", console)
    show(hyperparameters(contestant, kind, config), "table", console)


def fitting(
    kind: type[GAN], config: Config, dataset: str | None, size: int | None
) -> tuple[str, DataSpec]:
    """The data set asked for, or the first usual one that suits, and its spec.

    Raises InputError if the model suits none of them.
    """
    unasked = dataset is None and size is None
    tried = USUAL if unasked else [("mnist5k" if dataset is None else dataset, size)]
    reasons = []
    for name, side in tried:
        spec = spec_of(name, side)
        reason = kind.unsuited(spec, config)
        if not reason:
            return name + (f" at {side} x {side}" if side else ""), spec
        reasons.append(reason)
    raise InputError(f"{reasons[0]} (or try another --dataset)")


def spec_of(dataset: str, size: int | None) -> DataSpec:
    """The shape and classes of a data set; only data of a user's own are read for them."""
    require_text("a data set", dataset)
    dataset = with_kind(resolved_data(dataset))
    dataset_entry(dataset)
    if size is not None:
        require_whole("size", size, *SIDES)
    if dataset not in SPECS:
        return load_dataset(dataset, size).spec
    spec = SPECS[dataset]
    if size is None:
        return spec
    if spec.shape == PLANE:
        raise InputError(f"points have no size in pixels: {dataset} without --size")
    return DataSpec((spec.shape[0], size, size), spec.classes)


def built(
    reference: str, kind: type[GAN], config: Config, spec: DataSpec, device: str = "meta"
) -> GAN:
    """The model, by default on the device "meta", where weights take no memory.

    It gets no optimizers if it can do without: torch takes a second to import what they need.
    """
    light: type[GAN] = type(kind.__name__, (kind,), {"build_optimizer": lambda self, player: None})
    with suppress(Exception):
        return light(spec, config, Streams(0, device), device).train()
    try:
        return kind(spec, config, Streams(0, device), device).train()
    except Exception as error:  # a user's model may raise anything
        raise InputError(f"{reference} cannot be built: {type(error).__name__}: {error}") from error


def described(model: GAN, player: str) -> list[Layer]:
    """The layers of a player's network, in the order in which a sample passes them.

    Where no sample can pass, they are listed without the sizes of their outputs.
    """
    labels = torch.zeros(ROWS, dtype=torch.int64, device=model.device)
    normal = torch.zeros(ROWS, model.config.latent_dim, device=model.device)
    samples = torch.zeros(ROWS, *model.spec.shape, device=model.device)
    latents = model.latent_of(normal)
    takes: list[tuple[torch.Tensor, ...]] = [(samples,), (samples, labels), (latents,)]
    if player not in model.further_players:
        takes = [(latents if player == "generator" else samples, labels)]
    for inputs in takes:
        try:
            with torch.no_grad():
                return layers_of(model.network_of(player), *inputs)
        except Exception:  # a user's network may raise anything
            continue
    return layers_without_pass(model.network_of(player))


def heading(model: str, label: str, preset: Preset | None) -> list[str]:
    """Lines on what the model is, and on the source of its preset."""
    lines = [label]
    if model in zoo.ENTRIES:
        entry = zoo.ENTRIES[model]
        lines.append(f"{entry.help} ({entry.source})")
    if preset is None:
        return lines
    lines.append(f"Preset: {preset.source}.")
    if preset.assumed:
        lines.append(f"Assumed, since the source does not say: {preset.assumed}.")
    if preset.batch_size:
        lines.append(f"The source's batch: --batch-size {preset.batch_size}.")
    if reported := preset.reported:
        losses = f"generator {reported.generator}, critic {reported.discriminator}"
        lines.append(f"Losses reported after step {reported.step:,} ({reported.source}): {losses}.")
    return lines


def formulas(kind: type[GAN]) -> str:
    """The formulas of a model: the indented lines in the docstring of its file or class."""
    module = sys.modules.get(kind.__module__)
    for text in (inspect.cleandoc(module.__doc__ or "") if module else "", kind.__doc__ or ""):
        lines = inspect.cleandoc(text).splitlines()
        if blocks := [line for line in lines if line.startswith("    ")]:
            return "\n".join(["Objectives:", *blocks])
        if text and text is kind.__doc__:
            return "\n".join(["Objectives:", *(f"    {line}" for line in lines)])
    return "Objectives: neither its file nor its class has a docstring."


def table_of(title: str, layers: list[Layer], total: int) -> Table:
    rows = [
        [x.name, x.kind, by(x.output), f"{x.parameters:,}" if x.parameters else "", x.arithmetic]
        for x in layers
    ]
    if elsewhere := total - sum(layer.parameters for layer in layers):
        rows.append(["", "parameters of layers that no sample passes", "", f"{elsewhere:,}", ""])
    return Table(title, HEADS, rows, pd.DataFrame(rows, columns=HEADS))


def by(shape: tuple[int, ...] | None) -> str:
    """(64, 13, 13) -> "64 × 13 × 13"; () -> "1"; None -> ""."""
    return "" if shape is None else " × ".join(map(str, shape)) or "1"
