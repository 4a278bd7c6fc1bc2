"""Allow, block and prefer, as arguments and as environment variables."""

from __future__ import annotations

import pytest

from optim_core import BlockedPluginError, DuplicatePluginError, OptimError, Registry

GROUP = "[optim_core.optimizers]\n"


@pytest.fixture
def folder(site):
    site.offer("big-cats", "Lion", "Tiger")
    site.offer("small-cats", "Lion", "Ocelot")
    return site


def usable(registry):
    return list(registry.optimizers)


BLOCKED = [
    (["big-cats"], ["Lion", "Ocelot"]),
    (["Big.Cats"], ["Lion", "Ocelot"]),
    (["*cats"], []),
    (["*"], []),
    (["tiger"], ["big-cats:Lion", "Ocelot", "small-cats:Lion"]),
    (["Lion"], ["Ocelot", "Tiger"]),
    (["big_cats:LION"], ["Lion", "Ocelot", "Tiger"]),
    (["big-cats:*"], ["Lion", "Ocelot"]),
    (["*:lion"], ["Ocelot", "Tiger"]),
    (["small-cats:Tiger"], ["big-cats:Lion", "Ocelot", "small-cats:Lion", "Tiger"]),
    (["big-cats", "Ocelot"], ["Lion"]),
    ([], ["big-cats:Lion", "Ocelot", "small-cats:Lion", "Tiger"]),
]
ALLOWED = [
    (["big-cats"], ["Lion", "Tiger"]),
    (["small*"], ["Lion", "Ocelot"]),
    (["tiger", "ocelot"], ["Ocelot", "Tiger"]),
    (["Big-Cats:lion"], ["Lion"]),
    (["nothing"], []),
]


@pytest.mark.parametrize(("block", "left"), BLOCKED)
def test_block_takes_out_what_it_means(folder, block, left):
    """Distributions, plugin names, one plugin of one distribution; `*` is a wildcard, spelling is free."""
    assert left == usable(folder.registry(block=block))


@pytest.mark.parametrize(("allow", "left"), [*ALLOWED, ([], [])])
def test_allow_leaves_only_what_it_means(folder, allow, left):
    """An empty list allows nothing."""
    assert left == usable(folder.registry(allow=allow))


@pytest.mark.parametrize(("block", "left"), BLOCKED)
def test_block_can_be_a_variable(folder, monkeypatch, block, left):
    """Items with commas between them; spaces do not matter."""
    monkeypatch.setenv("OPTIM_CORE_BLOCK", " , ".join(block))
    assert left == usable(folder.registry())


@pytest.mark.parametrize(("allow", "left"), ALLOWED)
def test_allow_can_be_a_variable(folder, monkeypatch, allow, left):
    """Items with commas between them."""
    monkeypatch.setenv("OPTIM_CORE_ALLOW", ",".join(allow))
    assert left == usable(folder.registry())


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_an_empty_variable_is_as_good_as_none(folder, monkeypatch, value):
    """Shells and job files set variables to nothing to take them away."""
    for name in ("ALLOW", "BLOCK", "PREFER"):
        monkeypatch.setenv(f"OPTIM_CORE_{name}", value)
    assert ["big-cats:Lion", "Ocelot", "small-cats:Lion", "Tiger"] == usable(folder.registry())


def test_prefer_can_be_a_variable(folder, monkeypatch):
    """Items of the form Name=distribution."""
    monkeypatch.setenv("OPTIM_CORE_PREFER", "Tiger = big-cats , lion=Small_Cats")
    assert "small_cats" == folder.registry().optimizers["Lion"].__module__


def test_an_argument_stands_in_for_its_variable(folder, monkeypatch):
    """What the program says counts more than what the environment says; the others still count."""
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "Tiger")
    monkeypatch.setenv("OPTIM_CORE_PREFER", "Lion=big-cats")
    assert ["Lion", "Ocelot", "small-cats:Lion", "Tiger"] == usable(folder.registry(block=[]))


def test_block_wins_over_allow(folder):
    """What both mean is out."""
    assert ["Tiger"] == usable(folder.registry(allow=["big-cats"], block=["Lion"]))


