"""`optim new`: a distribution with one plugin, written as a whole or not at all."""

from __future__ import annotations

import ast
import tomllib

import pytest
from cli_support import optim
from site_folder import provider_source

from optim_core import OptimError
from optim_core.cli.new.plugin_names import names_for
from optim_core.cli.writing import write_folder

KINDS = ("optimizer", "scheduler", "clipper")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "distribution", "package", "plugin"),
    [
        ("sign-sgd", "sign-sgd", "sign_sgd", "SignSgd"),
        ("sign_SGD", "sign-sgd", "sign_sgd", "SignSGD"),
        ("SignSGD", "sign-sgd", "sign_sgd", "SignSGD"),
        ("sophia", "sophia", "sophia", "Sophia"),
        ("AdamW2", "adam-w2", "adam_w2", "AdamW2"),
        ("optim-sophia", "optim-sophia", "optim_sophia", "Sophia"),
        ("My.Own--Curve", "my-own-curve", "my_own_curve", "MyOwnCurve"),
        ("a1b", "a1-b", "a1_b", "A1b"),
    ],
)
def test_one_name_gives_all(name, distribution, package, plugin):
    """The distribution is written with `-`, the package with `_`, and the class in capitals."""
    names = names_for(name)
    assert (distribution, package, plugin) == (names.distribution, names.package, names.plugin)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "cannot be the name of a distribution"),
        ("my lion", "cannot be the name of a distribution"),
        ("../lion", "cannot be the name of a distribution"),
        ("7up", "begins with a letter"),
        ("-lion", "cannot be the name of a distribution"),
        ("lion-", "cannot be the name of a distribution"),
        ("löwe", "cannot be the name of a distribution"),
        ("lion\n", "cannot be the name of a distribution"),
        ("x" * 41, "1 to 40 letters"),
        ("lambda", "is a keyword of Python"),
        ("none", "is a keyword of Python"),
        ("exception", "built into Python"),
        ("random", "is a module of Python"),
        ("attrs", "a package called `attrs` is installed"),
        ("optim-core", "a package called `optim_core` is installed"),
        ("optim-2", "begin it with a letter"),
    ],
)
def test_a_name_that_cannot_be_is_refused(here, name, reason):
    """It says why, and nothing is written."""
    done = optim("new", "--", name)
    assert 1 == done.code
    assert done.stderr.startswith("optim: ")
    assert reason in done.stderr
    assert [] == list(here.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written(here, kind):
    """A manifest with the entry point, a module of valid Python without optim-core, README, licence, a short test."""
    done = optim("new", "my-lion", "--kind", kind)
    folder = here / "my-lion"
    manifest = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    test = (folder / "tests/test_my_lion.py").read_text(encoding="utf-8")

    assert 0 == done.code
    assert "pip install -e ./my-lion 'optim-core[conformance]' pytest\n" in done.stdout
    assert ["optim-core[conformance]>=0.1", "pytest>=8.3"] == manifest["dependency-groups"]["test"]
    assert {f"optim_core.{kind}s": {"MyLion": "my_lion:MyLion"}} == manifest["project"]["entry-points"]
    for file in folder.rglob("*.py"):
        ast.parse(file.read_text(encoding="utf-8"))
    assert "optim_core" not in "".join(file.read_text(encoding="utf-8") for file in (folder / "src").rglob("*.py"))
    host = "optim-core" if kind == "optimizer" else "'optim-core[torch]'"
    assert f"pip install my-lion {host}\n" in (folder / "README.md").read_text(encoding="utf-8")
    assert len(test.splitlines()) <= 10
    assert "conformance_tests(MyLion)" in test
    assert "MIT License" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert {".gitignore", "LICENSE", "README.md", "pyproject.toml", "src", "tests"} == {
        file.name for file in folder.iterdir()
    }
    assert "$" not in "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("name", "beginning"), [("MIT", "MIT"), ("BSD-3-Clause", "BSD 3"), ("Apache-2.0", "Apache License")]
)
def test_the_licence_can_be_chosen(here, name, beginning):
    """The manifest names the licence whose text is beside it."""
    optim("new", "lion", "--license", name)
    manifest = tomllib.loads((here / "lion/pyproject.toml").read_text(encoding="utf-8"))
    assert name == manifest["project"]["license"]
    assert (here / "lion/LICENSE").read_text(encoding="utf-8").strip().startswith(beginning)


def test_the_folder_can_be_chosen(here):
    """`--directory` is the folder itself, which may be there if it is empty."""
    (here / "empty").mkdir()
    assert 0 == optim("new", "lion", "--directory", "empty").code
    assert 0 == optim("new", "lion", "--directory", str(here / "other")).code
    assert (here / "empty/pyproject.toml").read_bytes() == (here / "other/pyproject.toml").read_bytes()


def test_what_is_there_is_not_touched(here):
    """A folder with something in it, a file, a link, and a place without a folder above it are refused."""
    (here / "lion").mkdir()
    (here / "lion/notes").write_text("mine")
    (here / "file").write_text("mine")
    (here / "link").symlink_to(here / "nowhere")
    before = sorted(here.rglob("*"))

    for arguments, reason in [
        ((), "is there already and not empty"),
        (("--directory", "file"), "is there already and is no folder"),
        (("--directory", "link"), "is there already and is no folder"),
        (("--directory", "no/such/folder"), "there is no folder"),
    ]:
        done = optim("new", "lion", *arguments)
        assert 1 == done.code
        assert reason in done.stderr
    assert before == sorted(here.rglob("*"))


def test_the_folder_that_it_runs_in_is_refused(here):
    """An empty one is too: it would be another folder afterwards, and the shell still in the old one."""
    for directory in (".", "", str(here)):
        done = optim("new", "lion", "--directory", directory)
        assert 1 == done.code
        assert "is the folder that this runs in" in done.stderr
    assert [] == list(here.iterdir())


def test_the_name_of_a_distribution_is_refused(here, site):
    """Its packages may be called otherwise, as PyYAML's is yaml; pip would uninstall it for the new one."""
    site.add("Py_Zoo", version="2.1", modules={"zoo": ""})
    done = optim("new", "py-zoo")
    assert 1 == done.code
    assert "Py_Zoo 2.1 is installed, which pip would uninstall for the new one" in done.stderr
    assert "`my-py-zoo`" in done.stderr
    assert [] == list(here.iterdir())


def test_a_half_written_folder_is_never_there(here):
    """What cannot be written to its end leaves nothing behind."""
    with pytest.raises(OptimError, match="cannot be written"):
        write_folder(here / "lion", {"good": "text", "good/below": "a file where a folder should be"})
    assert [] == list(here.iterdir())


def test_a_name_that_a_plugin_has_is_told(here, site):
    """It is written, and the way to say which of the two is meant is named."""
    site.offer("zoo", "Lion")
    done = optim("new", "lion")
    assert 0 == done.code
    assert "Lion is the name of an installed optimizer already" in done.stderr
    assert "`lion:Lion`" in done.stderr
    assert "" == optim("new", "lion", "--kind", "clipper", "--directory", "other").stderr


def test_a_name_that_a_provider_offers_is_told(here, site):
    """The new plugin's entry point of its own wins; the other is reached by the provider."""
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    site.add("many", entry_points=targets, modules={"many_plugins": provider_source(["Lion"])})
    said = optim("new", "lion").stderr
    assert "`Lion` is the new one, and the other is `many:Lion`" in said
    assert "`lion:Lion`" not in said
