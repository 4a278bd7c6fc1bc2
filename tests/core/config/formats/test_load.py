"""Config files: what is read, where it stands, and what is refused."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugin_classes import Momentum, empty_registry

from optim_core import ConfigError
from optim_core.config.formats.load import load

YAML = """\
# a comment
optimizer:
  type: Momentum
  config:
    lr: 1e-4
    betas: [0.8, 0.9]
scheduler:
  type: ExponentialLR
  config: {gamma: 0.5}
"""


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path, **arguments):
    with pytest.raises(ConfigError) as caught:
        empty_registry().build(path, **arguments)
    return caught.value.problems


def test_yaml_and_json_of_one_config_build_the_same(tmp_path):
    """The two formats say the same things."""
    yaml_file = written(tmp_path, "a.yaml", YAML)
    json_file = written(tmp_path, "a.json", json.dumps(load(yaml_file).value))
    registry = empty_registry()
    assert Momentum(lr=1e-4, betas=(0.8, 0.9)) == registry.build(yaml_file).optimizer.config
    assert registry.build(yaml_file) == registry.build(str(json_file))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4", 1e-4),
        ("1E-4", 1e-4),
        ("1.e-4", 1e-4),
        ("+1e4", 1e4),
        (".5", 0.5),
        ("0x1F", 31),
        ("0o17", 15),
        ("007", 7),
        ("12", 12),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("on", "on"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("5%", "5%"),
        ("1_000", "1_000"),
        ("2026-11-21", "2026-11-21"),
        ("1:30", "1:30"),
        ("tRUE", "tRUE"),
    ],
)
def test_yaml_scalars_follow_yaml_1_2(tmp_path, text, expected):
    """Numbers, words and texts are read by YAML 1.2's core schema."""
    value = load(written(tmp_path, "a.yaml", f"a: {text}\n")).value["a"]
    assert expected == value
    assert type(expected) is type(value)


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_a_problem_has_the_line_and_column_of_its_key(tmp_path, name):
    """Each problem of a file names file, line and column, also inside lists."""
    config = {
        "optimizer": {"type": "Momentum", "config": {"lr": -1, "betas": [0.9, "x"]}},
        "scheduler": {
            "type": "Sequence",
            "config": {"schedulers": [{"type": "ExponentialLR", "config": {"gamma": -1}}]},
        },
    }
    path = written(tmp_path, name, json.dumps(config, indent=1))
    found = [(p.path, p.file, p.line, p.column) for p in refusal(path)]
    assert [
        ("optimizer.config.lr", str(path), 5, 4),
        ("optimizer.config.betas[1]", str(path), 8, 5),
        ("scheduler.config.schedulers[0].config.gamma", str(path), 19, 7),
    ] == found


def test_a_message_reads_like_a_compilers(tmp_path):
    """File, line, column, path, what is wrong; the repair on a line of its own."""
    path = written(tmp_path, "train.yaml", "optimizer:\n  type: Momentum\n  config:\n    momentun: 0.9\n")
    (problem,) = refusal(path)
    assert (
        f"{path}:4:5: optimizer.config.momentun: unknown key\n"
        "    did you mean `momentum`? Momentum takes: lr, momentum, betas, weight_decay, nesterov"
    ) == str(problem)


@pytest.mark.parametrize(
    ("name", "content", "message", "line"),
    [
        ("a.yaml", "", "is empty", None),
        ("a.yaml", "# nothing\n", "holds nothing but comments", 1),
        ("a.yaml", "a: [1, 2\nb: 3\n", "is not YAML: did not find expected ',' or ']'", 2),
        ("a.yaml", "a: 1\na: 2\n", "the key `a` stands twice in one mapping", 2),
        ("a.yaml", "1: a\n", "a key must be a text, `1` is not", 1),
        ("a.yaml", "? [1, 2]\n: a\n", "a key must be a text", 1),
        ("a.yaml", "a: &x [*x]\n", "contains itself by an anchor", 1),
        ("a.yaml", "a: *x\n", "is not YAML: found undefined alias", 1),
        ("a.yaml", "a: 1\n---\nb: 2\n", "holds several documents", 2),
        ("a.yaml", "a: !!python/object/apply:os.system ['true']\n", "has the tag", 1),
        ("a.yaml", "a: !!binary aGk=\n", "has the tag", 1),
        ("a.yaml", "b: &b [1]\na:\n  <<: *b\n", "`<<` merges mappings, and this is none", 1),
        ("a.yaml", "optimizer: &a\n  b:\n    <<: *a\n", "contains itself by an anchor", 3),
        ("a.yaml", "a: " + "[" * 2_000 + "]" * 2_000, "is nested more than 50 deep", 1),
        ("a.yaml", "a: " + "[" * 1_000_000, "is nested more than 50 deep", 1),
        ("a.yaml", "- 1\n", "a config is a mapping, this is a list of 1", 1),
        ("a.yaml", "a\n", "a config is a mapping, this is the text 'a'", 1),
        ("a.yaml", b"a: \xff\n", "is not UTF-8 text", 1),
        ("a.yaml", "a: \x07\n", "is not YAML", 1),
        ("a.json", '{"a": 1,}', "is not JSON", 1),
        ("a.json", '{"a": 1, "a": 2}', "the key `a` stands twice in one mapping", 1),
        ("a.json", '{"a": ' + "9" * 5_000 + "}", "holds what is no number: Exceeds the limit", None),
        ("a.json", "[" * 100_000, "is nested more than 50 deep", None),
        ("a.ini", "a = 1", "a config file ends in .yaml, .yml, .json, .toml; this one ends in `.ini`", None),
        ("a", "a = 1", "a config file ends in .yaml, .yml, .json, .toml; this one has no ending", None),
    ],
)
def test_a_file_that_is_no_config_gives_one_clear_line(tmp_path, name, content, message, line):
    """Whatever a file holds, there is one problem, which names it."""
    path = written(tmp_path, name, content)
    (problem,) = refusal(path)
    assert str(path) == problem.file
    assert problem.message.startswith(message)
    assert (line or None) == problem.line


