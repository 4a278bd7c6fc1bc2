"""Installed distributions, as importlib.metadata finds them, one by one."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import zipfile

import pytest

from optim_core import Registry
from optim_core.discovery.distributions import installed
from optim_core.discovery.scan import scan

GROUP = "[optim_core.optimizers]\n"


def names(path, told=None):
    """The names of what is installed there, in the order in which it is found."""
    errors = [] if told is None else told
    return [source.name for source in installed(path, lambda where, error: errors.append((where, error)))]


class Carried(importlib.metadata.Distribution):
    """A distribution that lies in no folder, such as those of a frozen application."""

    def __init__(self, name, entry_points=""):
        self.files_by_name = {"METADATA": f"Name: {name}\nVersion: 5.0\n\n", "entry_points.txt": entry_points}

    def read_text(self, filename):
        return self.files_by_name.get(filename)

    def locate_file(self, path):
        raise NotImplementedError


class Carrier:
    """A finder of these distributions."""

    def __init__(self, *distributions):
        self.distributions = distributions
        self.asked = 0

    def find_spec(self, *_):
        return None

    def find_distributions(self, context):
        self.asked += 1
        return iter(self.distributions)


class Failing(Carrier):
    """A finder that always fails."""

    def find_distributions(self, context):
        raise RuntimeError("no such luck")


def test_all_that_importlib_finds_is_found():
    """On the real sys.path the metadata folders are those of importlib.metadata, each once."""
    ours = [source.location for source in installed(sys.path, lambda *_: None)]
    theirs = {str(distribution._path) for distribution in importlib.metadata.distributions()}
    assert theirs == set(ours)
    assert len(theirs) == len(ours)


def test_an_entry_point_is_the_one_that_importlib_reads(site):
    """Where a file is well-formed, the library and we say the same of each of its lines."""
    folder = site.offer("zoo", "Gnu", "Ape", entry_points=f"# two\n{GROUP}Gnu = zoo:Gnu\n  Ape=zoo:Ape[fast]\n")
    points = [claim.point for claim in scan([str(site.folder)]).claims]
    assert list(importlib.metadata.Distribution.at(folder).entry_points) == points


def test_folders_and_names_keep_their_order(site, tmp_path):
    """First as the path has the folders, then by name, whatever the file system says."""
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "zebra-1.0.dist-info").mkdir()
    for name in ("gnu", "ape", "cat"):
        site.add(name)
    assert ["zebra", "ape", "cat", "gnu"] == names([str(earlier), str(site.folder)])


def test_what_was_installed_a_moment_ago_is_found(site):
    """A new distribution is found where the folder's time stamp, which importlib.metadata trusts, is old."""
    site.add("one")
    stamp = site.folder.stat().st_mtime_ns
    assert ["one"] == names([str(site.folder)])
    site.add("two")
    os.utime(site.folder, ns=(stamp, stamp))
    assert ["one", "two"] == names([str(site.folder)])


@pytest.mark.parametrize("place", [0, 99], ids=["first", "last"])
def test_a_finder_of_others_is_asked_once(site, monkeypatch, place):
    """It answers for the whole path, in the order of ``sys.meta_path``, as the library asks it."""
    site.offer("good", "Good")
    carrier = Carrier(Carried("frozen", f"{GROUP}Cold = frozen:Cold\n"), Carried("ice", f"{GROUP}Ice = ice:Ice\n"))
    finders = list(sys.meta_path)
    finders.insert(place, carrier)
    monkeypatch.setattr(sys, "meta_path", finders)
    found = scan([str(site.folder), str(site.folder.parent)])
    order = ["Good", "Cold", "Ice"] if place else ["Cold", "Ice", "Good"]
    assert (order, [], 1) == ([claim.name for claim in found.claims], found.faults, carrier.asked)


def test_a_folder_that_two_finders_know_counts_once(site, monkeypatch):
    """A second finder, such as a backport's of importlib.metadata, makes no second claim."""
    site.offer("good", "Good")
    twin = Carrier(importlib.metadata.Distribution.at(site.folder / "good-1.0.dist-info"))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, twin])
    found = scan([str(site.folder)])
    assert (["Good"], []) == ([claim.name for claim in found.claims], found.faults)


@pytest.mark.parametrize("place", [0, 99], ids=["first", "last"])
def test_a_finder_that_fails_harms_only_itself(site, monkeypatch, place):
    """It is a fault, and what lies in folders is found all the same."""
    site.offer("good", "Good")
    finders = list(sys.meta_path)
    finders.insert(place, Failing())
    monkeypatch.setattr(sys, "meta_path", finders)
    registry = Registry(path=[str(site.folder)])
    assert ["Good"] == list(registry.optimizers)
    (fault,) = registry.faults()
    assert "sys.meta_path" == fault.distribution
    assert "a finder on sys.meta_path fails (RuntimeError: no such luck)" in fault.message


def test_a_distribution_that_raises_harms_only_itself(site, monkeypatch):
    """A stranger's way to read metadata is a stranger's code."""
    site.offer("good", "Good")
    bad = Carried("frozen", f"{GROUP}Cold = frozen:Cold\n")
    del bad.files_by_name
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Carrier(bad)])
    registry = Registry(path=[str(site.folder)])
    assert ["Good"] == list(registry.optimizers)
    (fault,) = registry.faults()
    assert "its entry_points.txt cannot be read (AttributeError: " in fault.message


def test_a_damaged_zip_file_harms_only_what_is_damaged_in_it(site):
    """The other distributions in it, and those in folders, are read."""
    site.offer("good", "Good")
    archive = site.folder / "zipped.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("bad-4.0.dist-info/METADATA", "Name: bad\nVersion: 4.0\n\n")
        file.writestr("bad-4.0.dist-info/entry_points.txt", f"{GROUP}Bad = zipped:Bad\n")
        file.writestr("well-4.0.dist-info/METADATA", "Name: well\nVersion: 4.0\n\n")
        file.writestr("well-4.0.dist-info/entry_points.txt", f"{GROUP}Well = zipped:Well\n")
    archive.write_bytes(archive.read_bytes().replace(b"Bad = zipped:Bad", b"Bad = zipped:Bat"))
    found = scan([str(archive), str(site.folder)])
    assert ["Well", "Good"] == [claim.name for claim in found.claims]
    (fault,) = found.faults
    assert "bad" == fault.distribution
    assert "its entry_points.txt cannot be read (BadZipFile: Bad CRC-32" in fault.message


def test_a_link_that_leads_nowhere_is_no_file_and_one_in_a_circle_is_a_fault(site):
    """The one is as good as not there; of the other nobody can say what it would hold."""
    (site.add("nowhere") / "entry_points.txt").symlink_to("gone.txt")
    circle = site.add("circle") / "entry_points.txt"
    circle.symlink_to(circle)
    (fault,) = scan([str(site.folder)]).faults
    assert "circle" == fault.distribution
    assert "its entry_points.txt cannot be read (Too many levels of symbolic links)" in fault.message


def test_what_can_be_no_path_is_a_fault(site):
    """A null character stops importlib.metadata; the folders after it are read."""
    told = []
    site.add("good")
    assert ["good"] == names(["a\0b", str(site.folder)], told)
    ((where, error),) = told
    assert ("a\0b", ValueError) == (where, type(error))
