"""Configs as TOML text."""

from __future__ import annotations

import tomllib

from hypothesis import given
from toml_writing import values

from optim_core.config.formats.toml_writer import to_toml


@given(values())
def test_what_is_written_as_toml_is_read_back(config):
    """Plain data without nulls comes back equal, type for type."""
    assert config == tomllib.loads(to_toml(config))


def test_only_short_lists_of_plain_values_stand_on_one_line_in_toml():
    """A list is on one line in TOML where it is in YAML; brackets in a text of it change nothing."""
    assert 'a = [1, "x, [", 2]\n' == to_toml({"a": [1, "x, [", 2]})
    assert "a = [\n    10000,\n" == to_toml({"a": [10000] * 40})[:17]
    assert "a = [\n    [\n" == to_toml({"a": [[1]]})[:12]
