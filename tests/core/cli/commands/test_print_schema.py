"""The command `optim schema`."""

from __future__ import annotations

import pytest
from cli_support import install_demo, optim

jsonschema = pytest.importorskip("jsonschema")


def _fits(schema, config):
    return jsonschema.Draft202012Validator(schema).is_valid(config)


def test_the_command_prints_it(site):
    """`optim schema` prints the schema of what is installed."""
    install_demo(site)
    schema = optim("schema").json

    assert "optimizer.DemoDescent" in schema["$defs"]
    assert _fits(schema, {"optimizer": {"type": "demo", "config": {"lr": 1.0}}})
