"""`optim plot`: what stands in the terminal."""

from __future__ import annotations

import re

import pytest
from cli_support import optim, optim_process
from plotting import LINEAR, NAMED, config_writer
from rich.cells import cell_len

RUN = ("--total-steps", "1000")


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a config into the working folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


@pytest.mark.parametrize("columns", [24, 40, 80, 130])
def test_a_chart_is_no_wider_than_the_terminal(file, columns):
    """Labels and titles are cut; the axes are named."""
    name = file(NAMED, f"{'long' * 20}.yaml")
    lines = optim("plot", name, "--epochs", "50", "--steps-per-epoch", "2000", columns=columns).stdout.splitlines()

    assert columns >= max(map(len, lines))
    assert ["learning rate", "optimizer step"] == [lines[1], lines[-3].strip()]
    assert ["a  left", "b  right"] == [line.partition(":")[0] for line in lines[-2:]]


def test_letters_of_two_columns_are_counted_as_two(file):
    """A label in Chinese is cut where the terminal ends."""
    name = file(NAMED, f"{'学' * 30}.yaml")
    lines = optim("plot", name, file(NAMED), "--epochs", "5", columns=40).stdout.splitlines()

    assert {40, 39} >= {cell_len(line) for line in lines if "学" in line}
    assert 3 == sum("学" in line for line in lines)


def test_a_curve_begins_and_ends_where_its_rates_do(file):
    """A line down goes from the upper left corner to the lower right one, between round numbers."""
    lines = optim("plot", file(LINEAR), *RUN, columns=60).stdout.splitlines()
    rows = [line.partition("│")[2] or line.partition("┤")[2] for line in lines[2:18]]
    filled = [[at for at, letter in enumerate(row) if letter != " "] for row in rows]
    starts = [row[0] for row in filled if row]

    assert 0 == starts[0]
    assert sorted(starts) == starts
    assert 53 == filled[-1][-1]
    assert "3e-4 ┤" in "\n".join(lines[2:5])
    assert ["0", "500", "1,000"] == [word for word in lines[19].split() if word not in ("250", "750")]


def test_an_output_without_these_letters_gets_others(file, site):
    """In ASCII, curves are letters."""
    done = optim_process(site, "plot", file(NAMED), "--epochs", "9", "--steps-per-epoch", "9", PYTHONIOENCODING="ascii")

    assert (0, "") == (done.code, done.stderr)
    assert done.stdout.isascii()
    assert re.search(r"^ *2e-3 [+]b+$", done.stdout, re.MULTILINE)


def test_a_rate_of_0_is_no_hindrance_to_a_logarithmic_axis(file):
    """The axis says that it is one, and has powers of ten."""
    done = optim("plot", file(LINEAR), *RUN, "--log", columns=80)

    assert 0 == done.code
    assert "learning rate, logarithmic" in done.stdout
    assert "1e-5 ┤" in done.stdout
