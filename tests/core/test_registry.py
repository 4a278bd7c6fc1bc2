"""The registry: discovery on first use, catalogs, what is registered in this process, and commands."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import attrs
import pytest
from cli_support import install_demo, python_process
from site_folder import provider_source

from optim_core import (
    BlockedPluginError,
    DuplicatePluginError,
    PluginError,
    PluginLoadError,
    Registry,
)

GROUP = "[optim_core.optimizers]\n"


@attrs.frozen(kw_only=True)
class Mine:
    """An optimizer of a notebook."""

    lr: float = 0.3

    def build(self, params):
        return self


# -- discovery, on first use ---------------------------------------------------------------------------------------


def test_nothing_is_looked_at_before_the_first_use(site):
    """A registry may be made before its plugins are installed."""
    registry = site.registry()
    assert "<Registry, nothing discovered yet>" == repr(registry)
    site.offer("lion", "Lion")
    assert "Lion" in registry.optimizers
    assert "<Registry of 1 entry points>" == repr(registry)


def test_one_pass_over_what_is_installed_is_enough(site):
    """What is installed later is seen after `refresh`."""
    registry = site.registry()
    assert [] == list(registry.optimizers)
    site.offer("lion", "Lion")
    assert [] == list(registry.optimizers)
    registry.refresh()
    assert ["Lion"] == list(registry.optimizers)


def test_a_plugin_is_imported_when_its_name_is_used_and_no_other_is(site):
    """Listing, records, faults, `in` and building import nothing but the one that is built."""
    for number in range(5):
        site.offer(f"cats-{number}", f"Opt{number}")
    registry = site.registry()
    assert 5 == len(registry.optimizers)
    assert 5 == len(registry.optimizers.plugins())
    assert [] == registry.faults(thorough=True)
    assert "opt3" in registry.optimizers
    assert "<Catalog of optimizers>" == repr(registry.optimizers)
    assert [] == [name for name in sys.modules if name.startswith("cats_")]
    registry.build({"type": "opt3", "config": {"lr": 0.2}})
    assert ["cats_3"] == [name for name in sys.modules if name.startswith("cats_")]


def test_a_record_says_what_metadata_says(site):
    """Name, kind, distribution, version, target, state; no error where all is well."""
    site.offer("my-clippers", "Norm", kind="clipper", version="2.1")
    (record,) = site.registry().clippers.plugins()
    assert ("Norm", "clipper", "my-clippers", "2.1", "my_clippers:Norm", "ok", None, None, None) == attrs.astuple(
        record
    )


def test_records_are_sorted_by_name_without_case(site):
    """Records stand in the order in which a reader looks for a name: upper and lower case are one."""
    site.offer("any", "beta", "Alpha", "Gamma", "alpha2")
    assert ["Alpha", "alpha2", "beta", "Gamma"] == [record.name for record in site.registry().optimizers.plugins()]


# -- the catalog as a mapping --------------------------------------------------------------------------------------


def test_a_catalog_is_a_mapping(site):
    """`in`, get, len, iteration and items agree."""
    site.offer("any", "Lion", "Adan")
    catalog = site.registry().optimizers
    assert isinstance(catalog, Mapping)
    assert (["Adan", "Lion"], 2) == (list(catalog), len(catalog))
    assert all(name in catalog and catalog[name] is cls for name, cls in catalog.items())
    assert catalog["Lion"] is catalog.get("lion")
    assert None is catalog.get("Tiger")
    assert "fallback" == catalog.get("Tiger", "fallback")


def test_a_broken_plugin_is_no_missing_one(site):
    """`get` does not hide behind its default that a plugin is there and cannot be used."""
    site.offer("any", "Lion", modules={"any": "raise ValueError"})
    catalog = site.registry().optimizers
    assert "Lion" in catalog
    with pytest.raises(PluginLoadError):
        catalog.get("Lion")


def test_a_blocked_plugin_is_not_in_the_catalog(site):
    """Using it says who keeps it out."""
    site.offer("any", "Lion")
    registry = site.registry(block=["Lion"])
    assert ("Lion" in registry.optimizers, list(registry.optimizers)) == (False, [])
    with pytest.raises(BlockedPluginError, match=r"the optimizer `Lion` of any 1.0 is blocked: block lists `Lion`"):
        registry.optimizers["Lion"]


def test_listing_three_hundred_plugins_reads_each_file_once(site):
    """Records cost in proportion to the plugins: METADATA of each is read once, whoever asks."""
    for number in range(300):
        site.add(f"p{number}", entry_points=f"{GROUP}A{number} = p:A\nB{number} = p:A\n")
    done = python_process(
        site,
        """
        import json, sys
        from optim_core import Registry
        folder, opened = sys.argv[1], []
        sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
        registry = Registry(path=[folder])
        for _ in range(3):
            assert 600 == len(registry.optimizers.plugins())
            assert 300 == len(registry.optimizers)
        print(json.dumps([file for file in opened if file.startswith(folder)]))
        """,
        str(site.folder),
    )
    assert ("", 0) == (done.stderr, done.code)
    assert 600 == len(done.json) == len(set(done.json))


# -- register ------------------------------------------------------------------------------------------------------


def test_what_is_registered_can_be_used_like_an_installed_one(site):
    """In this registry; its record says where it comes from."""
    site.offer("any", "Lion")
    registry = site.registry()
    registry.register("optimizer", "MyOpt", Mine)
    assert ["Lion", "MyOpt"] == list(registry.optimizers)
    assert registry.optimizers["my_opt"] is Mine
    assert ("MyOpt", 0.3) == (registry.build({"type": "myopt"}).type, registry.build({"type": "myopt"}).config.lr)
    record = registry.optimizers.plugins()[1]
    assert ("this process", None, f"{__name__}:Mine") == (record.distribution, record.version, record.target)


def test_a_notebook_can_register_again(site):
    """The cell that was changed and run again counts, however the name is written."""
    registry = site.registry()
    registry.register("optimizer", "MyOpt", Mine)
    assert Mine is registry.optimizers["MyOpt"]
    changed = attrs.make_class("Mine", {"lr": attrs.field(default=0.5)}, (Mine,), frozen=True, kw_only=True)
    registry.register("optimizer", "my-opt", changed)
    assert changed is registry.optimizers["MyOpt"]
    assert ["my-opt"] == list(registry.optimizers)


def test_an_installed_name_cannot_be_registered(site):
    """The error holds both ways out: another name, or leaving the installed one out."""
    site.offer("any", "Lion")
    with pytest.raises(DuplicatePluginError) as caught:
        site.registry().register("optimizer", "lion", Mine)
    assert (
        "any 1.0 offers the optimizer `Lion` already; register another name, or leave that one out: "
        'Registry(block=["any:Lion"])'
    ) == str(caught.value)
    registry = site.registry(block=["any:Lion"])
    registry.register("optimizer", "lion", Mine)
    assert Mine is registry.optimizers["Lion"]


def test_what_is_registered_stays_after_a_refresh(site):
    """Looking again at what is installed forgets nothing else."""
    registry = site.registry()
    registry.register("optimizer", "MyOpt", Mine)
    registry.refresh()
    assert Mine is registry.optimizers["MyOpt"]


def test_what_is_registered_in_one_registry_is_not_in_another(site):
    """There is no state outside the instances."""
    site.registry().register("optimizer", "MyOpt", Mine)
    assert "MyOpt" not in site.registry().optimizers
    assert "MyOpt" not in Registry().optimizers


@pytest.mark.parametrize(
    ("kind", "name", "cls", "problem"),
    [
        ("optimiser", "A", Mine, "there is no kind `optimiser`; the kinds are optimizer, scheduler, clipper"),
        ("optimizer", "", Mine, "'' cannot be a plugin's name"),
        ("optimizer", "a:b", Mine, "'a:b' cannot be a plugin's name"),
        ("optimizer", "a\u200b", Mine, r"'a\u200b' cannot be a plugin's name"),
        ("optimizer", None, Mine, "None cannot be a plugin's name"),
        ("optimizer", "A", int, "cannot register `A`: `int` is a class without attrs fields"),
        ("optimizer", "A", Mine(), "cannot register `A`: it names a Mine, not an attrs class"),
        ("scheduler", "A", Mine, "`Mine.build` cannot be called as that of a scheduler: too many positional"),
    ],
)
def test_what_cannot_be_registered(kind, name, cls, problem):
    """The mistake shows where it is made, not at the first use."""
    with pytest.raises(PluginError) as caught:
        Registry(path=[]).register(kind, name, cls)
    assert problem in str(caught.value)


# -- commands ------------------------------------------------------------------------------------------------------


def test_commands_are_listed_and_can_be_blocked(site):
    """They are entry points like others."""
    site.add("tool", entry_points={"optim_core.commands": {"train": "tool:train"}})
    (record,) = site.registry().commands()
    assert ("train", "command", "tool", "1.0", "tool:train", "ok", None) == attrs.astuple(record)
    (record,) = site.registry(block=["tool"]).commands()
    assert ("blocked", "block lists `tool`; take it out of Registry(block=…)") == (record.state, record.error)


def test_a_command_is_imported_when_it_is_used(site):
    """By its name, by a qualified one where that is ambiguous; a name that nothing has is no command."""
    source = "import click\n@click.command()\ndef train(): ...\n"
    site.add("tool", entry_points={"optim_core.commands": {"train": "tool:train"}}, modules={"tool": source})
    registry = site.registry()
    assert None is registry.command("test")
    assert "tool" not in sys.modules
    assert "train" == registry.command("train").name
    site.add("other", entry_points={"optim_core.commands": {"train": "gone:train"}})
    registry.refresh()
    with pytest.raises(DuplicatePluginError, match=r"other 1\.0 and tool 1\.0 each offer a command called `train`"):
        registry.command("train")
    assert {"ambiguous"} == {record.state for record in registry.commands()}
    assert "train" == registry.command("tool:train").name


def test_what_a_plugin_is_is_read_without_importing_it(site):
    """By the first line of its docstring, or what its provider says of it."""
    install_demo(site)
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    says = "    def summary(self, name): return f'What {name} is.'\n"
    site.add("optim-many", entry_points=targets, modules={"many_plugins": provider_source(["DemoDescent"]) + says})
    registry = site.registry()
    summaries = {record.name: registry.summary(record) for record in registry.plugins("optimizer")}

    assert "Demo descent: goes ≤ downhill (Doe 1999, arXiv:9901.00001)." == summaries["DemoDescent"]
    assert "What DemoDescent is." == summaries["many:DemoDescent"]
    assert "demo_plugins" not in sys.modules


def test_providers_are_listed_and_not_imported(site):
    """No list of records or commands imports a provider; once used, a broken one says so."""
    entry_points = {"optim_core.providers": {"zoo": "zoo:Provider"}}
    site.add("zoo", entry_points=entry_points, modules={"zoo": "raise ValueError"})
    registry = site.registry()
    assert (None, []) == (registry.command("train"), registry.commands())
    (record,) = registry.providers()
    assert ("zoo", "provider", "zoo", "1.0", "zoo:Provider", "ok", None) == attrs.astuple(record)
    assert [] == registry.optimizers.plugins()
    assert ["broken"] == [record.state for record in registry.providers()]
