"""Names to plugin classes: matching, duplicates, aliases, catalogs, and what is registered in this process."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import attrs
import pytest
from cli_support import python_process
from site_folder import SiteFolder, plugin_source

from optim_core import (
    BlockedPluginError,
    DuplicatePluginError,
    PluginError,
    PluginLoadError,
    Registry,
    SchedulerSpec,
    UnknownNameError,
    UnknownTypeError,
)

GROUP = "[optim_core.optimizers]\n"


@attrs.frozen(kw_only=True)
class Mine:
    """An optimizer of a notebook."""

    lr: float = 0.3

    def build(self, params):
        return self


def states(registry):
    return {f"{record.distribution}:{record.name}": record.state for record in registry.optimizers.plugins()}


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
    """As a reader looks for them."""
    site.offer("any", "beta", "Alpha", "Gamma", "alpha2")
    assert ["Alpha", "alpha2", "beta", "Gamma"] == [record.name for record in site.registry().optimizers.plugins()]


# -- matching ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["AdamW8", "adamw8", "ADAMW8", "adam_w-8", "-adamw8_", "my-plugin:adamw8", "My_Plugin:AdamW8"]
)
def test_a_name_matches_without_case_hyphen_and_underscore(site, name):
    """However it is written, the spec shows its canonical name; a qualified name matches in the same way."""
    site.offer("my-plugin", "AdamW8")
    registry = site.registry()
    assert name in registry.optimizers
    assert "AdamW8" == registry.optimizers[name].__name__
    assert "AdamW8" == registry.build({"type": name}).type


@pytest.mark.parametrize(
    "name", ["AdamW", "AdamW88", "", ":", "other:AdamW8", "my-plugin:", ":AdamW8", "my-plugin:x:y"]
)
def test_what_does_not_match(site, name):
    """Nothing is guessed."""
    site.offer("my-plugin", "AdamW8")
    registry = site.registry()
    assert name not in registry.optimizers
    with pytest.raises(UnknownNameError):
        registry.optimizers[name]


def test_an_exact_match_wins(site):
    """Names that differ by case only are different plugins when they are written exactly, and ambiguous when not."""
    site.offer("any", "Lion", "LION")
    registry = site.registry()
    assert "Lion" == registry.optimizers["Lion"].__name__
    assert "LION" == registry.optimizers["LION"].__name__
    assert {"any:Lion": "ok", "any:LION": "ok"} == states(registry)
    with pytest.raises(DuplicatePluginError, match=r"any 1\.0 offers several .* `lion`(?s:.*)write `Lion` or `LION`"):
        registry.optimizers["lion"]


def test_an_exact_match_wins_across_distributions(site):
    """`lion` and `Lion` of two distributions are two plugins."""
    site.offer("small", "lion")
    site.offer("large", "Lion")
    registry = site.registry()
    assert ("small", "large") == (
        registry.optimizers["lion"].__module__,
        registry.optimizers["Lion"].__module__,
    )
    with pytest.raises(DuplicatePluginError):
        registry.optimizers["LION"]


# -- several distributions -----------------------------------------------------------------------------------------


@pytest.fixture
def two_muons(site):
    site.offer("muon-a", "Muon", version="1.0")
    site.offer("muon-b", "Muon", version="2.0")
    return site


@pytest.mark.parametrize("use", [lambda registry: registry.optimizers["muon"], lambda r: r.build({"type": "muon"})])
def test_using_an_ambiguous_name_names_both_and_the_ways_out(two_muons, use):
    """Nothing is chosen silently: the error holds both distributions, the qualified names, and how to prefer one."""
    with pytest.raises(DuplicatePluginError) as caught:
        use(two_muons.registry())
    message = str(caught.value)
    assert message.startswith("muon-a 1.0 and muon-b 2.0 each offer an optimizer called `muon`\n")
    assert "write `muon-a:Muon` or `muon-b:Muon`" in message
    assert 'or set prefer: Registry(prefer={"Muon": "muon-a"}), OPTIM_CORE_PREFER=Muon=muon-a' in message


def test_an_ambiguous_name_is_listed_qualified(two_muons):
    """Its records say so with the same words, and what the catalog lists can be used."""
    registry = two_muons.registry()
    assert {"muon-a:Muon": "ambiguous", "muon-b:Muon": "ambiguous"} == states(registry)
    assert all("each offer an optimizer" in record.error for record in registry.optimizers.plugins())
    assert ["muon-a:Muon", "muon-b:Muon"] == list(registry.optimizers)
    assert ["muon_a", "muon_b"] == [cls.__module__ for cls in registry.optimizers.values()]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "muon-b:Muon"),
        ({}, "MUON_B:muon"),
        ({"block": ["muon-a"]}, "Muon"),
        ({"block": ["muon-a:Muon"]}, "muon"),
        ({"prefer": {"Muon": "muon-b"}}, "Muon"),
        ({"prefer": {"mu_on": "Muon_B"}}, "MUON"),
        ({"allow": ["muon-b"]}, "Muon"),
    ],
)
def test_each_way_out_of_an_ambiguity_works(two_muons, settings, name):
    """Qualifying, blocking, preferring, allowing."""
    assert "muon_b" == two_muons.registry(**settings).optimizers[name].__module__


def test_the_one_that_is_not_preferred_can_still_be_qualified(two_muons):
    """Preferring takes nothing away."""
    registry = two_muons.registry(prefer={"Muon": "muon-b"})
    assert "muon_a" == registry.optimizers["muon-a:Muon"].__module__
    assert ["Muon", "muon-a:Muon"] == list(registry.optimizers)


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": None},
        {"requires": ["optim-core>=99"]},
        {"entry_points": f"{GROUP}Muon = muon_c:Muon !!\n"},
        {"entry_points": f"{GROUP}Muon = muon_c:Muon [gone]\n", "requires": ['gone; extra == "gone"']},
    ],
    ids=["METADATA missing", "incompatible", "malformed", "unmet extra"],
)
def test_what_metadata_shows_to_be_unusable_makes_nothing_ambiguous(site, broken):
    """The healthy one is the only one that can be meant."""
    site.offer("muon-b", "Muon")
    site.offer("muon-c", "Muon", **broken)
    registry = site.registry()
    assert "muon_b" == registry.optimizers["Muon"].__module__
    assert "ok" == states(registry)["muon-b:Muon"]
    assert ["Muon"] == list(registry.optimizers)


def test_a_preferred_one_that_is_broken_is_not_replaced(site):
    """Who prefers it is told what is wrong with it."""
    site.offer("muon-b", "Muon")
    site.offer("muon-c", "Muon", metadata=None)
    with pytest.raises(
        PluginLoadError, match=r"muon-c 1\.0 cannot provide `Muon = muon_c:Muon`: its METADATA is missing"
    ):
        site.registry(prefer={"Muon": "muon-c"}).optimizers["Muon"]


def test_what_a_name_means_does_not_depend_on_what_was_used_before(site):
    """That one claimant failed at its import does not make the other one the answer."""
    site.offer("muon-a", "Muon")
    site.offer("muon-c", "Muon", modules={"muon_c": "raise ValueError"})
    registry = site.registry()
    with pytest.raises(PluginLoadError):
        registry.optimizers["muon-c:Muon"]
    with pytest.raises(DuplicatePluginError):
        registry.optimizers["Muon"]
    assert {"muon-a:Muon": "ambiguous", "muon-c:Muon": "broken"} == states(registry)


def test_one_name_for_two_kinds_is_no_ambiguity(site):
    """Each catalog has its own names; only a bare component has to say its kind."""
    site.offer("a", "Linear")
    site.offer("b", "Linear", kind="scheduler")
    registry = site.registry()
    assert ("a", "b") == (registry.optimizers["linear"].__module__, registry.schedulers["linear"].__module__)
    assert "Linear" == registry.build({"type": "linear"}, kind="scheduler").type


def test_a_name_that_is_blocked_for_one_kind_means_the_other(site):
    """A bare component needs no kind where one only can be meant."""
    site.offer("a", "Linear")
    site.offer("b", "Linear", kind="scheduler")
    assert isinstance(site.registry(block=["a"]).build({"type": "linear"}), SchedulerSpec)
    with pytest.raises(BlockedPluginError, match="the scheduler `Linear` of b"):
        site.registry(block=["b"], allow=["b"]).build({"type": "Linear"}, kind="scheduler")


# -- aliases and spec.type -----------------------------------------------------------------------------------------


def test_several_names_of_one_class_are_aliases(site):
    """The records say of which, the catalog lists the plugin once, and a spec shows the canonical name."""
    site.offer("lion", "Lion", entry_points=f"{GROUP}sign = lion:Lion\nLion = lion:Lion\n")
    registry = site.registry()
    assert {"Lion": None, "sign": "Lion"} == {record.name: record.alias_of for record in registry.optimizers.plugins()}
    assert ["Lion"] == list(registry.optimizers)
    assert "SIGN" in registry.optimizers
    assert "Lion" == registry.build({"type": "SIGN"}).type


def test_without_a_name_like_its_class_the_first_is_canonical(site):
    """In the order of the file."""
    site.offer("lion", "Lion", entry_points=f"{GROUP}signed = lion:Lion\nsgn = lion:Lion\n")
    assert "signed" == site.registry().build({"type": "sgn"}).type


def test_a_spec_shows_a_name_that_builds_it_again(two_muons):
    """Qualified where the plain name is ambiguous or means another."""
    two_muons.offer("muon-c", "Muon", entry_points=f"{GROUP}Muon = muon_c:Muon\nunique = muon_c:Muon\n")
    for settings, name, shown in [
        ({}, "muon-b:muon", "muon-b:Muon"),
        ({}, "muon-c:muon", "unique"),
        ({"prefer": {"Muon": "muon-a"}}, "muon-b:Muon", "muon-b:Muon"),
        ({"prefer": {"Muon": "muon-b"}}, "muon-b:Muon", "Muon"),
        ({"block": ["muon-a", "muon-c"]}, "muon-b:Muon", "Muon"),
    ]:
        registry = two_muons.registry(**settings)
        spec = registry.build({"type": name})
        assert shown == spec.type
        assert spec == registry.build(registry.to_config(spec))
        assert name.partition(":")[0].replace("-", "_") == type(spec.config).__module__


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


def test_an_unknown_name_is_a_key_error_and_an_attribute_error_with_a_suggestion(site):
    """Old code catches either, and a reader sees the right name and whose it is."""
    site.offer("any", "Lion", version="2.0")
    for error in (KeyError, AttributeError, UnknownTypeError):
        with pytest.raises(error) as caught:
            site.registry().optimizers["Loin"]
        assert "no optimizer is called `Loin`\n    did you mean `Lion` (any 2.0)?" == str(caught.value)


def test_without_a_near_name_all_are_listed(site):
    """What there is, is the next best hint."""
    site.offer("any", "Lion", "Adan")
    with pytest.raises(KeyError, match="installed are: Adan, Lion"):
        site.registry().optimizers["Xyzzy"]
    with pytest.raises(KeyError, match="none is installed; try pip install"):
        Registry(path=[]).optimizers["Xyzzy"]


def test_a_wrong_distribution_gets_the_right_one_suggested(site):
    """The hint for a qualified name is a qualified name."""
    site.offer("optim-lion", "Lion")
    with pytest.raises(KeyError, match="did you mean `optim-lion:Lion`"):
        site.registry().optimizers["optim-loin:Lion"]


def test_a_name_of_another_kind_is_said_to_be_one(site):
    """A schedule in the place of an optimizer."""
    site.offer("any", "Cosine", kind="scheduler")
    with pytest.raises(KeyError, match="`cosine` is a scheduler, not an optimizer"):
        site.registry().optimizers["cosine"]


def test_an_unknown_name_is_shown_escaped_and_short(site):
    """A config cannot colour a terminal or flood it."""
    with pytest.raises(KeyError) as caught:
        Registry(path=[]).optimizers["\x1b[31m\u202e" + "x" * 10**6]
    message = str(caught.value)
    assert r"\x1b[31m\u202e" in message
    assert len(message) < 200


@pytest.mark.parametrize("name", [None, 3, b"Lion", ("Lion",), float("nan"), []])
def test_what_is_no_text_is_no_name(site, name):
    """It is not in the catalog, and indexing is a KeyError."""
    site.offer("any", "Lion")
    catalog = site.registry().optimizers
    assert name not in catalog
    assert None is catalog.get(name)


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


def test_providers_are_listed_and_not_imported(site):
    """Neither for their records nor for a command's; once used, a broken one says so."""
    entry_points = {"optim_core.providers": {"zoo": "zoo:Provider"}}
    site.add("zoo", entry_points=entry_points, modules={"zoo": "raise ValueError"})
    registry = site.registry()
    assert (None, []) == (registry.command("train"), registry.commands())
    (record,) = registry.providers()
    assert ("zoo", "provider", "zoo", "1.0", "zoo:Provider", "ok", None) == attrs.astuple(record)
    assert [] == registry.optimizers.plugins()
    assert ["broken"] == [record.state for record in registry.providers()]


