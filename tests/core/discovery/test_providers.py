"""Providers: many plugins behind one entry point."""

from __future__ import annotations

import sys
import warnings

import pytest
from site_folder import plugin_source, provider_source

from optim_core import BlockedPluginError, ConfigError, DuplicatePluginError, PluginLoadError
from optim_core.discovery.providers import MOST_NAMES


def provide(site, distribution, names, *, provider="zoo", target="Provider", source=None, **more):
    """Installs a distribution with a provider of optimizers of these names."""
    module = distribution.replace("-", "_")
    return site.add(
        distribution,
        entry_points={"optim_core.providers": {provider: f"{module}:{target}"}},
        modules={module: source or provider_source(names)},
        **more,
    )


def states(registry):
    return {record.name: record.state for record in registry.optimizers.plugins()}


@pytest.mark.parametrize("name", ["Lion", "lion", "zoo:Lion", "ZOO:li-on", "cat-house:Lion", "Cat_House:lion"])
def test_what_a_provider_offers_is_reached_by_name(site, name):
    """Plain, by the provider's name, and by the distribution's."""
    provide(site, "cat-house", ["Lion", "Tiger"])
    registry = site.registry()
    assert name in registry.optimizers
    assert "Lion" == registry.optimizers[name].__name__
    assert "Lion" == registry.build({"type": name}).type


def test_a_provider_may_be_an_object(site):
    """A class is called without arguments, anything else is taken as it is."""
    provide(site, "cat-house", [], target="ready", source=provider_source(["Lion"]) + "\nready = Provider()\n")
    assert ["Lion"] == list(site.registry().optimizers)


def test_its_records_say_which_provider_and_distribution(site):
    """The target is the provider's."""
    provide(site, "cat-house", ["Lion"], version="3.0")
    (record,) = site.registry().optimizers.plugins()
    assert ("Lion", "cat-house", "3.0", "cat_house:Provider", "zoo", "ok") == (
        record.name,
        record.distribution,
        record.version,
        record.target,
        record.provider,
        record.state,
    )


def test_a_provider_offers_one_kind(site):
    """Its names are in no other catalog."""
    provide(site, "clocks", [], source=provider_source(["Linear"], kind="scheduler"))
    registry = site.registry()
    assert ([], ["Linear"], []) == tuple(map(list, (registry.optimizers, registry.schedulers, registry.clippers)))


def test_no_provider_is_imported_for_a_name_that_an_entry_point_has(site):
    """Building one name imports one plugin module."""
    site.offer("direct", "Lion")
    provide(site, "cat-house", ["Tiger"])
    site.registry().build({"type": "lion"})
    assert (True, False) == ("direct" in sys.modules, "cat_house" in sys.modules)


def test_a_direct_entry_point_wins(site):
    """The provider's is still reached by the provider's name, and a spec of it shows that."""
    site.offer("direct", "Lion")
    provide(site, "cat-house", ["LION", "Tiger"])
    registry = site.registry()
    assert "direct" == registry.optimizers["LION"].__module__
    assert "cat_house" == registry.optimizers["zoo:lion"].__module__
    assert ["Lion", "Tiger", "zoo:LION"] == list(registry.optimizers)
    spec = registry.build({"type": "cat-house:lion"})
    assert "zoo:LION" == spec.type
    assert spec == registry.build(registry.to_config(spec))


def test_where_the_direct_one_is_blocked_the_providers_counts(site):
    """What is blocked does not count in any way; a block by name means both."""
    site.offer("direct", "Lion")
    provide(site, "cat-house", ["Lion"])
    assert "cat_house" == site.registry(block=["direct"]).optimizers["Lion"].__module__
    assert {"Lion": "blocked"} == states(site.registry(block=["Lion"]))
    with pytest.raises(BlockedPluginError, match=r"of direct 1\.0 is blocked"):
        site.registry(block=["lion"]).optimizers["Lion"]


