"""What is installed, read from metadata alone: claims, and faults of what cannot be read."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile

import pytest
from site_folder import SiteFolder, plugin_source

from optim_core import (
    Registry,
)
from optim_core.discovery.scan import deletion, scan

GROUP = "[optim_core.optimizers]\n"


def claims(site, **arguments):
    return [(claim.kind, claim.name, claim.value) for claim in scan([str(site.folder)], **arguments).claims]


def faults(site, **arguments):
    return [(fault.distribution, fault.message) for fault in scan([str(site.folder)], **arguments).faults]


def test_a_claim_says_what_its_entry_point_and_metadata_say(site):
    """Kind and name, the target, and the distribution with its version."""
    site.offer("my-plugin", "Lion", version="2.1")
    (claim,) = scan([str(site.folder)]).claims
    assert ("optimizer", "Lion", "my_plugin:Lion") == (claim.kind, claim.name, claim.value)
    assert ("my-plugin", "2.1", "my-plugin 2.1") == (claim.distribution, claim.version, claim.label)


def test_every_group_gives_its_kind(site):
    """Optimizers, schedulers, clippers, providers and commands; others' groups give nothing."""
    groups = ("optimizers", "schedulers", "clippers", "providers", "commands")
    site.add("many", entry_points={"console_scripts": {"x": "y:z"}, **{f"optim_core.{g}": {g: "m:C"} for g in groups}})
    kinds = {claim.name: claim.kind for claim in scan([str(site.folder)]).claims}
    assert {group: group[:-1] for group in groups} == kinds


def test_the_installed_environment_is_what_importlib_sees():
    """On the real sys.path the distributions that have entry points of ours are those of importlib.metadata."""
    ours = {claim.distribution for claim in scan().claims}
    theirs = {
        distribution.name
        for distribution in importlib.metadata.distributions()
        if any(entry_point.group.startswith("optim_core.") for entry_point in distribution.entry_points)
    }
    assert theirs == ours


def test_spaces_comments_and_line_ends_do_not_matter(site):
    """Files written by hand or on Windows say the same."""
    text = "# made by hand\r\n[ optim_core.optimizers ]\r\n\r\n Lion=lion : Lion [ fast ] \r\n; end\r\n"
    site.add("lion", entry_points=text)
    (claim,) = scan([str(site.folder)]).claims
    assert ("lion:Lion", "lion", "Lion", ["fast"]) == (
        claim.value.partition("[")[0],
        claim.module,
        claim.attribute,
        claim.extras,
    )


def test_names_of_one_class_are_aliases(site):
    """The canonical name is the class's own; where no name is, the first one."""
    site.add("a", entry_points=f"{GROUP}lion = m:Lion\nLion = m:Lion\nsign = n:Sgd2\nsgn = n : Sgd2\nFoo = n:Foo\n")
    found = {claim.name: claim.canonical for claim in scan([str(site.folder)]).claims}
    assert {"lion": "Lion", "Lion": "Lion", "sign": "sign", "sgn": "sign", "Foo": "Foo"} == found


def test_a_line_that_stands_twice_with_one_target_counts_once(site):
    """Only two different targets contradict each other."""
    site.add("a", entry_points=f"{GROUP}Lion = m:Lion\nLion = m: Lion\n")
    assert [("optimizer", "Lion", "m:Lion")] == claims(site)
    assert scan([str(site.folder)]).claims[0].fault is None


@pytest.mark.parametrize(
    "name",
    ["Ada\u200bm", "\u202enoiL", "\ufeffLion", "Li\u00a0on", "a:b", "--", "\u2066x\u2069", "a\x07b"],
    ids=ascii,
)
def test_a_name_that_cannot_be_seen_is_broken(site, name):
    """Zero-width, direction-changing and control characters never make a usable name, and are shown escaped."""
    site.add("sly", entry_points=f"{GROUP}{name} = m:Lion\n")
    (claim,) = scan([str(site.folder)]).claims
    assert "invisible characters" in claim.fault
    assert claim.fault.isprintable()
    (record,) = site.registry().optimizers.plugins()
    assert ("broken", True) == (record.state, record.name.isprintable())
    assert [] == list(site.registry().optimizers)


