"""The tests of the core stand where the modules stand that they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCES = TESTS.parents[1] / "core" / "src" / "optim_core"

# What is about no single module, and why.
ACROSS_MODULES = {
    "test_docstrings.py": "the examples in the docstrings of all modules",
    "test_house.py": "the imports between all modules",
    "test_import_time.py": "what the whole of the core imports",
    "test_layout.py": "where tests stand",
    "cli/test_process.py": "the command as a process of its own",
    "compat/test_from_config.py": "a document that others wrote, function by function",
    "compat/test_imports.py": "what the package imports, and what it names",
    "config/formats/test_toml.py": "reading, places and faults of one format",
    "discovery/test_broken_plugins.py": "every way to be broken, from the import to the record",
}


def mirrored(test):
    """The module or package that a test's place and name stand for, None where there is none."""
    name = test.stem.removeprefix("test_")
    folder = SOURCES / test.relative_to(TESTS).parent
    candidates = [folder / f"{name}.py", folder / name / "__init__.py"]
    if folder.name == name:
        candidates.append(folder / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@pytest.mark.parametrize(
    "test",
    [test for test in sorted(TESTS.rglob("test_*.py")) if test.relative_to(TESTS).as_posix() not in ACROSS_MODULES],
    ids=lambda test: test.relative_to(TESTS).as_posix(),
)
def test_a_test_module_has_the_place_and_name_of_what_it_tests(test):
    """`config/test_builder.py` is about `optim_core/config/builder.py`, or about a package of that name."""
    assert mirrored(test) is not None, f"{test} mirrors no module; move it, or name it in ACROSS_MODULES with a reason"


def test_what_is_about_no_single_module_is_there_and_mirrors_none():
    """The list of exceptions holds no file that is gone or that needs none."""
    there = {name: TESTS / name for name in ACROSS_MODULES if (TESTS / name).is_file()}
    assert {"test_house.py"} >= ACROSS_MODULES.keys() - there.keys()
    assert [] == [name for name, test in there.items() if mirrored(test) is not None]
