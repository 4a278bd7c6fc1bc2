"""TOML files: what is read, where it stands, and what is refused."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
import tomli_w
from cli_support import install_demo, optim
from hypothesis import example, given
from hypothesis import strategies as st
from plugin_classes import Momentum, empty_registry
from toml_writing import documents, paths, values

from optim_core import ConfigError
from optim_core.config.formats.format import FormatError
from optim_core.config.formats.load import load
from optim_core.config.formats.toml_places import Places
from optim_core.config.formats.toml_reader import read_toml

CONFIG = """\
# a comment
[optimizer]
type = "Momentum"
config.lr = -1
config.betas = [
    0.9,
    "x",  # a text
]

[scheduler]
type = "Sequence"
[[scheduler.config.schedulers]]
type = "ExponentialLR"
config = {gamma = 0.5}
[[scheduler.config.schedulers]]
type = "ExponentialLR"
config = {gamma = -0.5}
"""
NO_MORE = "is not TOML: expected newline or end of document after a statement"
ONE_LINE = "a table in braces stands on one line and has no comma at its end; [header] opens a longer one"
KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")


def written(folder, content, name="a.toml"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path):
    with pytest.raises(ConfigError) as caught:
        empty_registry().build(path)
    return caught.value.problems


def source_at(text, position):
    """The text from a 1-based line and column on, with the ends of lines as TOML reads them."""
    line, column = position
    rest = text.replace("\r\n", "\n").split("\n")[line - 1 :]
    return "\n".join([rest[0][column - 1 :], *rest[1:]])


def value_at(value, path):
    for step in path:
        value = value[step]
    return value


def begins_with(source, step, value):
    """Whether a text begins with a key, or with an element of a list as the tests write it."""
    if isinstance(step, str):
        token = KEY.match(source)
        return token is not None and {step: 1} == tomllib.loads(f"{token.group()} = 1")
    if isinstance(value, dict):
        return source.startswith(("{", "[["))
    if isinstance(value, list):
        return source.startswith("[")
    for end in range(1, len(source) + 1):
        try:
            if {"x": value} == tomllib.loads(f"x = {source[:end]}"):
                return True
        except tomllib.TOMLDecodeError:
            continue
    return False


def assert_all_places(text):
    value, places = read_toml(text)
    found = {path: places.of(path) for path in paths(value)}
    assert len(found) == len(set(found.values()))
    for path, position in found.items():
        assert begins_with(source_at(text, position), path[-1], value_at(value, path)), (path, position)
    assert places.error is None


def test_toml_and_json_of_one_config_build_the_same(tmp_path):
    """The two formats say the same things."""
    text = CONFIG.replace("-1", "1e-4").replace('"x"', "0.99").replace("-0.5", "0.5")
    toml_file = written(tmp_path, text)
    json_file = written(tmp_path, json.dumps(load(toml_file).value), "a.json")
    assert {"lr": 1e-4, "betas": [0.9, 0.99]} == load(toml_file).value["optimizer"]["config"]
    assert load(toml_file).value == load(json_file).value


def test_a_problem_has_the_line_and_column_of_its_key_or_element(tmp_path):
    """Places are known in dotted keys, lists of several lines, arrays of tables and inline tables, too."""
    path = written(tmp_path, CONFIG)
    found = [(p.path, p.line, p.column) for p in refusal(path)]
    assert [
        ("optimizer.config.lr", 4, 8),
        ("optimizer.config.betas[1]", 7, 5),
        ("scheduler.config.schedulers[1].config.gamma", 17, 11),
    ] == found


@pytest.mark.parametrize(
    ("text", "path", "position"),
    [
        ("a = 1", ("a",), (1, 1)),
        ("a = 1", ("a", "b", 3), (1, 1)),
        ("# x\n\n  a = 1", (), (3, 3)),
        ("[a.b]\nc = 1\n[a]\nd = 2", ("a",), (3, 2)),
        ("[a.b]\nc = 1", ("a",), (1, 2)),
        ("[a.b]\nc = 1", ("a", "b"), (1, 4)),
        ("a . b = 1", ("a", "b"), (1, 5)),
        ("[[a]]\nb = 1\n [[a]]\nb = 2", ("a", 1), (3, 2)),
        ("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1", ("a", 0, "b", 1, "c"), (4, 1)),
        ("[[a]]\n[a.b.c]\nd = 1", ("a", 0, "b", "c", "d"), (3, 1)),
        ("a = {b = [{c.d = 1}]}", ("a", "b", 0, "c", "d"), (1, 14)),
        ("a = [[1, 2],\n [3, 4]]", ("a", 1, 1), (2, 6)),
        ('"a.b"."c\\u0041" = 1', ("a.b", "cA"), (1, 7)),
        ("x = '''\n[a]\nb = 1'''\na = 1", ("a",), (4, 1)),
        ('x = """a\\"' + '"' * 5 + "\na = 1", ("a",), (2, 1)),
        ("x = ''''a'''''\na = 1", ("a",), (2, 1)),
        ('x = "é😀" # \u2028\na = "😀"\r\nb = 1', ("b",), (3, 1)),
        ('a = ["é😀", 1]', ("a", 1), (1, 12)),
        ("a = [ # ]\n1, # x, y\n]", ("a", 0), (2, 1)),
        ("a = [1979-05-27 07:32:00, 2]", ("a", 1), (1, 27)),
    ],
)
def test_a_place_is_that_of_the_key_or_element_or_of_what_is_above_it(text, path, position):
    """Lines and columns count from 1; a path that is not there has the nearest place above it."""
    assert position == Places(text).of(path)
    assert tomllib.loads(text)