def test_a_name_in_another_script_is_a_name(site):
    """Letters read from right to left are letters."""
    site.offer("lion", "Lion", entry_points=f"{GROUP}אריה = lion:Lion\n")
    assert "Lion" == site.registry().optimizers["אריה"].__name__


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe[\x00o\x00", "its entry_points.txt is not UTF-8 text, so what it offers is unknown; reinstall it: "),
        ("Lion = m:Lion\n[optim_core.optimizers]\n", "line 1 of its entry_points.txt stands above the first [group]"),
        ("[optim_core.optimizer]\nLion = m:Lion\n", "has a group [optim_core.optimizer], which optim-core"),
        (f"{GROUP}= m:Lion\n", "has a name that is empty"),
    ],
    ids=["binary", "no section", "a group misspelt", "no name"],
)
def test_what_cannot_be_read_is_a_fault(site, content, problem):
    """It claims no name, so what remains is to say whose it is; others are unharmed."""
    site.offer("good", "Good")
    site.add("bad-plugin", entry_points=content)
    ((distribution, message),) = faults(site)
    assert "bad-plugin" == distribution
    assert problem in message
    assert ["Good"] == list(site.registry().optimizers)


def test_entry_points_that_are_a_folder_are_a_fault(site):
    """A folder in place of the file is reported, and harms nothing else."""
    site.offer("good", "Good")
    (site.add("bad-plugin") / "entry_points.txt").mkdir()
    ((distribution, message),) = faults(site)
    assert "bad-plugin" == distribution
    assert "its entry_points.txt cannot be read (Is a directory)" in message
    assert [("optimizer", "Good", "good:Good")] == claims(site)


def test_a_fault_stands_beside_the_hint_for_an_unknown_name(site):
    """What could not be read may be what the name is missing for."""
    site.add("bad-plugin", entry_points=b"\xff\xfe")
    with pytest.raises(KeyError, match="something is wrong with bad-plugin, see `optim doctor`"):
        site.registry().optimizers["Lion"]


def test_strangers_are_not_looked_at_unless_asked(site):
    """A malformed line in another project's group is not our business, but `doctor` wants to know what stops torch."""
    site.add("stranger", entry_points="[other.group]\nno equals sign\nfoo = not a target at all\n")
    assert [] == faults(site)
    ((distribution, message),) = faults(site, thorough=True)
    assert "stranger" == distribution
    assert "line 2 of its entry_points.txt has no `=`" in message


def test_an_egg_info_is_a_distribution(site):
    """Older tools leave such a folder, with PKG-INFO in place of METADATA."""
    site.offer("old-plugin", "Lion", version="3.0", info="old_plugin-3.0-py3.11.egg-info")
    assert ["Lion"] == list(site.registry().optimizers)
    (record,) = site.registry().optimizers.plugins()
    assert ("old-plugin", "3.0") == (record.distribution, record.version)


def test_an_egg_folder_is_a_distribution(site):
    """An unzipped egg on sys.path holds its metadata in EGG-INFO."""
    egg = site.folder / "old_plugin-3.0-py3.11.egg"
    egg.mkdir()
    site.offer("old-plugin", "Lion", version="3.0", info=f"{egg.name}/EGG-INFO")
    (record,) = Registry(path=[str(egg)]).optimizers.plugins()
    assert ("old-plugin", "3.0") == (record.distribution, record.version)


def test_an_egg_info_file_is_no_trouble(site):
    """distutils wrote a file of that name, which can hold no entry points."""
    (site.folder / "ancient-1.0.egg-info").write_text("Name: ancient\n")
    assert ([], []) == (claims(site), faults(site))


def test_a_distribution_in_a_zip_file_is_found(site, monkeypatch):
    """What importlib.metadata finds beyond plain folders counts too."""
    archive = site.folder / "zipped.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-4.0.dist-info/METADATA", "Name: zipped\nVersion: 4.0\n\n")
        file.writestr("zipped-4.0.dist-info/entry_points.txt", f"{GROUP}Lion = zipped:Lion\n")
        file.writestr("zipped.py", plugin_source("Lion"))
    monkeypatch.syspath_prepend(str(archive))
    registry = Registry(path=[str(archive)])
    assert "Lion" == registry.optimizers["Lion"].__name__
    assert "4.0" == registry.optimizers.plugins()[0].version


class _Finder:
    """A finder as frozen applications have them; it knows one distribution."""

    @staticmethod
    def find_spec(*_):
        return None

    @staticmethod
    def find_distributions(context):
        return [_Frozen()] if context.name is None else []


class _Frozen(importlib.metadata.Distribution):
    def read_text(self, filename):
        if filename == "METADATA":
            return "Name: frozen\nVersion: 5.0\n\n"
        return f"{GROUP}Cold = frozen:Cold\n" if filename == "entry_points.txt" else None

    def locate_file(self, path):
        raise NotImplementedError


