"""Providers: what a newer torch adds is reachable by name, from its source alone or from the live module."""

import ast
import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Literal, get_type_hints

import attrs
import pytest
import torch
from torch import nn

from optim_core import ConfigError, Registry
from optim_core.bridge import Argument, SourcePackage
from optim_core.bridge.parsing import unquoted
from optim_torch_builtin.derived import field_type, plugin_class
from optim_torch_builtin.provider import optimizers, schedulers
from optim_torch_builtin.torch_classes import described as described_live
from optim_torch_builtin.torch_classes import live_classes, source_names

NEWER_TORCH = {
    "__init__.py": "raise ImportError('torch must not be imported')",
    "optim/__init__.py": """
from torch.optim import lr_scheduler as lr_scheduler
from torch.optim.adam import Adam as Adam
from torch.optim._sophia import Sophia as Sophia, SophiaW, helper as helper, Unrelated
from .optimizer import Optimizer as Optimizer
Sophia.__module__ = "torch.optim"
""",
    "optim/optimizer.py": "class Optimizer:\n    def __init__(self, params, defaults): ...\n",
    "optim/adam.py": "from .optimizer import Optimizer\nclass Adam(Optimizer): ...\n",
    "optim/_sophia.py": '''
import torch
from torch import Tensor
from . import optimizer
from .adam import Adam
from .optimizer import Optimizer, ParamsT

RHO = 0.04
BETAS = (0.965, 1 - 0.01)

def helper(): ...

class Unrelated: ...

class Sophia(optimizer.Optimizer):
    """Second-order clipped stochastic optimization.

    More of it.
    """
    def __init__(self, params: ParamsT, lr: float | Tensor, betas: tuple[float, float] = BETAS, rho: float = RHO,
                 third: float = 1.0 / 3, weight_decay: float | torch.Tensor = 0, *, dtype: torch.dtype = torch.float32,
                 mode: "Literal['a', 'b'] | None" = None, update=10, _private: int = 1, **options) -> None: ...

class SophiaW(Sophia): ...
''',
    "optim/lr_scheduler.py": """
class LRScheduler:
    def __init__(self, optimizer, last_epoch=-1): ...

class _Hidden(LRScheduler): ...

class StepLR(LRScheduler): ...

class WarmupLR(LRScheduler):
    def __init__(self, optimizer: Optimizer, warmup: int, ends: list[int] = [1, 2], last_epoch: int = -1): ...
""",
}
DESCRIBE = """
import json, sys
from optim_torch_builtin.provider import optimizers, schedulers
import attrs
found = {
    provider.kind: {
        name: {field.name: [str(field.type), repr(field.default)] for field in attrs.fields(provider.load(name))}
        for name in provider.names()
    }
    for provider in (optimizers, schedulers)
}
print(json.dumps([found, optimizers.load(sys.argv[1]).__doc__ if len(sys.argv) > 1 else "", "torch" in sys.modules]))
"""


def described(path, *arguments):
    """Names and fields that the providers show in a fresh interpreter with `path` first on sys.path."""
    script = f"import sys; sys.path.insert(0, {str(path)!r})\n{DESCRIBE}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def newer_torch(tmp_path):
    for name, source in NEWER_TORCH.items():
        file = tmp_path / "torch" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    return tmp_path


def test_the_installed_torch_has_nothing_new(distribution):
    """Every class of the tested torch has its own config class, so the providers offer none."""
    assert ([], []) == (list(optimizers.names()), list(schedulers.names()))


def test_the_source_of_a_newer_torch_is_enough(newer_torch):
    """Names, types and defaults come from the source files, and torch is not imported."""
    required = repr(attrs.NOTHING)
    sophia = {
        "lr": ["<class 'float'>", required],
        "betas": ["tuple[float, float]", "(0.965, 0.99)"],
        "rho": ["<class 'float'>", "0.04"],
        "third": ["<class 'float'>", repr(1.0 / 3)],
        "weight_decay": ["<class 'float'>", "0"],
        "dtype": ["typing.Any", "None"],
        "mode": ["typing.Optional[typing.Literal['a', 'b']]", "None"],
        "update": ["int | float", "10"],
    }
    found, doc, torch_was_imported = described(newer_torch, "Sophia")

    assert {"Sophia": sophia, "SophiaW": sophia} == found["optimizer"]
    assert {"WarmupLR": {"warmup": ["<class 'int'>", required], "ends": ["list[int]", "[1, 2]"]}} == found["scheduler"]
    assert doc.startswith("torch.optim.Sophia, with the arguments that the installed torch shows. Second-order clipped")
    assert "    lr: ``lr: 'float | Tensor'`` in torch" in doc
    assert torch_was_imported is False


