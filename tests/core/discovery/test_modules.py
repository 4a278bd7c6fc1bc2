"""A module that somebody names is there, is not, or cannot be known to be."""

import pytest

from optim_core.plugin_tools import module_exists


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `of_a_user` with the module `inner`, and the package `half`, which lacks another module."""
    for name, text in [("of_a_user", ""), ("half", "import not_installed_anywhere\n")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text, encoding="utf-8")
        (tmp_path / name / "inner.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "is_there"),
    {
        "of_a_user": True,
        "of_a_user.inner": True,
        "half": True,
        "__main__": True,
        "of_a_user.outer": False,
        "of_an_user": False,
        "of_an_user.inner": False,
        "json.decoder.x": False,
        "..": False,
        ".json": False,
        "json.": False,
    }.items(),
)
def test_a_module_is_found_without_being_imported(name, is_there):
    """At the top, in a package, in none."""
    assert is_there == module_exists(name)


@pytest.mark.usefixtures("package")
def test_what_a_package_lacks_is_not_the_absence_of_what_is_in_it():
    """A module of a package that imports what is not installed may well be there."""
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        module_exists("half.inner")
