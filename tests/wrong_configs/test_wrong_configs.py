"""The table of wrong configs: everything that is wrong is told at its place, and nothing else is."""

from __future__ import annotations

import re

import pytest
from wrong_containers import CONTAINERS
from wrong_extras import EXTRAS
from wrong_files import FILES
from wrong_forms import FORMS
from wrong_groups import GROUP_FILES, GROUPS
from wrong_hostile import HOSTILE
from wrong_misplaced import MISPLACED
from wrong_misspelt import MISSPELT
from wrong_ranges import RANGES
from wrong_schedules import SCHEDULES
from wrong_together import TOGETHER
from wrong_values import VALUES

from optim_core import ConfigError, Registry
from optim_core.cli.excerpts import render

MAPPINGS = {
    "containers": CONTAINERS,
    "forms": FORMS,
    "groups": GROUPS,
    "hostile": HOSTILE,
    "misplaced": MISPLACED,
    "misspelt": MISSPELT,
    "ranges": RANGES,
    "schedules": SCHEDULES,
    "together": TOGETHER,
    "values": VALUES,
}
ROWS = [pytest.param(wrong, id=f"{subject}: {wrong.mistake}") for subject, table in MAPPINGS.items() for wrong in table]


@pytest.fixture(scope="module")
def registry():
    """The plugins of this project that need nothing but torch, whatever else is installed."""
    return Registry(allow=["optim-torch-builtin", "optim-schedules"])


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A registry that finds nothing."""
    return Registry(path=[str(tmp_path_factory.mktemp("nothing"))])


def refusal(registry, config):
    with pytest.raises(ConfigError) as caught:
        registry.build(config)
    return caught.value


def first_hint(error):
    return next((problem.hint for problem in error.problems if problem.hint), "")


@pytest.mark.parametrize("wrong", ROWS)
def test_everything_that_is_wrong_is_told_and_nothing_else(registry, wrong):
    """All problems of a mapping, each with its path and message, in the order of the config."""
    error = refusal(registry, wrong.config)
    assert wrong.problems == [(problem.path, problem.message) for problem in error.problems]
    assert (wrong.hint or "") in first_hint(error)


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=wrong.mistake) for wrong in (*FILES, *GROUP_FILES)])
def test_what_is_wrong_in_a_file_is_told_with_its_line_and_column(registry, tmp_path, wrong):
    """All problems of a file, each with its place, path and message."""
    file = tmp_path / wrong.file
    file.write_text(wrong.text, encoding="utf-8", newline="")
    error = refusal(registry, file)
    assert wrong.problems == [(found.line, found.column, found.path, found.message) for found in error.problems]
    assert (wrong.hint or "") in first_hint(error)


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=wrong.mistake) for wrong in (*FILES, *GROUP_FILES)])
def test_a_problem_of_a_file_is_shown_with_its_line(registry, tmp_path, wrong):
    """Below each problem that has a place stand the line of the file and a caret below the column."""
    file = tmp_path / wrong.file
    file.write_text(wrong.text, encoding="utf-8", newline="")
    shown = render(refusal(registry, file).problems).split("\n")
    carets = [line.partition("| ")[2].index("^") + 1 for line in shown if re.fullmatch(r" +\| *\^", line)]
    assert [column for _, column, _, _ in wrong.problems if column is not None] == carets


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=wrong.mistake) for wrong in EXTRAS])
def test_a_type_of_an_extra_that_is_not_installed_is_told_with_the_extra(bare, wrong):
    """Where nothing has a type and an extra would bring it, the hint is the line that installs it."""
    error = refusal(bare, wrong.config)
    assert wrong.problems == [(problem.path, problem.message) for problem in error.problems]
    assert (wrong.hint or "") in first_hint(error)


def test_no_mistake_stands_twice_in_the_table():
    """Each entry is a mistake of its own."""
    mistakes = [param.id for param in ROWS]
    assert sorted(set(mistakes)) == sorted(mistakes)
