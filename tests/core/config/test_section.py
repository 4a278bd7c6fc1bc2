"""The recipe in a config file that is another program's: read, and told with its lines."""

from __future__ import annotations

import copy

import pytest
from plugin_classes import empty_registry

from optim_core import ConfigError
from optim_core.plugin_tools import read_section

RUN = """\
model: {width: &width 3, <<: {depth: 2}}
fit:
  optimization:
    optimizer:
      type: Momentum
      config: {lr: 1e-3, momentum: -1}
"""


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text(RUN, encoding="utf-8")
    return file


def test_a_section_is_read_by_our_rules_and_what_is_beside_it_by_none(file):
    """`1e-3` is a number; a merge beside the section is nobody's business."""
    section = read_section(file, ["fit", "optimization"])
    assert {"optimizer": {"type": "Momentum", "config": {"lr": 0.001, "momentum": -1}}} == section


def test_what_is_wrong_is_told_with_file_and_line(file):
    """The path is that of the recipe, the line that of the whole file."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().recipe(read_section(file, ["fit", "optimization"]))
    (problem,) = caught.value.problems
    assert ("optimizer.config.momentum", str(file), 6) == (problem.path, problem.file, problem.line)


def test_overrides_replace_what_stands_in_a_section(file):
    """A value that an override gave is not told with the line of the one that it replaced."""
    section = read_section(file, ["fit", "optimization"])
    assert (
        0.5 == empty_registry().recipe(section, overrides=["optimizer.config.momentum=0.5"]).optimizer.config.momentum
    )
    with pytest.raises(ConfigError) as caught:
        empty_registry().recipe(section, overrides=["optimizer.config.momentum=-2"])
    assert [("--set", None)] == [(problem.file, problem.line) for problem in caught.value.problems]


def test_another_value_kemomentum_the_places(file):
    """A value in which references were resolved is told with the lines of what was written."""
    section = read_section(file, ["fit", "optimization"])
    other = section.with_value({"optimizer": {"type": "Momentum", "config": {"lr": -1}}})
    with pytest.raises(ConfigError, match=r"run\.yaml:6:.*optimizer\.config\.lr"):
        empty_registry().recipe(other)


def test_a_copy_is_a_mapping_without_places(file):
    """The tree of a whole file is not copied with each copy of a config."""
    section = read_section(file, ["fit", "optimization"])
    assert (section, dict) == (copy.deepcopy(section), type(copy.deepcopy(section)))


@pytest.mark.parametrize("keys", [["fit", "recipe"], ["fit", "optimization", "optimizer", "type"], ["fit", "a", "b"]])
def test_keys_that_lead_to_no_mapping_lead_to_none(file, keys):
    """A section is a mapping."""
    assert read_section(file, keys) is None


@pytest.mark.parametrize("text", ["a: [1", "\x00", ""])
def test_a_file_that_cannot_be_read_has_no_section(tmp_path, text):
    """What is wrong with the file is for its own program to tell."""
    file = tmp_path / "run.yaml"
    file.write_text(text, encoding="utf-8")
    assert read_section(file, ["optimization"]) is None
    assert read_section(tmp_path / "missing.yaml", ["optimization"]) is None


def test_a_key_that_stands_twice_in_the_section_is_refused(tmp_path):
    """Other readers take the last one and say nothing."""
    file = tmp_path / "run.yaml"
    file.write_text("a: 1\na: 2\noptimization:\n  lr: 1\n  lr: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"run\.yaml:5:3: optimization: the key `lr` stands twice"):
        read_section(file, ["optimization"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.json", '{"optimization": {"type": "Momentum", "lr": -1}}'),
        ("run.toml", '[optimization]\ntype = "Momentum"\nlr = -1\n'),
        ("run", "optimization: {type: Momentum, lr: -1}"),
    ],
)
def test_other_formats_have_sections_too(tmp_path, name, text):
    """A file without an ending that says otherwise is YAML."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"run(\.json|\.toml)?:\d+:\d+: lr: must be > 0"):
        empty_registry().recipe(read_section(file, ["optimization"]))
