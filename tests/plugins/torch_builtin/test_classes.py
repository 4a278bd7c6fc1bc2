"""What holds for every config class: it is torch's signature, typed and documented, and imports nothing heavy."""

import inspect
import re
import subprocess
import sys
from typing import ClassVar, get_origin, get_type_hints

import attrs
import pytest
import torch

from optim_core import registry

# Our own fields, and torch's that a config does not have.
OURS = {"ReduceLROnPlateau": {"monitor"}}
RUNTIME = {"params", "optimizer", "last_epoch", "self"}


def torch_class(cls):
    name = cls.__name__.removeprefix("Torch")
    return getattr(torch.optim, name, None) or getattr(torch.optim.lr_scheduler, name)


def torch_defaults(cls):
    parameters = inspect.signature(torch_class(cls)).parameters.values()
    return {
        parameter.name: attrs.NOTHING if parameter.default is parameter.empty else parameter.default
        for parameter in parameters
        if parameter.name not in RUNTIME
    }


def defaults(cls):
    ours = OURS.get(cls.__name__, set())
    return {field.name: field.default for field in attrs.fields(cls) if field.name not in ours}


def test_an_optimizer_has_the_arguments_and_defaults_of_the_installed_torch(optimizer_class):
    """Every argument of torch's constructor is a field of the same name, in the same order, with the same default."""
    assert list(torch_defaults(optimizer_class).items()) == list(defaults(optimizer_class).items())


def test_a_scheduler_has_the_arguments_and_defaults_of_the_installed_torch(scheduler_class):
    """Every argument of torch's constructor but last_epoch is a field of the same name, with the same default."""
    assert list(torch_defaults(scheduler_class).items()) == list(defaults(scheduler_class).items())


def test_every_optimizer_and_scheduler_of_the_installed_torch_has_a_class(plugin_targets):
    """torch.optim has no public optimizer or scheduler without an entry point here; Muon is called TorchMuon."""
    offered = {
        name
        for module, base in (
            (torch.optim, torch.optim.Optimizer),
            (torch.optim.lr_scheduler, torch.optim.lr_scheduler.LRScheduler),
        )
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, base) and found is not base and not name.startswith("_")
    }

    assert {"TorchMuon" if name == "Muon" else name for name in offered} <= {name for _, name in plugin_targets}
    assert ("optimizer", "Muon") not in plugin_targets


def test_the_docstring_documents_every_field(plugin_class):
    """The section Args of the docstring has each field once, in the order of the fields."""
    documented = re.findall(r"^    (\w+): ", inspect.getdoc(plugin_class).partition("Args:")[2], re.MULTILINE)

    assert [field.name for field in attrs.fields(plugin_class)] == documented


def test_the_annotations_resolve_at_run_time(plugin_class):
    """Core reads a field's type with get_type_hints, so every name in it is there when the module is imported."""
    hints = get_type_hints(plugin_class)

    assert {field.name for field in attrs.fields(plugin_class)} <= set(hints)
    assert all(get_origin(hints[name]) is ClassVar for name in hints if not hasattr(attrs.fields(plugin_class), name))


def test_a_config_is_frozen_and_compares_by_value(plugin_class):
    """Two configs of the same values are equal, and neither can be changed."""
    values = dict(getattr(plugin_class, "example", {}))
    if "schedulers" in values:
        values["schedulers"] = []
    first, second = plugin_class.__new__(plugin_class), plugin_class.__new__(plugin_class)
    for config in (first, second):
        for field in attrs.fields(plugin_class):
            object.__setattr__(config, field.name, values.get(field.name, field.default))

    assert first == second
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(first, attrs.fields(plugin_class)[0].name, 1)


def test_the_example_validates(plugin_class):
    """What `example` says, or nothing where there is none, is a valid config."""
    kind = plugin_class.__module__.split(".")[1].replace("around", "optimizers").removesuffix("s")
    name = plugin_class.__name__.removesuffix("Clipper").lower() if kind == "clipper" else plugin_class.__name__
    spec = registry.build({"type": name, "config": dict(getattr(plugin_class, "example", {}))}, kind=kind)

    assert plugin_class is type(spec.config)
    assert spec == registry.build(registry.to_config(spec), kind=kind)


def test_importing_a_plugin_imports_neither_torch_nor_another_plugin(plugin_targets):
    """Each entry point's module brings in no torch, no simpleeval, and no other class's module."""
    modules = sorted({target.partition(":")[0] for target in plugin_targets.values()})
    script = f"""
import sys, importlib, optim_core
plugins = {modules!r}
for name in plugins:
    importlib.import_module(name)
    imported = sorted(set(sys.modules) & set(plugins))
    assert imported == [name], (name, imported)
    assert not {{"torch", "simpleeval", "numpy"}} & set(sys.modules), name
    for other in [other for other in sys.modules if other.startswith("optim_torch_builtin")]:
        del sys.modules[other]
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_a_schedule_says_when_it_is_stepped(scheduler_class):
    """The two cyclic schedules count optimizer steps, the others epochs, and a combination counts what its parts do."""
    if "schedulers" in attrs.fields_dict(scheduler_class):
        assert isinstance(scheduler_class.interval, property)
    else:
        wanted = "step" if scheduler_class.__name__ in ("OneCycleLR", "CyclicLR") else "epoch"
        assert wanted == scheduler_class.interval