def test_a_finder_of_others_is_asked(site, monkeypatch):
    """A distribution that lies in no folder is found, and those in folders are not found twice."""
    site.offer("good", "Good")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, _Finder])
    found = scan([str(site.folder)])
    assert ["Good", "Cold"] == [claim.name for claim in found.claims]
    assert ("frozen 5.0", []) == (found.claims[1].label, found.faults)


def test_a_distribution_hidden_by_an_earlier_folder_is_reported(site, tmp_path):
    """Python takes the first; where the two differ, somebody wonders which."""
    site.offer("my-plugin", "Old")
    later = tmp_path / "later"
    later.mkdir()
    (later / "My.Plugin-2.0.dist-info").mkdir()
    (later / "My.Plugin-2.0.dist-info" / "METADATA").write_text("Name: My.Plugin\nVersion: 2.0\n")
    (later / "My.Plugin-2.0.dist-info" / "entry_points.txt").write_text(f"{GROUP}New = m:New\n")
    registry = Registry(path=[str(site.folder), str(later)])
    assert ["Old"] == list(registry.optimizers)
    (fault,) = registry.faults()
    assert "My.Plugin" == fault.distribution
    assert f"My.Plugin 2.0 in {later}" in fault.message
    assert f"is hidden by my-plugin 1.0 in {site.folder}" in fault.message
    assert fault.message.endswith("remove one of the two: pip uninstall My.Plugin")


def test_one_that_hides_its_equal_in_another_folder_is_no_fault(site, tmp_path):
    """A virtual environment over the system's packages is meant that way."""
    site.offer("my-plugin", "Lion")
    below = tmp_path / "below"
    (below / "my_plugin-0.9.dist-info").mkdir(parents=True)
    (below / "my_plugin-0.9.dist-info" / "METADATA").write_text("Name: my-plugin\nVersion: 0.9\n")
    (below / "my_plugin-0.9.dist-info" / "entry_points.txt").write_bytes(
        (site.folder / "my_plugin-1.0.dist-info" / "entry_points.txt").read_bytes()
    )
    assert [] == Registry(path=[str(site.folder), str(below)]).faults()


def test_a_path_that_is_listed_twice_hides_nothing(site):
    """sys.path often has a folder twice."""
    site.offer("my-plugin", "Lion")
    path = [str(site.folder), str(site.folder)]
    assert (1, []) == (len(scan(path).claims), scan(path).faults)


@pytest.mark.parametrize(("stale", "current"), [("1.9", "1.10"), ("2.0rc1", "2.0"), ("not a version", "1.0")])
def test_of_two_metadata_folders_in_one_folder_the_newest_counts(site, stale, current):
    """A stale one is reported, even where both say the same."""
    site.offer("my-plugin", "Lion", version=stale)
    site.offer("my-plugin", "Lion", version=current)
    found = scan([str(site.folder)])
    assert [f"my-plugin {current}"] == [claim.label for claim in found.claims]
    (fault,) = found.faults
    assert f"my-plugin {stale} in " in fault.message
    assert "pip uninstall my-plugin" in fault.message


def test_a_stale_folder_without_metadata_hides_nothing(site):
    """What an uninstall left behind is not what is installed, whatever its version."""
    site.offer("my-plugin", "Lion", version="1.0")
    site.add("my-plugin", version="9.0", metadata=None)
    (claim,) = scan([str(site.folder)]).claims
    assert ("my-plugin 1.0", None) == (claim.label, claim.source.fault)


@pytest.mark.parametrize("place", ["beside", "earlier"])
@pytest.mark.parametrize("entry_points", [None, f"{GROUP}Tiger = my_plugin:Tiger\n"], ids=["empty", "with entries"])
def test_a_folder_without_metadata_is_told_with_what_mends_it(site, tmp_path, place, entry_points):
    """Beside the whole one, and in a folder before it; with it deleted all is well, and nothing else is gone."""
    site.offer("my-plugin", "Lion", version="1.0")
    earlier = tmp_path / "the earlier"
    earlier.mkdir()
    left = type(site)(earlier) if place == "earlier" else site
    left.add("my-plugin", version="9.0", metadata=None, entry_points=entry_points)
    path = [str(earlier), str(site.folder)]
    registry = Registry(path=path)
    assert ["Lion"] == list(registry.optimizers)
    (fault,) = registry.faults()
    stale = left.folder / "my_plugin-9.0.dist-info"
    assert "broken" == fault.state
    assert fault.message.endswith(f"is whole; delete that folder: {deletion(str(stale))}")
    subprocess.run(["sh", "-c", fault.message.rpartition(": ")[2]], check=True)
    mended = Registry(path=path)
    assert (["Lion"], []) == (list(mended.optimizers), mended.faults())


