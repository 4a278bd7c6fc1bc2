"""`optim resolve`, and the YAML that it writes."""

from __future__ import annotations

import pytest
import yaml
from cli_support import VALID, WRONG, install_demo, optim
from hypothesis import given
from hypothesis import strategies as st

from optim_core import registry
from optim_core.cli.yaml_text import to_yaml
from optim_core.yaml_nodes import compose, value_of


@pytest.fixture
def file(site, tmp_path):
    """Writes a file and returns its path."""
    install_demo(site)

    def write(text, name="train.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_every_default_is_written_out(file):
    """The canonical form has every field, short lists on one line, and numbers that YAML 1.1 reads as numbers."""
    done = optim("resolve", file(VALID))

    assert 0 == done.code
    assert (
        """\
optimizer:
  type: DemoDescent
  config:
    lr: 0.0003
    betas: [0.9, 0.999]
    eps: 1.0e-08
    mode: null
scheduler:
  type: DemoSteps
  config:
    step_size: 5
    gamma: 0.1
    warmup: null
  interval: epoch
gradient_clipping:
  type: democlip
  config:
    max_norm: 1.0
    limits: []
"""
        == done.stdout
    )


def test_what_is_written_builds_the_same(file):
    """The resolved file builds an equal recipe, and resolves to itself."""
    original = file(VALID)
    resolved = optim("resolve", original).stdout
    again = file(resolved, "resolved.yaml")

    assert resolved == optim("resolve", again).stdout
    assert registry.build(original) == registry.build(again)


def test_set_is_written_out_too(file):
    """What --set replaces is in the resolved config."""
    assert "lr: 0.5\n" in optim("resolve", file(VALID), "--set", "optimizer.config.lr=0.5").stdout


def test_json_is_the_same_config(file):
    """--format json holds what the YAML holds."""
    done = optim("resolve", file(VALID), "--format", "json")

    assert yaml.safe_load(optim("resolve", file(VALID)).stdout) == done.json


def test_a_wrong_config_leaves_standard_output_empty(file):
    """Problems go to standard error, as `optim validate` shows them, and nothing is printed that looks resolved."""
    done = optim("resolve", file(WRONG))

    assert 1 == done.code
    assert "" == done.stdout
    assert ":5:5: optimizer.config.epz: unknown key\n" in done.stderr
    assert "    5 |     epz: 1e-8\n      |     ^\n" in done.stderr


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.from_regex(r"[-+]?[0-9]{0,3}\.?[0-9]{0,3}([eE][-+]?[0-9]{1,2})?|0[xo][0-7]+|[0-9_:]+", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(categories=["L"]), min_size=1), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z]{3,8}", fullmatch=True), PLAIN, min_size=1, max_size=4))
def test_what_is_written_is_read_back(config):
    """Plain data comes back equal, type for type, from our reader and from PyYAML's."""
    text = to_yaml(config)

    assert repr(config) == repr(value_of(compose(text)))
    assert repr(config) == repr(yaml.safe_load(text))


@pytest.mark.parametrize("text", ["1e-4", "0o17", "on", "1_000", "12:30", "null", "~", "5.", "=", "<<", "2020-01-01"])
def test_a_text_that_looks_like_something_else_stays_a_text(text):
    """A text that a loader of either version would take for a number, a bool or a date is written in quotes."""
    written = to_yaml({"key": text})

    assert {"key": text} == value_of(compose(written))
    assert {"key": text} == yaml.safe_load(written)


@pytest.mark.parametrize("text", ["10%", "2 epochs", "3 of 4", "cosine", "0.95 ** epoch"])
def test_a_text_that_is_none_of_these_needs_no_quotes(text):
    """Durations and expressions are written as people write them."""
    assert f"key: {text}\n" == to_yaml({"key": text})


def test_a_long_list_has_a_line_for_each_item():
    """Only short lists stand on one line."""
    assert "key: [1, 2]\n" == to_yaml({"key": [1, 2]})
    assert "key:\n  - 10000\n" == to_yaml({"key": [10000] * 40})[:15]