def test_a_blocked_name_says_which_setting_keeps_it_out(folder):
    """The error names the plugin's distribution and the item, and ends with the repair."""
    with pytest.raises(BlockedPluginError) as caught:
        folder.registry(block=["tig*"]).build({"type": "Tiger"})
    assert ("big-cats", "1.0") == (caught.value.distribution, caught.value.version)
    assert (
        "the optimizer `Tiger` of big-cats 1.0 is blocked: block lists `tig*`; take it out of Registry(block=…)"
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("reason", "variables", "settings"),
    [
        ("block lists `tig*`; take it out of Registry(block=…)", {"BLOCK": "Tiger"}, {"block": ["tig*"]}),
        ("block lists `tig*`; take it out of OPTIM_CORE_BLOCK", {"BLOCK": "lion,tig*"}, {}),
        ("block lists `tig*`; take it out of OPTIM_CORE_BLOCK", {"BLOCK": "tig*"}, {"allow": []}),
        (
            "allow lists only `small-cats`, `Lion`; add `big-cats:Tiger` to Registry(allow=…)",
            {"ALLOW": "Tiger"},
            {"allow": ["small-cats", "Lion"]},
        ),
        ("allow lists only `small-cats`; add `big-cats:Tiger` to OPTIM_CORE_ALLOW", {"ALLOW": "small-cats"}, {}),
        ("allow lists nothing; add `big-cats:Tiger` to Registry(allow=…)", {"ALLOW": "Tiger"}, {"allow": []}),
    ],
)
def test_the_repair_names_the_setting_that_counts(folder, monkeypatch, reason, variables, settings):
    """Which of the argument and the variable keeps a plugin out: changing the other one would do nothing."""
    for name, value in variables.items():
        monkeypatch.setenv(f"OPTIM_CORE_{name}", value)
    registry = folder.registry(**settings)
    (record,) = [record for record in registry.optimizers.plugins() if record.name == "Tiger"]
    assert ("blocked", reason) == (record.state, record.error)
    with pytest.raises(BlockedPluginError) as caught:
        registry.optimizers["Tiger"]
    assert str(caught.value).endswith(reason)


def test_a_registry_without_more(folder, monkeypatch):
    """It keeps the settings, the variables and what is registered; the one that it comes from stays as it is."""
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "small-cats")
    registry = folder.registry(allow=["*cats", "Cub"])
    registry.register("optimizer", "Cub", folder.registry(block=[]).optimizers["Tiger"])
    fewer = registry.without(["Lion"])
    assert (["Cub", "Lion", "Tiger"], ["Cub", "Tiger"], ["Cub"]) == (
        usable(registry),
        usable(fewer),
        usable(fewer.without(["Tiger"])),
    )
    with pytest.raises(BlockedPluginError, match=r"block lists `Lion`; take it out of Registry\.without\(…\)"):
        fewer.optimizers["Lion"]
    with pytest.raises(OptimError, match=r"without takes a list of names; write \['Lion'\]"):
        registry.without("Lion")


def test_a_blocked_record_says_why(folder):
    """It stays in the list, so that one can see that it is there."""
    record = next(r for r in folder.registry(block=["Tiger"]).optimizers.plugins() if r.name == "Tiger")
    assert ("blocked", "block lists `Tiger`; take it out of Registry(block=…)") == (record.state, record.error)


def test_a_blocked_plugin_cannot_be_reached_by_its_other_names(site):
    """A name in `block` means the plugin, not the name; one in `allow` too."""
    site.offer("any", "Lion", "Adan", entry_points=f"{GROUP}Lion = any:Lion\nsign = any:Lion\nAdan = any:Adan\n")
    assert ["Adan"] == usable(site.registry(block=["sign"]))
    with pytest.raises(BlockedPluginError):
        site.registry(block=["Lion"]).optimizers["sign"]
    assert "Lion" == site.registry(allow=["sign"]).build({"type": "Lion"}).type


def test_a_blocked_exact_match_leaves_the_loose_one(site):
    """What is blocked does not count in any way."""
    site.offer("small", "lion")
    site.offer("large", "Lion")
    assert "large" == site.registry(block=["small"]).optimizers["lion"].__module__


def test_a_preference_counts_more_than_an_exact_match(site):
    """prefer is about a name, however it is written."""
    site.offer("small", "lion")
    site.offer("large", "Lion")
    assert "small" == site.registry(prefer={"Lion": "small"}).optimizers["Lion"].__module__


def test_a_preference_for_what_is_not_there_decides_nothing(folder):
    """The name stays ambiguous, and the setting is reported."""
    registry = folder.registry(prefer={"Lion": "no-cats"})
    with pytest.raises(DuplicatePluginError):
        registry.optimizers["Lion"]
    (fault,) = registry.faults()
    assert ("settings", "prefer names `no-cats` for `lion`, which it does not provide") == (
        fault.distribution,
        fault.message,
    )