@pytest.mark.parametrize(
    ("given", "hint"), [("AdamW", "where a plugin is meant, write {type: AdamW}"), ("a.yaml", None)]
)
def test_a_name_in_place_of_a_path_is_answered_with_the_mapping(given, hint):
    """What may be a plugin's name is told how a config names it; what ends as a file does is a path."""
    (problem,) = refusal(given)
    assert ("there is no such file", hint) == (problem.message, problem.hint)


def test_a_class_in_place_of_a_config_is_answered_with_its_instance():
    """Handing over a dataclass itself, and none of it, is told as such."""
    (problem,) = refusal(Momentum)
    assert ("a config is a mapping, this is the class Momentum", "give what it makes: Momentum()") == (
        problem.message,
        problem.hint,
    )


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_thousands_of_mistakes_in_a_file_each_have_their_line(tmp_path, ending):
    """A file full of unknown keys is read once, and each problem has its own place."""
    lines = [f'"key{i}": 1' for i in range(9_000)]
    path = written(tmp_path, f"a.{ending}", '{"type": "Momentum", "config": {\n' + ",\n".join(lines) + "}}")
    assert list(range(2, 9_002)) == [problem.line for problem in refusal(path)]


@pytest.mark.parametrize("text", [YAML, "type: Momentum\nconfig: {}\n" * 500])
def test_the_text_of_a_config_is_not_taken_for_a_path(text):
    """Handing over what a file holds, in place of its name, is answered with what to do."""
    (problem,) = refusal(text)
    assert "this is the text of a config; give the path of its file, or a mapping" == problem.hint


def test_a_path_that_is_too_long_is_one_clear_line():
    """What the operating system refuses as a name is a problem, not an OSError."""
    (problem,) = refusal("x" * 5_000 + ".yaml")
    assert problem.message.startswith("cannot be read: File name too long")


def test_ten_megabytes_of_nesting_are_refused_by_size(tmp_path):
    """A file larger than any config is not parsed."""
    (problem,) = refusal(written(tmp_path, "a.yaml", "[" * 10_000_000))
    assert "is larger than 4 MiB, which no config is" == problem.message


def test_anchors_that_multiply_are_refused(tmp_path):
    """The billion laughs stop at 10,000 values."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    (problem,) = refusal(written(tmp_path, "a.yaml", "\n".join(lines)))
    assert problem.message.startswith("holds more than 10,000 values")


def test_anchors_may_be_used(tmp_path):
    """An anchor that is referred to is its value."""
    path = written(tmp_path, "a.yaml", "type: Momentum\nconfig: {betas: &b [0.1, 0.2], lr: 1}\n")
    assert (0.1, 0.2) == empty_registry().build(path).config.betas


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    """Files from Windows editors begin with one."""
    for name, text in (("a.json", '{"type": "Momentum"}'), ("a.yaml", "type: Momentum")):
        path = written(tmp_path, name, b"\xef\xbb\xbf" + text.encode())
        assert Momentum() == empty_registry().build(path).config


def test_what_is_not_a_regular_file_is_refused_and_not_waited_for(tmp_path):
    """A folder, a FIFO and a missing file each give one clear line."""
    fifo = tmp_path / "pipe.yaml"
    os.mkfifo(fifo)
    assert ["is not a regular file"] == [p.message for p in refusal(fifo)]
    assert ["is a folder, not a config file"] == [p.message for p in refusal(tmp_path)]
    assert ["there is no such file"] == [p.message for p in refusal(tmp_path / "none.yaml")]


# JSON writes what lies beyond as two escapes, which YAML does not know; such a file has no positions.
texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(value=st.dictionaries(texts, plain, min_size=1, max_size=4))
def test_json_text_is_read_alike_as_json_and_as_yaml(value, tmp_path_factory):
    """What json writes in ASCII, the YAML reader reads back, so positions in JSON files come from it."""
    folder = tmp_path_factory.mktemp("files")
    text = json.dumps(value, indent=1)
    assert value == load(written(folder, "a.json", text)).value == load(written(folder, "a.yaml", text)).value


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ('{"type": "AdamW",}', None, "JSON has no comma before `}`"),
        ('{"betas": [1, 2,]}', None, "JSON has no comma before `]`"),
        ("{'type': 1}", 2, "JSON has double quotes"),
        ('{"amsgrad": True}', 13, "write true"),
        ('{"fused": None}', 11, "write null"),
        ('{"type": 1 // x\n}', 12, "JSON has no comments"),
        ('{"lr": .001}', 8, "a digit before its point"),
        ('{"a": 1} {}', 10, "a file holds one value"),
        ("type: AdamW", 1, "this looks like YAML"),
        ('{"lr": 1', 9, "the text ends before all brackets"),
        ('{"a": 1 "b": 2}', 9, "a comma is missing here"),
        ("{type: 1}", 2, "stands in double quotes"),
        ('{"lr": 1, "lr": 2}', 11, "keep one of them"),
    ],
)
def test_what_is_not_json_is_told_with_its_place_and_the_repair(tmp_path, text, column, hint):
    """The mistakes of people who write Python, JavaScript or YAML are known by name."""
    file = tmp_path / "train.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert hint in problem.hint
    assert 1 == problem.line
    assert column in (None, problem.column)