def test_two_providers_of_one_name_are_ambiguous(site):
    """The error names both and the ways out, each of which works."""
    provide(site, "cat-house", ["Lion"])
    provide(site, "safari", ["Lion", "Gnu"], provider="park")
    registry = site.registry()
    with pytest.raises(DuplicatePluginError) as caught:
        registry.optimizers["Lion"]
    assert str(caught.value).startswith("cat-house 1.0 and safari 1.0 each offer an optimizer called `Lion`\n")
    assert "write `cat-house:Lion` or `safari:Lion`" in str(caught.value)
    assert {"Lion": "ambiguous", "Gnu": "ok"} == states(registry)
    assert ["Gnu", "park:Lion", "zoo:Lion"] == list(registry.optimizers)
    assert ["safari", "safari", "cat_house"] == [cls.__module__ for cls in registry.optimizers.values()]
    assert "safari" == registry.optimizers["safari:lion"].__module__
    assert "safari" == site.registry(prefer={"Lion": "safari"}).optimizers["Lion"].__module__
    assert "safari" == site.registry(block=["zoo"]).optimizers["Lion"].__module__


def test_what_an_entry_point_hides_is_listed_by_its_provider(site):
    """A record has the name that a config uses, whatever the state; hints for plain names are no longer for it."""
    site.offer("direct", "Lion")
    provide(site, "cat-house", ["LION", "Tiger"])
    registry = site.registry()
    assert {"Lion": "ok", "Tiger": "ok", "zoo:LION": "ok"} == states(registry)
    assert {"Lion": "ok", "Tiger": "ok", "zoo:LION": "blocked"} == states(site.registry(block=["zoo:LION"]))
    assert {"LION": "ok", "Lion": "blocked", "Tiger": "ok"} == states(site.registry(block=["direct"]))
    with pytest.raises(ConfigError, match=r"installed are: Lion, Tiger$"):
        registry.build({"type": "Puma"}, kind="optimizer")
    with pytest.raises(ConfigError, match="did you mean `Lion`"):
        registry.build({"type": "Lionn"}, kind="optimizer")
    with pytest.raises(ConfigError, match="did you mean `zoo:LION`"):
        registry.build({"type": "zoo:Lionn"}, kind="optimizer")


def test_what_an_entry_point_hides_of_two_providers_of_one_name_is_ambiguous(site):
    """The distributions tell them apart."""
    site.offer("direct", "Lion")
    provide(site, "cat-house", ["Lion"])
    provide(site, "dog-house", ["Lion"])
    registry = site.registry()
    records = [(record.name, record.distribution, record.state) for record in registry.optimizers.plugins()]
    assert [
        ("Lion", "direct", "ok"),
        ("zoo:Lion", "cat-house", "ambiguous"),
        ("zoo:Lion", "dog-house", "ambiguous"),
    ] == records
    assert ["cat-house:Lion", "dog-house:Lion", "Lion"] == list(registry.optimizers)
    assert ["cat_house", "dog_house", "direct"] == [cls.__module__ for cls in registry.optimizers.values()]


def test_a_preferred_provider_wins_over_an_entry_point(site):
    """What is asked for happens; the other is then reached by its distribution."""
    provide(site, "cat-house", ["Lion"])
    site.offer("safari", "Lion")
    plain, preferring = site.registry(), site.registry(prefer={"lion": "Cat_House"})
    assert ["safari", "cat_house"] == [one.optimizers["Lion"].__module__ for one in (plain, preferring)]
    assert ["Lion", "zoo:Lion"] == list(plain.optimizers)
    assert ["Lion", "safari:Lion"] == list(preferring.optimizers)
    assert ["zoo", None] == [record.provider for record in preferring.optimizers.plugins()]
    assert [] == preferring.faults()


@pytest.mark.parametrize("item", ["zoo:Lion", "ZOO:li*", "cat-house:lion", "*:Lion"])
def test_one_name_of_a_provider_is_blocked_and_allowed_as_a_config_writes_it(site, item):
    """By the provider's name or by the distribution's."""
    provide(site, "cat-house", ["Lion", "Tiger"])
    assert ["Tiger"] == list(site.registry(block=[item]).optimizers)
    assert ["Lion"] == list(site.registry(allow=[item]).optimizers)
    assert [] == site.registry(block=[item]).faults()
    with pytest.raises(BlockedPluginError):
        site.registry(block=[item]).optimizers["zoo:Lion"]


