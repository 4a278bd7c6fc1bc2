"""Whether a distribution admits the installed optim-core, and which extras are unmet."""

from __future__ import annotations

import pytest

from optim_core import IncompatiblePluginError, __version__
from optim_core.discovery.requirements import against_core, unmet


@pytest.mark.parametrize("version", ["0.1.0", "1.4.2"])
@pytest.mark.parametrize(
    "requirement",
    [
        "optim-core",
        "optim-core>=0.1",
        "optim-core>=0.1.0.0",
        "optim-core<2,>=0.1",
        "optim-core >= 0.1 , < 2.0.0",
        "Optim_Core>=0.1",
        "optim.core (>=0.1)",
        "optim-core[torch]>=0.1",
        "optim--core>=0.1",
        "  optim-core  ",
        "optim-core!=9",
        'optim-core>=99; python_version < "3"',
        'optim-core>=99; extra == "future"',
        'optim-core>=0.1; python_version >= "3"',
        "optim-core @ https://example.org/optim_core.whl",
        "optim-core-extras>=99",
        "optim-core2>=99",
        "optim>=99",
        "not a requirement of ours >>>",
        "",
    ],
)
def test_what_admits_the_installed_version(requirement, version):
    """Odd spelling, extras and markers that do not apply admit it; other distributions are passed over."""
    assert against_core([requirement], version) is None


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("optim-core>=2", "1.4.2"),
        ("optim-core<1.4.2", "1.4.2"),
        ("optim-core<1.4.2.0", "1.4.2"),
        ("Optim_Core (>=2)", "1.4.2"),
        ("optim.core>=2", "1.4.2"),
        ("optim-core[torch]>=2", "1.4.2"),
        ("optim-core==1.4", "1.4.2"),
        ("optim-core~=1.3.0", "1.4.2"),
        ("optim-core<1,>=0.1", "1.4.2"),
        ('optim-core>=2; python_version >= "3"', "1.4.2"),
        ("optim-core>=2", "2.0rc1"),
        ("optim-core>=2", "2.0.dev3"),
        ("optim-core<2", "2.0"),
    ],
)
def test_what_does_not_admit_it(requirement, version):
    """The reason holds what is wanted and what is there."""
    assert against_core(["attrs", requirement], version).startswith("it needs optim-core")
    assert against_core([requirement], version).endswith(f", and optim-core {version} is installed")


@pytest.mark.parametrize("version", ["0.2.0.dev1", "0.2.0rc1", "0.2.0.post1", "0.2.0+local"])
def test_a_prerelease_is_a_version(version):
    """One who installed it wants it to be used."""
    assert against_core(["optim-core>=0.1", "optim-core<1,>=0.1"], version) is None


@pytest.mark.parametrize(
    "requirement",
    [
        "optim-core >= 0.1 0.2",
        "optim-core>>1",
        "optim-core>=",
        "optim-core >=0.1;",
        "optim-core>=0.1,,<2",
        "optim-core[",
        "optim-core>=0. 1",
    ],
)
def test_a_malformed_one_is_reported(requirement):
    """It is no crash, and not silently taken for fitting."""
    assert against_core([requirement], "0.1.0").startswith(f"its requirement {requirement!r} is malformed: ")


def test_each_requirement_counts():
    """Several lines on optim-core must all admit it."""
    assert against_core(["optim-core>=0.1", "optim-core<0.1"], "0.1.0") is not None


def test_an_incompatible_plugin_is_known_before_it_is_imported(site):
    """Its record says so, using it is an error that names both versions, and its module is not imported."""
    site.offer("next-plugin", "Lion", requires=["optim-core>=99"], modules={"next_plugin": "raise SystemExit"})
    registry = site.registry()
    (record,) = registry.optimizers.plugins()
    why = f"it needs optim-core>=99, and optim-core {__version__} is installed; "
    why += "pip install --upgrade next-plugin optim-core"
    assert ("incompatible", why) == (record.state, record.error)
    assert [] == list(registry.optimizers)
    with pytest.raises(IncompatiblePluginError, match=f"the optimizer `Lion` of next-plugin 1.0 cannot be .*: {why}"):
        registry.optimizers["Lion"]