def test_settings_that_mean_nothing_installed_are_reported(folder):
    """A misspelt item of `block` blocks nothing, which somebody should know."""
    registry = folder.registry(block=["big-cat", "Ocelot"], allow=["*cats", "dogs:*"])
    assert [
        "allow lists `dogs:*`, which means nothing that is installed",
        "block lists `big-cat`, which means nothing that is installed",
    ] == [fault.message for fault in registry.faults()]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"allow": "Lion"}, r"allow takes a list of names; write \['Lion'\]"),
        ({"block": "Lion"}, r"block takes a list of names; write \['Lion'\]"),
        ({"block": ["Lion", ""]}, "block takes a list of names, and '' is none"),
        ({"allow": [3]}, "allow takes a list of names, and 3 is none"),
        ({"prefer": ["Lion=cats"]}, "prefer takes a mapping"),
        ({"prefer": {"Lion": 3}}, "prefer takes a mapping"),
    ],
)
def test_a_malformed_setting_is_refused_where_it_is_made(settings, problem):
    """Not at the first use, far away."""
    with pytest.raises(OptimError, match=problem):
        Registry(**settings)


@pytest.mark.parametrize("value", ["Lion", "Lion=", "=cats", "Lion=cats,Tiger"])
def test_a_malformed_variable_is_an_error_at_the_first_use(folder, monkeypatch, value):
    """A silently ignored preference would choose for the user."""
    monkeypatch.setenv("OPTIM_CORE_PREFER", value)
    with pytest.raises(OptimError, match=r"OPTIM_CORE_PREFER: .* is not of the form Name=distribution"):
        folder.registry().optimizers["Tiger"]


def test_settings_may_be_any_iterable(folder):
    """A generator is used up once, and counts as often as the registry asks."""
    registry = folder.registry(block=(name for name in ["Tiger"]))
    registry.refresh()
    assert "Tiger" not in registry.optimizers
    registry.refresh()
    assert "Tiger" not in registry.optimizers


# -- which kinds an allow list is about ----------------------------------------------------------------------------


@pytest.fixture
def two_kinds(site):
    """A distribution with two optimizers and a scheduler, and one with a scheduler."""
    site.offer(
        "cats",
        "Lion",
        "Tiger",
        "Purr",
        entry_points=f"{GROUP}Lion = cats:Lion\nTiger = cats:Tiger\n[optim_core.schedulers]\nPurr = cats:Purr\n",
    )
    site.offer("dogs", "Bark", entry_points="[optim_core.schedulers]\nBark = dogs:Bark\n")
    return site


@pytest.mark.parametrize(
    ("allow", "optimizers", "schedulers"),
    [
        (["Lion"], ["Lion"], ["Bark", "Purr"]),
        (["L*"], ["Lion"], ["Bark", "Purr"]),
        (["cats:Lion"], ["Lion"], ["Bark", "Purr"]),
        (["Lion", "Bark"], ["Lion"], ["Bark"]),
        (["cats"], ["Lion", "Tiger"], ["Purr"]),
        (["Lion", "dogs"], ["Lion"], ["Bark"]),
        ([], [], []),
    ],
)
def test_names_in_allow_leave_the_other_kinds_alone(two_kinds, allow, optimizers, schedulers):
    """A list of optimizers keeps out other optimizers; a distribution in it, or nothing, is about all kinds."""
    registry = two_kinds.registry(allow=allow)
    assert optimizers == usable(registry)
    assert schedulers == [record.name for record in registry.schedulers.plugins() if record.state == "ok"]


def test_an_item_of_allow_that_means_nothing_is_a_warning(two_kinds):
    """Once, when something is first looked for; alone it keeps out all kinds."""
    registry = two_kinds.registry(allow=["Lyon", "Tiger"])
    with pytest.warns(UserWarning, match="allow lists `Lyon`, which means nothing that is installed"):
        assert "Tiger" == registry.build({"type": "Tiger"}).type
    with pytest.raises(BlockedPluginError, match="allow lists only `Lyon`, `Tiger`; add `cats:Lion`"):
        registry.build({"type": "Lion"})
    alone = two_kinds.registry(allow=["Lyon"])
    with pytest.warns(UserWarning, match="Lyon"), pytest.raises(BlockedPluginError):
        alone.build({"type": "Bark"}, kind="scheduler")