def test_two_providers_of_one_distribution_are_told_apart_by_their_names(site):
    """The distribution alone would not do."""
    site.add(
        "cat-house",
        entry_points={"optim_core.providers": {"old": "cats:Provider", "new": "cats2:Provider"}},
        modules={"cats": provider_source(["Lion"]), "cats2": provider_source(["Lion"])},
    )
    registry = site.registry()
    with pytest.raises(
        DuplicatePluginError, match=r"cat-house 1\.0 offers several (?s:.*)write `old:Lion` or `new:Lion`"
    ):
        registry.optimizers["Lion"]
    assert ["cats2", "cats"] == [registry.optimizers[name].__module__ for name in registry.optimizers]
    assert "new:Lion" == registry.build({"type": "new:lion"}).type


def test_names_that_differ_by_case_are_two(site):
    """Of a provider's names, as of entry points, an exact match wins and any other is ambiguous."""
    provide(site, "cat-house", ["Lion", "LION"])
    registry = site.registry()
    assert ("Lion", "LION") == (registry.optimizers["Lion"].__name__, registry.optimizers["LION"].__name__)
    with pytest.raises(DuplicatePluginError):
        registry.optimizers["lion"]


# -- allow and block -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"block": ["Lion"]}, ["Tiger"]),
        ({"block": ["cat-house:lion"]}, ["Tiger"]),
        ({"block": ["zoo"]}, []),
        ({"block": ["cat-house"]}, []),
        ({"block": ["cat-house:zoo"]}, []),
        ({"allow": ["cat-house"]}, ["Lion", "Tiger"]),
        ({"allow": ["zoo"]}, ["Lion", "Tiger"]),
        ({"allow": ["cat-house:Lion"]}, ["Lion"]),
        ({"allow": ["cat-house:zoo"]}, ["Lion", "Tiger"]),
        ({"allow": ["zoo"], "block": ["Tiger"]}, ["Lion"]),
    ],
)
def test_allow_and_block_mean_what_a_provider_offers(site, settings, left):
    """By its name, by the provider's, by the distribution's."""
    provide(site, "cat-house", ["Lion", "Tiger"])
    registry = site.registry(**settings)
    assert left == list(registry.optimizers)
    assert [] == registry.faults()


@pytest.mark.parametrize(
    "settings", [{"block": ["zoo"]}, {"block": ["cat-*"]}, {"allow": ["Lion"]}, {"allow": ["x:*"]}]
)
def test_a_provider_that_is_not_allowed_is_not_imported(site, settings):
    """Not even for its names: `allow` is what keeps others' code out."""
    provide(site, "cat-house", ["Lion"])
    registry = site.registry(**settings)
    with warnings.catch_warnings(action="ignore"):
        assert "Lion" not in registry.optimizers
    registry.faults()
    assert "cat_house" not in sys.modules


def test_a_name_that_is_kept_out_with_its_provider_gets_a_hint(site):
    """What it offers is not known, but that it is kept out is."""
    provide(site, "cat-house", ["Lion"])
    registry = site.registry(allow=["cat-house:Tiger"], block=["zoo"])
    with pytest.raises(KeyError, match=r"the provider `zoo` of cat-house 1\.0 is kept out by allow or block"):
        registry.optimizers["Lion"]


def test_a_provider_that_is_known_to_have_the_name_says_what_keeps_it_out(site):
    """And no line that installs what is installed."""
    site.add(
        "optim-bitsandbytes",
        entry_points={"optim_core.providers": {"bitsandbytes": "bytes_of_bits:Provider"}},
        modules={"bytes_of_bits": provider_source(["Adam8bit"])},
    )
    with pytest.raises(KeyError) as caught:
        site.registry(block=["optim-bitsandbytes"]).optimizers["Adam8bit"]
    assert "the provider `bitsandbytes` of optim-bitsandbytes 1.0 has it, and is kept out: block lists `optim" in str(
        caught.value
    )
    assert "pip install" not in str(caught.value)


# -- broken providers ----------------------------------------------------------------------------------------------

