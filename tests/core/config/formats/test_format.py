"""A format of files is one module and one row of the table."""

from __future__ import annotations

import pytest
from plugin_classes import empty_registry

from optim_core import ConfigError, OptimError
from optim_core.config.formats import load
from optim_core.config.formats.format import Format
from optim_core.config.formats.write import config_text

TOY = '''
from optim_core.config.formats.format import FormatError


def read(text):
    """A line for each value: ``optimizer.config.lr 0.5``."""
    value, places = {}, {}
    for number, line in enumerate(text.splitlines(), start=1):
        if " " not in line:
            raise FormatError("has no value", (number, len(line) + 1), "write a space and the value")
        path, _, word = line.partition(" ")
        keys = tuple(path.split("."))
        inner = value
        for depth, key in enumerate(keys[:-1], start=1):
            inner = inner.setdefault(key, {})
            places.setdefault(keys[:depth], (number, 1))
        inner[keys[-1]] = word
        places[keys] = (number, 1)
    return value, places.get


def write(config, *, ascii_only=False):
    lines = []
    for part, component in config.items():
        lines.append(f"{part}.type {component['type']}")
        fields = component["config"].items()
        lines += [f"{part}.config.{key} {value}" for key, value in fields if not isinstance(value, (list, bool))]
    return "\\n".join(lines) + "\\n"
'''
RIGHT = "optimizer.type Momentum\noptimizer.config.lr 0.5\n"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """One row more in the table, and its module."""
    (tmp_path / "toy_format.py").write_text(TOY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    row = Format("toy", (".toy",), "toy_format", "Toy")
    monkeypatch.setattr(load, "FORMATS", (*load.FORMATS, row))
    return row


@pytest.fixture
def file(toy, tmp_path):
    def write(text):
        (tmp_path / "x.toy").write_text(text, encoding="utf-8")
        return str(tmp_path / "x.toy")

    return write


def refusal(file):
    with pytest.raises(ConfigError) as caught:
        empty_registry().build(file)
    return caught.value.problems


def test_a_file_of_a_new_format_is_built(file):
    """Its ending says which row of the table reads it."""
    assert 0.5 == empty_registry().build(file(RIGHT)).optimizer.config.lr


def test_what_is_wrong_in_such_a_file_is_told_with_its_line(file):
    """Its module finds the places."""
    path = file("optimizer.type Momentum\noptimizer.config.lr 0.5\noptimizer.config.momentun 0.9\n")
    (problem,) = refusal(path)
    assert (path, 3, 1, "optimizer.config.momentun") == (problem.file, problem.line, problem.column, problem.path)


def test_text_that_is_not_of_the_format_is_told_with_its_place(file):
    """The one error of all formats becomes a problem of the file."""
    path = file("optimizer.type Momentum\noptimizer.config.lr\n")
    (problem,) = refusal(path)
    assert (path, 2, 20, "has no value") == (problem.file, problem.line, problem.column, problem.message)
    assert "write a space and the value" == problem.hint


def test_the_same_row_writes_a_config(toy, file):
    """What it writes builds the same again."""
    registry = empty_registry()
    built = registry.build({"optimizer": {"type": "Momentum", "config": {"lr": 0.25}}})
    text = config_text(registry.to_config(built), toy, registry.build)
    assert text.startswith("optimizer.type Momentum\noptimizer.config.lr 0.25\n")
    assert built == registry.build(file(text))


def test_a_format_without_null_says_which_have_it(toy, monkeypatch):
    """The sentence names the formats of the table."""
    registry = empty_registry()
    config = registry.to_config(registry.build({"type": "Everything", "config": {"maybe": None}}))
    without = toy._replace(has_null=False)
    monkeypatch.setattr(load, "FORMATS", (*load.FORMATS[:-1], without))

    def build(config):
        return config

    with pytest.raises(OptimError, match=r"^Toy has no null, .*; YAML and JSON have null$"):
        config_text(config, without, build)


def test_an_ending_that_no_row_has_is_told_with_those_that_there_are(file, tmp_path):
    """The new one among them."""
    (tmp_path / "x.ini").write_text("a", encoding="utf-8")
    (problem,) = refusal(str(tmp_path / "x.ini"))
    assert "a config file ends in .yaml, .yml, .json, .toml, .toy; this one ends in `.ini`" == problem.message