def test_what_an_interrupted_pip_left_behind_offers_nothing(site):
    """pip renames a folder that it is about to delete; METADATA in it still has the name."""
    site.offer("my-plugin", "Lion", version="2.0")
    site.add("my-plugin", version="1.0", info="~y_plugin-1.0.dist-info", entry_points=f"{GROUP}Lion = my_plugin:Lion\n")
    assert "2.0" == site.registry().optimizers.plugins()[0].version
    (fault,) = site.registry().faults()
    assert "an interrupted pip left" in fault.message


def test_a_folder_that_cannot_be_listed_is_a_fault(site):
    """The other folders of sys.path are read all the same."""
    site.offer("good", "Good")
    loop = site.folder.parent / "loop"
    loop.symlink_to(loop)
    registry = Registry(path=[str(loop), str(site.folder)])
    assert ["Good"] == list(registry.optimizers)
    (fault,) = registry.faults()
    assert (str(loop), str(loop)) == (fault.distribution, fault.location)
    assert "cannot be read" in fault.message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_a_fault(site):
    """A folder on sys.path that cannot be listed, such as another user's, is a fault that names it."""
    closed = site.folder.parent / "closed"
    closed.mkdir(mode=0)
    (fault,) = Registry(path=[str(closed)]).faults()
    assert "Permission denied" in fault.message


def test_what_is_not_there_is_no_fault(site):
    """sys.path holds folders and files that do not exist, and objects that are no text."""
    (site.folder / "note.txt").write_text("not a zip file")
    path = [str(site.folder / "gone"), str(site.folder / "python311.zip"), str(site.folder / "note.txt"), None, b"x"]
    assert ([], []) == (scan(path).claims, scan(path).faults)


def test_a_relative_path_is_a_path(site, monkeypatch):
    """ "" is the current folder, as in sys.path."""
    site.offer("good", "Good")
    monkeypatch.chdir(site.folder)
    assert ["Good"] == [claim.name for claim in scan([""]).claims]


@pytest.mark.parametrize(
    "metadata",
    [
        "Metadata-Version: 2.1\r\nName: my-plugin\r\nVersion: 1.0\r\n\r\nName: other\r\n",
        "version:1.0\nNAME :  my-plugin\nClassifier: a\n b\n\nrest",
        b"Name: my-plugin\nVersion: 1.0\n\ncaf\xe9",
    ],
    ids=["Windows", "odd case and folding", "a description in Latin-1"],
)
def test_metadata_in_odd_forms_is_read(site, metadata):
    """Only the headers count, in any case and with any line end."""
    site.offer("my-plugin", "Lion", metadata=metadata)
    (claim,) = scan([str(site.folder)]).claims
    assert ("my-plugin 1.0", None) == (claim.label, claim.source.fault)


def test_a_name_in_metadata_is_shown_escaped(site):
    """A distribution cannot colour or reverse what a terminal shows."""
    site.offer("my-plugin", "Lion", metadata="Name: my\x1b[31m\nVersion: 1\u202e0\n")
    (record,) = site.registry().optimizers.plugins()
    assert (r"my\x1b[31m", r"1\u202e0") == (record.distribution, record.version)


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("my_plugin-1.0.dist-info", "my-plugin", "1.0"),
        ("my-plugin-1.0.dist-info", "my-plugin", "1.0"),
        ("My.Plugin-1.0.dist-info", "my-plugin", "1.0"),
        ("my_plugin.dist-info", "my-plugin", None),
        ("my_plugin-1.0-py3.11-linux.egg-info", "my-plugin", "1.0"),
        ("my_plugin.egg-info", "my-plugin", None),
    ],
)
def test_without_metadata_the_folder_says_whose_it_is(site, folder, name, version):
    """The record of a broken distribution still names it."""
    site.add("any", info=folder, metadata=None, entry_points=f"{GROUP}Lion = m:Lion\n")
    (record,) = site.registry().optimizers.plugins()
    assert ("broken", name, version) == (record.state, record.distribution, record.version)


def test_the_helper_of_these_tests_installs_what_it_says(tmp_path):
    """A folder that importlib.metadata reads as pip's."""
    import importlib.metadata

    SiteFolder(tmp_path).offer("my-plugin", "Lion", version="2.0", requires=["attrs"])
    (found,) = importlib.metadata.distributions(path=[str(tmp_path)])
    assert ("my-plugin", "2.0", ["attrs"]) == (found.name, found.version, found.requires)
    assert "class Lion" in plugin_source("Lion")