CLASS = "class Provider:\n    kind = 'optimizer'\n"
NO_NAMES = "    def names(self):\n        return []"
NAMES = CLASS + "    def names(self):\n        "
BROKEN = {
    "raises at import": ("raise SystemExit(2)", "SystemExit: 2"),
    "has no such object": ("import sys", "has no attribute 'Provider'"),
    "raises when it is made": (CLASS + "    def __init__(self):\n        1 / 0", "ZeroDivisionError"),
    "wants arguments": (CLASS + "    def __init__(self, x): ...", "TypeError"),
    "has no kind": ("class Provider:\n    def names(self):\n        return ['A']", "has no attribute 'kind'"),
    "has another kind": (f"class Provider:\n    kind = 'loss'\n{NO_NAMES}", "its kind is 'loss'"),
    "has a kind that is no text": (f"class Provider:\n    kind = []\n{NO_NAMES}", "its kind is []"),
    "has no names": (CLASS, "has no attribute 'names'"),
    "raises for its names": (NAMES + "raise KeyError('k')", "KeyError: 'k'"),
    "raises between its names": (NAMES + "yield 'A'\n        raise KeyError('k')", "KeyError: 'k'"),
    "gives names that are no texts": (NAMES + "return ['A', 3]", "its names() gave 3, which is no name"),
    "gives an empty name": (NAMES + "return ['']", "its names() gave '', which is no name"),
    "gives an invisible name": (NAMES + "return ['a\\u200b']", r"its names() gave 'a\u200b', which is no name"),
    "gives a qualified name": (NAMES + "return ['a:b']", "its names() gave 'a:b', which is no name"),
    "gives one text": (NAMES + "return 'Lion'", "its names() gave one text, not a list of names"),
    "gives nothing": (NAMES + "return None", "TypeError: 'NoneType' object is not iterable"),
    "gives a million names": (NAMES + "return (f'N{n}' for n in range(10**6))", "more than 10,000 names"),
    "never ends": (NAMES + "while True: yield 'A'", "more than 10,000 names"),
}


@pytest.mark.parametrize(("source", "cause"), BROKEN.values(), ids=BROKEN)
def test_a_broken_provider_harms_nothing_and_is_reported(site, source, cause):
    """It offers nothing; what is wrong with it is among the faults, with its distribution and entry point."""
    site.offer("good", "Good")
    provide(site, "fine-house", ["Gnu"], provider="fine")
    provide(site, "bad-house", [], source=source, version="2.0")
    registry = site.registry()
    assert ["Gnu", "Good"] == list(registry.optimizers)
    assert "Gnu" == registry.build({"type": "gnu"}).type
    assert "Good" == registry.build({"type": "good"}).type
    with pytest.raises(KeyError):
        registry.optimizers["Lion"]
    (fault,) = registry.faults()
    assert "bad-house" == fault.distribution
    assert fault.message.startswith("bad-house 2.0 cannot provide `zoo = bad_house:Provider`: ")
    assert cause in fault.message


def test_as_many_names_as_one_may_give(site):
    """Thousands of names are listed, found and suggested."""
    names = [f"N{number}" for number in range(MOST_NAMES)]
    source = f"{NAMES}return {names!r}\n    def load(self, name):\n        return Lion\n{plugin_source('Lion')}"
    provide(site, "large", [], source=source)
    registry = site.registry()
    assert MOST_NAMES == len(registry.optimizers)
    assert "Lion" == registry.optimizers["n9999"].__name__
    assert "n10000" not in registry.optimizers


def test_an_incompatible_provider_is_not_imported(site):
    """Its own requirements say that it does not fit."""
    provide(site, "cat-house", ["Lion"], requires=["optim-core>=99"])
    registry = site.registry()
    assert [] == list(registry.optimizers)
    (fault,) = registry.faults()
    assert "it needs optim-core>=99" in fault.message
    assert "cat_house" not in sys.modules


@pytest.mark.parametrize(
    ("load", "cause"),
    [
        ("raise SystemExit('never')", "SystemExit: never"),
        ("import not_there_at_all", "pip install --upgrade cat-house not_there_at_all"),
        ("return 3", "it names an int, not an attrs class"),
        ("return int", "`int` is a class without attrs fields"),
        ("return", "it names a NoneType, not an attrs class"),
    ],
)
def test_a_name_that_cannot_be_loaded_names_its_provider(site, load, cause):
    """The provider's other names are unharmed, and a second use says the same."""
    body = f"        if name == 'Good':\n            return Good\n        {load}\n"
    source = f"{NAMES}return ['Bad', 'Good']\n    def load(self, name):\n{body}{plugin_source('Good')}"
    provide(site, "cat-house", [], source=source)
    registry = site.registry()
    for _ in range(2):
        with pytest.raises(PluginLoadError) as caught:
            registry.optimizers["Bad"]
        message = "cat-house 1.0 cannot provide `Bad (provider zoo = cat_house:Provider)`: "
        assert str(caught.value).startswith(message)
        assert cause in str(caught.value)
    assert "Good" == registry.optimizers["Good"].__name__
    assert {"Bad": "broken", "Good": "ok"} == states(registry)


