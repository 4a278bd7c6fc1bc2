"""What holds for every config class: typed, documented, frozen, and importing nothing heavy."""

import inspect
import re
import subprocess
import sys
from typing import ClassVar, get_origin, get_type_hints

import attrs
import pytest

from optim_core import ConfigError, registry

from .support import spec_of
from .tables import CLOSED, STEPPED


def test_the_docstring_documents_every_field(plugin_class, name):
    """The section Args of the docstring has each field once, in the order of the fields."""
    documented = re.findall(r"^    (\w+): ", inspect.getdoc(plugin_class).partition("Args:")[2], re.MULTILINE)
    assert [field.name for field in attrs.fields(plugin_class)] == documented


def test_the_annotations_resolve_at_run_time(plugin_class, name):
    """Core reads a field's type with get_type_hints."""
    hints = get_type_hints(plugin_class)
    fields = {field.name for field in attrs.fields(plugin_class)}
    assert fields <= set(hints)
    assert all(get_origin(hints[key]) is ClassVar for key in set(hints) - fields)


def test_the_example_validates_and_the_config_is_frozen(plugin_class, name):
    """What `example` says, or nothing, is a config that its canonical form builds again and nobody can change."""
    spec = spec_of(name, **getattr(plugin_class, "example", {}))
    assert plugin_class is type(spec.config)
    assert name == spec.type
    assert spec == registry.build(registry.to_config(spec))
    assert hash(spec.config) is not None if name not in ("sequential", "greedy") else True
    for field in attrs.fields(plugin_class)[:1]:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(spec.config, field.name, 1)


def test_every_schedule_is_in_the_tables_of_the_tests(targets):
    """The one that waits for a metric has tests of its own."""
    assert set(targets) == {name for name, _ in [*CLOSED, *STEPPED]} | {"greedy"}


def test_importing_a_plugin_imports_neither_torch_nor_numpy(targets):
    """Validating a config is quick on a machine without either."""
    modules = sorted({target.partition(":")[0] for target in targets.values()})
    script = f"""
import sys, importlib
for name in {modules!r}:
    importlib.import_module(name)
assert not {{"torch", "numpy"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


REFUSED = [
    ("InverseLR", {"inv_gamma": 0}, "inv_gamma", "must be > 0"),
    ("InverseLR", {"power": -1}, "power", "must be > 0"),
    ("InverseLR", {"final_lr": -1e-9}, "final_lr", "must be ≥ 0"),
    ("cosine", {"num_cycles": 0}, "num_cycles", "must be in (0, 1e+06]"),
    ("cosine", {"eta_min": -1}, "eta_min", "must be ≥ 0"),
    ("cosine_with_restarts", {"num_cycles": 1.5}, "num_cycles", "must be a whole number"),
    ("cosine_with_restarts", {"num_cycles": 0}, "num_cycles", "must be in (0, 1e+06]"),
    ("cosine", {"num_cycles": 1e308}, "num_cycles", "must be in (0, 1e+06]"),
    ("cosine_with_min_lr", {}, "min_lr", "is missing"),
    ("cosine_with_min_lr", {"min_lr": 0, "min_lr_rate": 0}, "min_lr", "means the same as min_lr_rate"),
    ("cosine_warmup_with_min_lr", {"min_lr_rate": 1.1}, "min_lr_rate", "must be in [0, 1]"),
    ("cosine_warmup_with_min_lr", {"min_lr_rate": 0, "warmup_lr_rate": -0.1}, "warmup_lr_rate", "must be in [0, 1]"),
    ("polynomial", {"power": 0}, "power", "must be > 0"),
    ("polynomial", {"lr_end": -1}, "lr_end", "must be ≥ 0"),
    ("warmup_stable_decay", {}, "num_decay_steps", "is required and missing"),
    ("warmup_stable_decay", {"num_decay_steps": 5, "decay_type": "sqrt"}, "decay_type", "must be `linear`"),
    ("warmup_cosine", {"start_factor": 1.0}, "start_factor", "must be in [0, 1)"),
    ("greedy", {"factor": 1.0}, "factor", "must be in (0, 1)"),
    ("greedy", {"max_lr": 1e-4}, "max_lr", "must be ≥ min_lr, which is 0.001"),
    ("greedy", {"min_lr": [0.1, 2.0]}, "max_lr", "must be ≥ min_lr"),
    ("linear", {"num_warmup_step": 5}, "num_warmup_step", "unknown key"),
]


@pytest.mark.parametrize(("name", "values", "path", "words"), REFUSED)
def test_a_value_out_of_range_is_refused_with_its_field_and_range(name, values, path, words):
    """There is a problem at the field that is to be changed, and it says what the field may be."""
    with pytest.raises(ConfigError) as caught:
        spec_of(name, **values)
    assert any(f"config.{path}" == problem.path and words in problem.message for problem in caught.value.problems)
