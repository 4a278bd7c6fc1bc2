"""Which plugin a name means: matching, several distributions of one name, aliases."""

from __future__ import annotations

import pytest

from optim_core import (
    BlockedPluginError,
    DuplicatePluginError,
    PluginLoadError,
    SchedulerSpec,
    UnknownNameError,
)

GROUP = "[optim_core.optimizers]\n"


def states(registry):
    return {f"{record.distribution}:{record.name}": record.state for record in registry.optimizers.plugins()}


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
    """A claimant that failed at its import does not make the other one the answer."""
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
