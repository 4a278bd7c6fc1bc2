"""The command `optim schema`."""

from __future__ import annotations

import json

import pytest
from cli_support import install_demo, optim

from optim_core import registry

jsonschema = pytest.importorskip("jsonschema")


def _fits(schema, config):
    return jsonschema.Draft202012Validator(schema).is_valid(config)


def test_the_command_prints_it(site):
    """`optim schema` prints the schema of what is installed."""
    install_demo(site)
    schema = optim("schema").json

    assert "optimizer.DemoDescent" in schema["$defs"]
    assert registry.schema() == schema
    assert _fits(schema, {"optimizer": {"type": "demo", "config": {"lr": 1.0}}})


def test_it_is_written_to_a_file(site, tmp_path):
    """`-o` writes the same, whole or not at all, and says how an editor is told of it."""
    install_demo(site)
    file = tmp_path / "optim.schema.json"
    said = optim("schema", "-o", str(file)).stdout

    assert optim("schema").json == json.loads(file.read_text(encoding="utf-8"))
    assert "# yaml-language-server: $schema=optim.schema.json" in said
    assert "yaml.schemas" in said
    refused = optim("schema", "-o", str(tmp_path / "nowhere" / "x.json"))
    assert (1, True) == (refused.code, "cannot be written" in refused.stderr)