def test_a_malformed_requirement_on_optim_core_makes_it_unusable(site):
    """What it needs cannot be known."""
    site.offer("odd-plugin", "Lion", requires=["optim-core >= 0.1 0.2"])
    with pytest.raises(
        IncompatiblePluginError, match=r"odd-plugin 1\.0 cannot be used: its requirement .* is malformed"
    ):
        site.registry().optimizers["Lion"]


def test_another_malformed_requirement_is_not_our_business(site):
    """Only requirements on optim-core are read where no extra is asked for."""
    site.offer("odd-plugin", "Lion", requires=["some thing >>> 3"])
    assert "Lion" == site.registry().optimizers["Lion"].__name__


@pytest.mark.parametrize(
    ("requirement", "missing"),
    [
        ('fast-thing>=2; extra == "fast"', []),
        ('Fast.Thing<3; extra == "fast"', []),
        ('fast-thing>=3; extra == "fast"', ["fast-thing>=3"]),
        ('gone; extra == "fast"', ["gone"]),
        ('gone; extra == "Fast"', ["gone"]),
        ('gone; extra == "slow"', []),
        ('gone; extra == "fast" and python_version < "3"', []),
        ("gone", []),
        ('odd-version>=1; extra == "fast"', ["odd-version>=1"]),
    ],
)
def test_what_an_extra_needs(requirement, missing):
    """Only what the extra adds counts, whatever the spelling."""
    assert missing == unmet([requirement], ["fast"], {"fast-thing": "2.5", "odd-version": "of the day"}, "mine")


@pytest.mark.parametrize(
    ("missing", "requirements"),
    [
        (["nothere"], ['mypkg[a]; extra == "all"', 'nothere; extra == "a"']),
        (["nothere"], ['nothere; extra == "a"', 'MyPkg[a]; extra == "b"', 'MYPKG[B]; extra == "all"']),
        (["one", "two"], ['mypkg[a,b]; extra == "all"', 'one; extra == "a"', 'two; extra == "b"']),
        (["nothere"], ['mypkg[all]; extra == "a"', 'mypkg[a]; extra == "all"', 'nothere; extra == "a"']),
        ([], ['mypkg[a]; extra == "all"', 'nothere; extra == "b"']),
        ([], ['another[a]; extra == "all"', 'nothere; extra == "a"']),
    ],
)
def test_an_extra_may_ask_for_others_of_its_own_distribution(missing, requirements):
    """They are followed, in circles too; those of another distribution are its own business."""
    assert missing == unmet(requirements, ["all"], {"mypkg": "1", "another": "1"}, "MyPkg")


def test_an_extra_of_extras_that_is_not_met_is_known_before_the_import(site):
    """The record names what is missing and the extra to install."""
    entry_points = {"optim_core.optimizers": {"Lion": "lion:Lion [all]"}}
    requires = ['lion[fast]; extra == "all"', 'nothere; extra == "fast"']
    site.offer("lion", "Lion", entry_points=entry_points, requires=requires)
    (record,) = site.registry().optimizers.plugins()
    assert "it needs nothere, which is not installed: pip install 'lion[all]'" == record.error


def test_an_extra_that_is_met_is_no_trouble(site):
    """What it needs is looked for beside the plugin."""
    site.add("fast-thing", version="2.5")
    entry_points = {"optim_core.optimizers": {"Lion": "lion:Lion [fast]"}}
    site.offer("lion", "Lion", entry_points=entry_points, requires=['fast-thing>=2; extra == "fast"'])
    assert "Lion" == site.registry().optimizers["Lion"].__name__