def test_what_a_provider_says_that_its_library_lacks_is_told_as_it_stands(site):
    """To install the provider again would change nothing."""
    body = "        raise LookupError('zoo.Bad is made from a model')\n"
    provide(site, "cat-house", [], source=f"{NAMES}return ['Bad']\n    def load(self, name):\n{body}")
    with pytest.raises(PluginLoadError) as caught:
        site.registry().optimizers["Bad"]
    assert (
        "cat-house 1.0 cannot provide `Bad (provider zoo = cat_house:Provider)`: zoo.Bad is made from a model"
    ) == str(caught.value)


def test_a_provider_whose_library_has_no_names_says_why(site):
    """A LookupError of `names` is what it says; a KeyError is its mistake, which its author mends."""
    provide(site, "cat-house", [], source=f"{NAMES}raise LookupError('no list; pip install zoo==2')")
    provide(site, "dog-house", [], provider="kennel", source=f"{NAMES}raise KeyError('list')")
    answer, mistake = (fault.message for fault in site.registry().faults())
    assert "cat-house 1.0 cannot provide `zoo = cat_house:Provider`: no list; pip install zoo==2" == answer
    assert "KeyError: 'list'; ask its author for a repair, or reinstall it: pip install --force-reinstall" in mistake


def test_an_interrupt_while_a_provider_is_imported_passes(site):
    """The provider is asked again later."""
    (site.folder / "shared.py").write_text("interrupt = True\n")
    top = "import shared\nif shared.interrupt:\n    raise KeyboardInterrupt"
    provide(site, "cat-house", [], source=provider_source(["Lion"], top=top))
    registry = site.registry()
    with pytest.raises(KeyboardInterrupt):
        list(registry.optimizers)
    sys.modules["shared"].interrupt = False
    assert ["Lion"] == list(registry.optimizers)


def test_a_provider_may_use_the_registry_while_it_is_imported(site):
    """It sees what the others offer, without endless recursion."""
    site.offer("good", "Good")
    (site.folder / "shared.py").write_text("registry = None\n")
    import shared

    shared.registry = registry = site.registry()
    top = "import shared\nseen = list(shared.registry.optimizers)\nfaults = shared.registry.faults()"
    provide(site, "cat-house", [], source=provider_source(["Lion"], top=top))
    assert ["Good", "Lion"] == list(registry.optimizers)
    assert (["Good"], []) == (sys.modules["cat_house"].seen, sys.modules["cat_house"].faults)


def test_what_a_provider_prints_is_left_as_it_is(site, capsys):
    """When it is imported, lists its names, or loads one: commands divert their output, and the library nothing."""
    source = provider_source(["Lion"], top="print('import')").replace("return [", "print('names'); return [")
    provide(site, "cat-house", [], source=source.replace("return globals", "print('load'); return globals"))
    site.registry().optimizers["Lion"]
    assert ("import\nnames\nload\n", "") == capsys.readouterr()


@pytest.mark.parametrize("name", ["zoo:Lion", "cat-house:Lion"])
def test_asking_a_broken_provider_by_name_says_what_is_wrong(site, name):
    """A qualified name whose provider cannot be imported raises the cause, with or without a kind."""
    provide(site, "cat-house", [], source="import a_module_that_is_missing")
    registry = site.registry()
    for arguments in ({}, {"kind": "optimizer"}):
        with pytest.raises(PluginLoadError, match=r"cat-house .*No module named 'a_module_that_is_missing'"):
            registry.build({"type": name}, **arguments)


def test_a_name_that_nothing_has_points_at_a_broken_provider(site):
    """What a broken provider would offer is not known, so the hint names its distribution."""
    provide(site, "cat-house", [], source="raise RuntimeError")
    with pytest.raises(KeyError, match="something is wrong with cat-house, see `optim doctor`"):
        site.registry().optimizers["Lion"]