def test_the_helper_of_these_tests_installs_what_it_says(tmp_path):
    """A folder that importlib.metadata reads as pip's."""
    import importlib.metadata

    SiteFolder(tmp_path).offer("my-plugin", "Lion", version="2.0", requires=["attrs"])
    (found,) = importlib.metadata.distributions(path=[str(tmp_path)])
    assert ("my-plugin", "2.0", ["attrs"]) == (found.name, found.version, found.requires)
    assert "class Lion" in plugin_source("Lion")


def test_a_name_of_an_extra_is_answered_with_the_command_that_installs_it(site):
    """Where nothing installed has a name, and an extra would, or would have a near one, the hint is its pip line."""
    with pytest.raises(UnknownTypeError, match=r"it comes with pip install 'optim-core\[torch\]'"):
        site.registry().build({"type": "ada-delta"})
    with pytest.raises(UnknownTypeError, match=r"it comes with pip install 'optim-core\[torch\]'"):
        site.registry().build({"optimizer": {"type": "torch.optim.SGD"}})
    with pytest.raises(UnknownTypeError, match=r"did you mean `AdamW` \(pip install 'optim-core\[torch\]'\)\?"):
        site.registry().build({"type": "AdmW"})


def test_what_is_installed_is_not_offered_from_an_extra(site):
    """A name that a distribution has, usable or not, has its own hint."""
    site.offer("any", "AdamW")
    with pytest.raises(UnknownTypeError, match=r"did you mean `AdamW` \(any 1.0\)"):
        site.registry().build({"type": "AdmW"})