def test_without_torch_there_is_nothing(tmp_path):
    """Where torch/optim is not there as source, no name is offered and nothing fails."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("", encoding="utf-8")
    found, _, _ = described(tmp_path)

    assert {"optimizer": {}, "scheduler": {}} == found


def test_source_and_live_module_show_the_same():
    """For every class of the installed torch, the config derived from its source is the one derived from the class."""
    shown = {}
    for provider in (optimizers, schedulers):
        module = SourcePackage.find("torch").module(provider.namespace.module)
        names = {
            "live": live_classes(provider.namespace),
            "source": source_names(module, provider.namespace.base, lambda name: not name.startswith("_")),
        }
        for how, listed in names.items():
            for name in listed:
                found = described_live(name, listed[name]) if how == "live" else module.find(name)
                # It is made of schedulers, and has a config class of its own.
                if name not in ("ChainedScheduler", "_LRScheduler"):
                    cls = plugin_class(provider.kind, module.name, found)
                    fields = {field.name: (field.type, field.default) for field in attrs.fields(cls)}
                    shown.setdefault(name, {})[how] = fields

    assert {"AdamW", "Muon", "StepLR", "OneCycleLR"} <= shown.keys()
    assert {name: fields["source"] for name, fields in shown.items()} == {
        name: fields["live"] for name, fields in shown.items()
    }


class Added(torch.optim.SGD):
    """A subclass that stands for one from the future."""

    def __init__(self, params, lr: float, strength: float | torch.Tensor = 0.5, dtype=torch.float32):
        super().__init__(params, lr=lr)
        self.given = (strength, dtype)


class AddedLR(torch.optim.lr_scheduler.ExponentialLR):
    def __init__(self, optimizer, gamma: float = 0.5, last_epoch: int = -1):
        super().__init__(optimizer, gamma, last_epoch)


@pytest.fixture
def added(monkeypatch):
    """A registry in a process whose torch has two more classes."""
    monkeypatch.setattr(torch.optim, "Added", Added, raising=False)
    monkeypatch.setattr(torch.optim.lr_scheduler, "AddedLR", AddedLR, raising=False)
    return Registry()


def test_a_class_added_to_torch_is_built_by_name(added):
    """Both kinds are found, listed with their provider, and built with what the config says."""
    recipe = added.build(
        {"optimizer": {"type": "added", "lr": 0.1, "strength": 2}, "scheduler": {"type": "AddedLR", "config": {}}}
    )
    optimizer, scheduler = recipe.create(nn.Linear(2, 2))

    assert (Added, (2.0, torch.float32)) == (type(optimizer), optimizer.given)
    assert (AddedLR, "epoch") == (type(scheduler), recipe.scheduler.interval)
    assert ["torch-optimizers"] == [record.provider for record in added.plugins("optimizer") if record.name == "Added"]


def test_a_derived_config_comes_back_from_to_config(added):
    """Its defaults are filled in, and the mapping builds the same again."""
    spec = added.build({"type": "Added", "lr": 0.1})

    assert {"type": "Added", "config": {"lr": 0.1, "strength": 0.5, "dtype": None}} == added.to_config(spec)
    assert spec == added.build(added.to_config(spec))


def test_a_derived_config_survives_pickling_and_copying(added):
    """Each name has one class, so that what comes back is equal."""
    recipe = added.build({"optimizer": {"type": "Added", "lr": 0.1}, "scheduler": {"type": "AddedLR", "config": {}}})

    assert recipe == pickle.loads(pickle.dumps(recipe)) == copy.deepcopy(recipe)
    assert recipe == Registry().build(added.to_config(recipe))


def test_a_config_derived_from_source_survives_pickling(newer_torch):
    """In another process, without torch's import, and its class is the same one each time."""
    recipe = {
        "optimizer": {"type": "Sophia", "config": {"lr": 0.1}},
        "scheduler": {"type": "WarmupLR", "config": {"warmup": 3}},
    }
    script = f"""
import pickle, sys
sys.path.insert(0, {str(newer_torch)!r})
from optim_core import Registry
built, again, sent = Registry().build({recipe}), Registry().build({recipe}), sys.stdin.buffer.read()
print(built == again, not sent or pickle.loads(sent) == built, "torch" in sys.modules, file=sys.stderr)
sys.stdout.buffer.write(pickle.dumps(built))
"""
    sent = b""
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script], input=sent, capture_output=True, check=False)
        sent = done.stdout
        assert b"True True False\n" == done.stderr


@pytest.mark.parametrize(
    ("values", "path"),
    [({}, "lr"), ({"lr": 0}, "lr"), ({"lr": "fast"}, "lr"), ({"lr": 0.1, "strenght": 1}, "strenght")],
)
def test_a_derived_config_is_checked(added, values, path):
    """A missing, mistyped or unknown argument, and a rate that is not above 0, are problems of the config."""
    with pytest.raises(ConfigError) as caught:
        added.build({"type": "Added", "config": values})

    assert [f"config.{path}"] == [problem.path for problem in caught.value.problems]


def test_an_unknown_name_is_a_lookup_error():
    """The provider itself says what torch lacks."""
    with pytest.raises(LookupError, match=r"torch\.optim has no Optimizer called Nothing"):
        optimizers.load("Nothing")


@pytest.mark.parametrize(
    ("annotation", "wanted"),
    [
        ("float", float),
        ("float | Tensor", float),
        ("Union[float, torch.Tensor]", float),
        ("Optional[bool]", bool | None),
        ("bool | None", bool | None),
        ("Tensor", Any),
        ("Optional[Tensor]", Any),
        ("tuple[float | Tensor, float | Tensor]", tuple[float, float]),
        ("Tuple[float, ...]", tuple[float, ...]),
        ("Iterable[int]", list[int]),
        ("list[float] | float", list[float] | float),
        ("Literal['min', 'max']", Literal["min", "max"]),
        ("typing.Literal['rel'] | None", Literal["rel"] | None),
        ("Callable[[int], float]", Callable),
        ("'float'", float),
        ("torch.dtype", Any),
        ("float | torch.dtype", Any),
        ("dict[str, float]", Any),
        ("int |", Any),
    ],
)
def test_an_annotation_becomes_the_type_of_a_config_value(annotation, wanted):
    """A tensor gives way to a number, and what no file can hold is anything."""
    argument = Argument("momentum", unquoted(ast.Constant(annotation)), attrs.NOTHING)
    assert wanted == field_type(argument, None)


def test_types_are_real_at_run_time(added):
    """Core resolves them as it does those of a written class."""
    assert {"lr": float, "strength": float, "dtype": Any} == get_type_hints(added.optimizers["Added"])
