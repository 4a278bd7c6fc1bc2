"""Names that a module takes from others when they are first asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import optim_core


@pytest.mark.parametrize("name", ["optim_core", "optim_core.cli", "optim_core.plugin_tools", "optim_core.registry"])
def test_every_public_name_is_there(name):
    """Whether it was imported at once or is looked up now; `dir` lists those of the package."""
    module = import_module(name)
    assert set() == {name for name in module.__all__ if not hasattr(module, name)}
    assert set(optim_core.__all__) <= set(dir(optim_core))


def test_a_name_is_that_of_its_home():
    """A name is the same object wherever it comes from, also where it comes from several modules."""
    from optim_core.discovery.records import PluginRecord

    assert PluginRecord is optim_core.PluginRecord
    assert PluginRecord is import_module("optim_core.registry").PluginRecord


def test_a_name_that_is_nowhere_is_an_attribute_error():
    """A package that imports its names on demand says of an unknown one what any module says."""
    with pytest.raises(AttributeError, match="module 'optim_core' has no attribute 'Optimiser'"):
        optim_core.Optimiser  # noqa: B018


def test_its_home_is_imported_when_it_is_asked_for_and_kept():
    """Before that nobody pays for it; a star takes all."""
    code = """if True:
        import sys
        import optim_core
        homes = ("optim_core.discovery.records", "optim_core.groups.parameter_info")
        assert not [home for home in homes if home in sys.modules]
        optim_core.PluginRecord
        assert "PluginRecord" in vars(optim_core)
        from optim_core import *
        assert ParameterInfo.__module__ in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