@given(values())
def test_every_place_in_what_tomli_w_writes_is_found(value):
    """Each key and element has a place of its own, at which it begins."""
    text = tomli_w.dumps(value)
    assert value == read_toml(text)[0]
    assert_all_places(text)


@given(documents())
def test_every_place_is_found_however_it_is_written(document):
    """Dotted keys, headers, inline tables, texts of every kind, comments and CRLF change nothing."""
    value, text = document
    assert value == read_toml(text)[0]
    assert_all_places(text)


@given(documents(), st.data())
def test_what_tomllib_takes_has_no_fault_and_what_it_refuses_is_one_problem(document, data):
    """A text with one character changed is read, or refused with a message and a place in it; nothing else happens."""
    text = document[1]
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from([*"a1.=\n\"'[]{},#\\ é", ""])) + text[at + 1 :]
    try:
        _, places = read_toml(text)
    except FormatError as problem:
        line, column = problem.position
        lines = text.split("\n")
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
    else:
        assert places.error is None


@given(st.text(st.sampled_from("ab1.=\n\"'[]{},# \t\r\\-:eTé"), max_size=40))
@example("a=1\na.b=2")
@example("[a]\n[[a]]")
def test_any_text_is_read_or_refused(text):
    """What tomllib refuses is a problem; what it reads is read alike."""
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        expected = {}
    if expected:
        assert expected == read_toml(text)[0]
        assert_all_places(text)
    else:
        with pytest.raises(FormatError):
            read_toml(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\na = 2", "2:1: the key `a` stands twice in one mapping\n    keep one of them"),
        ("[a]\nx = 1\n[a]", "3:2: the key `a` stands twice in one mapping\n    keep one of them"),
        ("a.b = 1\n[a]", "2:2: the key `a` stands twice in one mapping\n    keep one of them"),
        ("a = {b = 1}\na.c = 2", "2:1: the key `a` stands twice in one mapping\n    keep one of them"),
        ("a = {b = 1, b = 2}", "1:13: the key `b` stands twice in one mapping\n    keep one of them"),
        ("[[a]]\n[a]", "2:2: the key `a` stands twice in one mapping\n    keep one of them"),
        ("a = x\na = 1\na = 2", '1:5: is not TOML: invalid value\n    text stands in quotes: "x"'),
        (
            "lr: 1",
            "1:3: is not TOML: expected '=' after a key in a key/value pair\n    TOML has `=` between key and value",
        ),
        ("type = AdamW", '1:8: is not TOML: invalid value\n    text stands in quotes: "AdamW"'),
        ("a = null", "1:5: is not TOML: invalid value\n    TOML has no null: leave the key out"),
        ("a = True", "1:5: is not TOML: invalid value\n    write true"),
        ("a = .5", "1:5: is not TOML: invalid value\n    a number has digits on both sides of its point"),
        ("a = 1.e-4", f"1:6: {NO_MORE}\n    a number has digits on both sides of its point"),
        ("a = 5%", f'1:6: {NO_MORE}\n    text stands in quotes: "5%"'),
        ("a = 07", f"1:6: {NO_MORE}"),
        ('a = "x\nb = 1', "1:7: is not TOML: a text is not closed on its line"),
        ("a = [1, 2\n\n", "1:10: is not TOML: unclosed array"),
        ("[a\nb = 1", "1:3: is not TOML: expected ']' at the end of a table declaration"),
        ("a = {\n  b = 1}", f"1:6: is not TOML: invalid initial character for a key part\n    {ONE_LINE}"),
        ("# nothing", "1:1: holds nothing but comments"),
        ("a = " + "[" * 2_000, "1:55: is nested more than 50 deep"),
    ],
)
def test_what_is_no_toml_is_one_problem_with_its_place(tmp_path, text, problem):
    """Syntax errors and keys that stand twice name line and column, and the repair where there is one."""
    path = written(tmp_path, text)
    assert f"{path}:{problem}" == str(*refusal(path))