def test_a_provider_is_asked_again_for_a_name_that_it_did_not_have(site):
    """What its library got since is found, by names and by listing."""
    source = provider_source(["Lion", "Tiger"]) + "\nnames = ['Lion']\nProvider.names = lambda self: list(names)\n"
    provide(site, "cat-house", [], source=source)
    registry = site.registry()
    assert ["Lion"] == list(registry.optimizers)
    sys.modules["cat_house"].names.append("Tiger")
    assert "Tiger" == registry.build({"type": "tiger"}).type
    assert ["Lion", "Tiger"] == list(registry.optimizers)


@pytest.mark.parametrize("misspelt", [0, 34, 120, 2_000])
def test_a_right_name_stays_known_beside_any_number_of_mistakes(site, misspelt):
    """What its library got since is found, whatever else is wrong with the config."""
    source = provider_source(["Lion", "Tiger"]) + "\nnames = ['Lion']\nProvider.names = lambda self: list(names)\n"
    provide(site, "cat-house", [], source=source)
    registry = site.registry()
    assert "Lion" in registry.optimizers
    sys.modules["cat_house"].names.append("Tiger")

    config = {f"a{number}": {"type": "Lion", "config": {"lrr": 1}} for number in range(misspelt)}
    with pytest.raises(ConfigError) as caught:
        registry.build({"optimizer_configs": {**config, "last": {"type": "tiger"}}, "no_such_key": 1})
    assert misspelt + 1 == len(caught.value.problems)
    assert {"unknown key"} == {problem.message for problem in caught.value.problems}


def test_providers_are_asked_again_once_for_a_config(site):
    """However many names there are that nothing has."""
    source = provider_source(["Lion"]) + "\nasked = []\nnames = Provider.names\n"
    source += "def counted(self):\n    asked.append(1)\n    return names(self)\nProvider.names = counted\n"
    provide(site, "cat-house", [], source=source)
    registry = site.registry()
    assert "Lion" in registry.optimizers
    before = len(sys.modules["cat_house"].asked)
    with pytest.raises(ConfigError):
        registry.build({"optimizer_configs": {f"a{number}": {"type": f"Puma{number}"} for number in range(500)}})
    assert before + 1 == len(sys.modules["cat_house"].asked)


LEAVES_OUT = """
def why_not(self, name):
    return {"Liger": "is made from a model"}[name] if name != "Puma" else None

Provider.why_not = why_not
"""


@pytest.mark.parametrize("name", ["Liger", "zoo:Liger", "cat-house:Liger"])
def test_a_provider_says_why_it_leaves_a_name_out(site, name):
    """Who asks for a name that the provider leaves out is told why."""
    provide(site, "cat-house", [], source=provider_source(["Lion"]) + LEAVES_OUT)

    with pytest.raises(ConfigError, match="`zoo` leaves Liger out: is made from a model"):
        site.registry().build({"type": name}, kind="optimizer")


def test_a_provider_of_another_name_is_not_asked_why(site):
    """With a qualifier, the provider that it names is the only one to speak."""
    provide(site, "cat-house", [], source=provider_source(["Lion"]) + LEAVES_OUT)
    provide(site, "dog-house", ["Lassie"], provider="kennel")

    with pytest.raises(ConfigError, match="`dog-house` has: Lassie"):
        site.registry().build({"type": "dog-house:Liger"}, kind="optimizer")


def test_a_provider_that_says_nothing_or_raises_leaves_the_hint_as_it_was(site):
    """The nearest name is told then; the one provider that was asked is told what it raises."""
    provide(site, "cat-house", [], source=provider_source(["Lion"]) + LEAVES_OUT)
    registry = site.registry()

    with pytest.raises(ConfigError, match="installed are: Lion"):
        registry.build({"type": "Puma"}, kind="optimizer")
    with pytest.raises(ConfigError, match="did you mean `Lion`"):
        registry.build({"type": "Lionn"}, kind="optimizer")
    with pytest.raises(ConfigError, match=r"`zoo` leaves Lionn out: .*KeyError"):
        registry.build({"type": "zoo:Lionn"}, kind="optimizer")
