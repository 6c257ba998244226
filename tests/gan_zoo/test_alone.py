"""The zoo without the bench: the loop of its docstring, and what its names are."""

import ast
import inspect
import subprocess
import sys
import textwrap
from typing import Any

import pytest
import torch

import gan_zoo
from gan_zoo import catalog


def test_the_loop_of_the_docstring_trains() -> None:
    assert gan_zoo.__doc__
    code = textwrap.dedent(gan_zoo.__doc__.partition("\n\n")[2].partition("\n\n`")[0])
    loop = code.partition("streams =")[2]
    assert len(loop.splitlines()) <= 10
    found: dict[str, Any] = {}
    exec(code, found)
    model, samples = found["model"], found["samples"]
    assert model.steps_done == 2
    assert samples.shape == (16, 1, 28, 28)
    assert samples.abs().max() <= 1
    fresh = gan_zoo.WGANGP(model.spec, model.config, gan_zoo.Streams(0))
    for name in ("generator", "discriminator"):  # both players have moved
        before, after = (getattr(each, name).state_dict() for each in (fresh, model))
        assert any(not torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize("name", gan_zoo.__all__)
def test_its_names_are_the_classes(name: str) -> None:
    found = getattr(gan_zoo, name)
    assert isinstance(found, type)
    assert found.__name__ == name
    assert name in dir(gan_zoo)


def test_all_models_of_the_catalogue_are_there() -> None:
    for entry in catalog.MODELS.values():
        module, _, name = entry.target.partition(":")
        assert getattr(gan_zoo, name).__module__ == module
    with pytest.raises(AttributeError, match="'gan_zoo' has no attribute 'WGANPG'"):
        _ = gan_zoo.WGANPG


def test_what_types_see_is_what_there_is() -> None:
    for package in ("gan_zoo", "bench"):
        module = sys.modules.get(package) or __import__(package)
        tree = ast.parse(inspect.getsource(module))
        (only,) = (node for node in tree.body if isinstance(node, ast.If))
        seen = {
            alias.name: f".{node.module}"
            for node in only.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert seen == module._WHERE


def test_importing_it_imports_no_torch() -> None:
    code = "import sys, gan_zoo, bench; assert not {'torch', 'pandas', 'click'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