def test_a_number_of_too_many_digits_is_one_problem(tmp_path):
    """What Python does not convert is refused."""
    (problem,) = refusal(written(tmp_path, "a = " + "9" * 5_000))
    assert problem.message.startswith("holds what is no number: Exceeds the limit")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 10_000_000, "is larger than 4 MiB, which no config is"),
        ("[" * 1_000_000, "is not TOML: invalid initial character for a key part"),
        ("a = " + "[" * 1_000_000, "is nested more than 50 deep"),
        ("a = " + "{a = " * 200_000, "is nested more than 50 deep"),
        ("a." * 500_000 + "a = 1", "is nested more than 50 deep"),
        ("[" + "a." * 500_000 + "a]", "is nested more than 50 deep"),
        ("".join(f"a{i} = 1\n" for i in range(60_000)), "holds more than 10,000 values"),
        ("[[a]]\n" * 100_000, "holds more than 10,000 values"),
        ("".join("a." * 49 + f"b{i} = 1\n" for i in range(5_000)), "holds more than 100,000 keys"),
        ("a = 1\n" + "#\n" * 600_000, "is larger than 1 MiB, which no config in TOML is"),
        ("a = " + "{b = " * 40 + "1" + "}" * 40, "`type` is missing"),
        ("a = " + "{a = " * 52 + "1" + "}" * 52, "is nested more than 50 deep"),
    ],
    ids=lambda text: text[:12],
)
def test_what_would_take_long_is_refused(tmp_path, text, message):
    """tomllib takes time with the square of a key's parts; such texts never reach it."""
    (problem,) = refusal(written(tmp_path, text))
    assert message == problem.message


def test_thousands_of_mistakes_each_have_their_line(tmp_path):
    """A file full of unknown keys is walked through once."""
    lines = "\n".join(f"key{i} = 1" for i in range(9_000))
    found = refusal(written(tmp_path, f'type = "Momentum"\n[config]\n{lines}\n'))
    assert list(range(3, 9_003)) == [problem.line for problem in found]


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    """Files from Windows editors begin with one, and their lines end in CRLF."""
    path = written(tmp_path, b'\xef\xbb\xbftype = "Momentum"\r\nconfig.lr = 0.5\r\n')
    assert Momentum(lr=0.5) == empty_registry().build(path).config


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2020-01-01", "the date 2020-01-01"),
        ("07:32:00", "the time 07:32:00"),
        ("1979-05-27 07:32:00Z", "the date and time 1979-05-27T07:32:00+00:00"),
    ],
)
def test_a_date_is_called_a_date(tmp_path, value, shown):
    """TOML has dates and times, which no field takes for a number."""
    (problem,) = refusal(written(tmp_path, f'type = "Momentum"\nlr = {value}\n'))
    assert f"must be a number, is {shown}" == problem.message


@pytest.mark.parametrize("value", ["nan", "-inf"])
def test_what_is_not_finite_is_refused(tmp_path, value):
    """TOML's words for infinity and NaN are read, and refused as in every format."""
    (problem,) = refusal(written(tmp_path, f'type = "Momentum"\nlr = {value}\n'))
    assert f"must be a finite number, is {value}" == problem.message


def test_a_number_of_thousands_of_digits_is_said_by_its_size(tmp_path):
    """Python converts no such number to text, and no message is as long."""
    (problem,) = refusal(written(tmp_path, f'type = "Momentum"\nnesterov = 0x{"f" * 4_000}\n'))
    assert "must be true or false, is a whole number of 16000 bits" == problem.message


def test_validate_shows_the_line_as_toml_counts_lines(site, tmp_path):
    """U+2028 ends a line in YAML and none in TOML."""
    install_demo(site)
    path = written(tmp_path, 'type = "DemoDescent" # \u2028\n[config]\nepz = 1e-8\n')
    assert "    3 | epz = 1e-8\n      | ^\n" in optim("validate", str(path)).stdout
