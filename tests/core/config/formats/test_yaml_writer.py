"""Configs as YAML text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from optim_core.config.formats.yaml_reader import compose, value_of
from optim_core.config.formats.yaml_writer import to_yaml

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
