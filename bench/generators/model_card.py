"""The model card of an export: what the generator is, its numbers, how to load it, its limits."""

from typing import Any

from gan_zoo import catalog as zoo

from ..datasets import FOLDER
from ..extractors import without_hash
from ..formats import plain, safe
from ..metrics import METRICS

FIRST = ("fid", "emd")  # the primary metrics, fixed beforehand
HANDED = ("modes", "mode_kl")  # which a conditional model gets from its labels
PUBLISHED = "inception"  # the extractor of published FIDs
PICTURED = "![Samples at the end of training](samples.png)\n"
LOADED = """## To load it

In torch, with `safetensors` and with `gan_zoo` of the project gan-bench:

    python load.py

It builds the model from `config.json`, loads the weights, and writes 64 samples to `samples.png` in
the current folder (points are printed).
"""
GRAPH = """
In ONNX, without torch and without this project (`pip install onnxruntime numpy`):

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("generator.onnx")
latent = np.random.default_rng(0).standard_normal((16, {latent_dim}), dtype=np.float32)
({output},) = session.run(None, {{"latent": latent{labels}}})
```

The graph differs from torch by at most {difference:.1e} ({compared}).
"""


def card(facts: dict[str, Any]) -> str:
    """README.md in Markdown, from the content of config.json; text of users is escaped."""
    parts = [
        f"# {safe(facts['label'])} on {safe(facts['dataset']['name'])}\n",
        _what(facts),
        PICTURED if "samples.png" in facts["files"] else "",
        _numbers(facts),
        LOADED + _needs(facts) + _graph(facts),
        _shapes(facts),
        _limits(facts),
    ]
    return "\n".join(part for part in parts if part)


def _what(facts: dict[str, Any]) -> str:
    model, data, training = facts["model"], facts["dataset"], facts["training"]
    kind = f"{model} ({facts['source']})" if model in zoo.ENTRIES else f"{model}, a user's own"
    ended = training.get("status")
    how = "" if ended == "finished" else f" It did not finish: {ended}, {training.get('reason')}."
    game = model not in zoo.BASELINES
    kin, shown = ("a GAN", "the discriminator") if game else ("no GAN", "the encoder")
    unit = "points" if facts["output"]["kind"] == "points" else "images"
    return (
        f"The generator of {kin}, {facts['parameters']:,} parameters. Model: {safe(kind)}.\n\n"
        f"It was trained on {data['trained_on']:,} {unit} of {safe(data['name'])} "
        f"({_license(data['license'])}) until {training['images']:,} real {unit} had been shown to "
        f"{shown}, in {training.get('generator_steps', 0):,} generator steps, with seed "
        f"{facts['seed']}.{safe(how)}\n"
    )


def _license(license: str) -> str:
    if license == FOLDER.license:
        return "a user's own, whose licence is not recorded"
    return f"licence: {safe(license)}"


def _numbers(facts: dict[str, Any]) -> str:
    if not facts["metrics"]:
        missing = facts["not_measured"] or {"quality": "nothing was measured"}
        reasons = "; ".join(f"{name}: {why}" for name, why in missing.items())
        return f"## Numbers\n\nNone: {safe(reasons)}.\n"
    handed = facts["conditional"]
    heads = ["metric", "value", "better", "features", "samples", "reference"]
    rows = [
        [
            (one.get("title") or METRICS[one["metric"]].title)
            + "†" * (handed and one["metric"] in HANDED),
            f"{one['value']:.4g}",
            one["better"],
            str(one.get("features", "")),
            f"{one['samples']:,}" if "samples" in one else "",
            str(one.get("reference", "")),
        ]
        for one in sorted(facts["metrics"], key=lambda one: one["metric"] not in FIRST)
    ]
    table = "\n".join(plain(heads, rows))
    note = "† A conditional model is given its labels.\n\n" if handed else ""
    return (
        f"## Numbers\n\nMeasured at the end of training.\n\n{table}\n\n{note}{_of_seeds(facts)}\n"
    )


def _of_seeds(facts: dict[str, Any]) -> str:
    """A sentence on how the metric varies over seeds, since one seed does not stand for a model."""
    among = facts["same_metric_of_all_seeds"]
    title = METRICS[among["metric"]].title
    values = [f"{value:.4g}" for value in among["values"].values()]
    if len(values) < 2:
        return f"n = 1 seed: this {title} does not tell what another seed would give."
    return f"{title} of all {len(values)} finished seeds of this model: {', '.join(values)}."


def _needs(facts: dict[str, Any]) -> str:
    code = facts.get("model_code")
    return f"The model is a user's own. It needs {safe(code['needs'])}.\n" if code else ""


def _graph(facts: dict[str, Any]) -> str:
    if "onnx" not in facts:
        return ""
    classes = facts["spec"]["classes"]
    return GRAPH.format(
        latent_dim=facts["latent_dim"],
        output=facts["onnx"]["output"],
        labels=f', "labels": np.arange(16) % {classes}' if facts["conditional"] else "",
        difference=facts["onnx"]["largest_difference_from_torch"],
        compared=facts["onnx"]["compared_on"],
    )


def _shapes(facts: dict[str, Any]) -> str:
    output = facts["output"]
    shape = ", ".join(map(str, output["shape"]))
    bounds = " in [-1, 1]; as bytes: round((x + 1) 127.5)" if output["range"] else ""
    rows = [
        ["latent", f"[n, {facts['latent_dim']}]", facts["latent"]],
        ["labels", "[n]", facts["labels"]],
        [output["kind"], f"[{shape}]", f"float32{bounds}"],
    ]
    names = ", ".join(f"{k} {name}" for k, name in enumerate(facts["class_names"][:20]))
    asked = f"\n\nClasses: {safe(names)}{', ...' * (len(facts['class_names']) > 20)}."
    table = "\n".join(plain(["what", "shape", "values"], rows))
    return f"## In and out\n\n{table}{asked if facts['conditional'] else ''}\n"


def _limits(facts: dict[str, Any]) -> str:
    """What the numbers do not show."""
    seen = {without_hash(one["features"]) for one in facts["metrics"] if one.get("features")}
    limits = ["It has seen nothing but its training set, and draws in that size only."]
    if seen - {PUBLISHED, "points"}:
        limits.append(
            "FID and the metrics beside it were not measured with the Inception network: compare "
            "them only with numbers of the same protocol, never with published ones."
        )
    if facts["output"]["kind"] == "images":
        limits.append(
            "Samples may come close to training images, above all if these are few: neighbours.png "
            "in the results folder shows some beside the training images nearest to them."
        )
    limits.append(
        "It was trained for a comparison of GANs and has not been tried for anything else."
    )
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in limits) + "\n"
