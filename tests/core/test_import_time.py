"""Importing, listing and validating import neither torch nor a plugin that is not named: seen in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest
from site_folder import provider_source


def modules_after(site, code):
    """The names of the modules that `code` imports in a fresh interpreter with this folder first on sys.path."""
    before = f"import json, sys\nsys.path.insert(0, {str(site.folder)!r})\nbefore = set(sys.modules)\n"
    after = "\nsys.stdout.write(json.dumps(sorted(set(sys.modules) - before)))"
    command = [sys.executable, "-W", "error", "-c", before + textwrap.dedent(code) + after]
    return set(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


@pytest.fixture
def folder(site):
    site.offer("opt-one", "One", requires=["optim-core>=0.1"])
    site.offer("opt-two", "Two")
    site.offer("sched-one", "Slow", kind="scheduler")
    source = provider_source(["Gnu"])
    site.add("zoo", entry_points={"optim_core.providers": {"zoo": "zoo:Provider"}}, modules={"zoo": source})
    return site


PLUGINS = {"opt_one", "opt_two", "sched_one", "zoo"}
HEAVY = {"torch", "numpy", "packaging", "packaging.requirements", "rich", "click"}
# What the first look at what is installed takes.
READER = {"importlib.metadata", "email"}


def test_importing_imports_nothing_heavy(folder):
    """Not torch, not a plugin, and not yet the standard library's reader of metadata, which takes as long as attrs."""
    assert set() == modules_after(folder, "import optim_core") & (HEAVY | PLUGINS | READER)


def test_listing_imports_nothing_heavy_and_no_plugin(folder):
    """Records of everything; only a provider is imported, to be asked for its names."""
    code = """
        from optim_core import registry
        assert {"One", "Two", "Gnu"} <= set(registry.optimizers)
        assert "Slow" in {record.name for record in registry.schedulers.plugins()}
        registry.clippers.plugins(), registry.faults(), repr(registry), repr(registry.optimizers)
    """
    assert {"zoo"} == modules_after(folder, code) & PLUGINS
    assert set() == modules_after(folder, code) & {"torch", "packaging"}


def test_membership_of_an_entry_point_imports_nothing(folder):
    """Not even providers."""
    code = "from optim_core import registry\nassert 'one' in registry.optimizers"
    assert set() == modules_after(folder, code) & (HEAVY | PLUGINS)


def test_validating_imports_the_one_plugin_that_is_named(folder):
    """Its module alone; torch is for `create_optimizer`."""
    code = """
        from optim_core import ConfigError, registry
        assert registry.build({"optimizer": {"type": "one", "config": {"lr": 0.5}}}).optimizers
        try:
            registry.build({"type": "One", "config": {"lr": True}})
        except ConfigError as error:
            assert error.problems
    """
    assert {"opt_one"} == modules_after(folder, code) & (HEAVY | PLUGINS)


def test_a_config_without_rules_does_not_import_their_reader(folder):
    """The module that reads `param_groups` is imported where one of its keys stands in a config."""
    code = 'from optim_core import registry\nregistry.build({"type": "One", "config": {"lr": 0.5}})'
    reader = "optim_core.config.group_reader"
    assert reader not in modules_after(folder, code)
    assert reader in modules_after(folder, code.replace("}})", '}, "layer_decay": 0.5})'))


def test_the_tools_of_plugins_are_light(folder):
    """A plugin that is named in a config imports them; what describes a plugin class comes when it is asked for."""
    describing = {"optim_core.reference.describe", "optim_core.discovery.extras"}
    code = "from optim_core.plugin_tools import shown, one_interval"
    assert set() == modules_after(folder, code) & (HEAVY | PLUGINS | describing)
    assert {"optim_core.reference.describe"} == modules_after(folder, f"{code}, describe") & describing


def test_a_right_nested_config_imports_no_advice_and_no_other_form(folder, tmp_path):
    """What is said of mistakes, and what reads the forms of other projects, is imported where a config needs it."""
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: One, config: {lr: 0.5}}\nscheduler: {type: Slow}\n", encoding="utf-8")
    imported = modules_after(folder, f"from optim_core import registry\nregistry.build({str(file)!r})")
    config = {name.removeprefix("optim_core.config.") for name in imported if name.startswith("optim_core.config.")}
    assert "formats.yaml_reader" in config
    assert set() == {name for name in config if name.startswith(("advice", "formats.json", "formats.toml"))}
    assert {"forms", "forms.form", "forms.recognise"} == {name for name in config if name.startswith("forms")}
    assert set() == config & {"foreign_words", "problems", "overrides", "structuring.repairs", "formats.yaml_errors"}
    assert "difflib" not in imported


def test_what_is_said_of_keys_that_speak_of_a_recipe_imports_no_other_plugin(folder):
    """Neither the warning of what is not read nor the hint of an error looks at plugins that are not named."""
    # Clipping names the clipper norm, where it stands in the section.
    keys = {"warm_up_steps": 5, "wd": 5, "lr_scheduler": {}, "momentum": 5}
    code = f"""
        import warnings
        from optim_core import ConfigError, registry
        warnings.simplefilter("ignore")
        registry.build({{"training": {{"optimizer": "One"}}, "max_grad_norm": 5, **{keys!r}}})
        try:
            registry.build({{"training": {{"optimizer": "One", **{keys!r}}}}})
        except ConfigError as error:
            assert all(problem.hint for problem in error.problems), error
    """
    assert {"opt_one"} == modules_after(folder, code) & (PLUGINS | {"torch"})
