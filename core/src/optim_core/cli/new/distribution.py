"""The files of a new distribution, from the templates beside this module."""

from __future__ import annotations

import datetime
from importlib.resources import files
from string import Template
from typing import Literal

from optim_core.cli.new.plugin_names import PluginNames
from optim_core.plugin_tools import Kind

__all__ = ["LICENSES", "TEST_NEEDS", "License", "distribution_files"]

License = Literal["MIT", "BSD-3-Clause", "Apache-2.0"]

LICENSES: tuple[License, ...] = ("MIT", "BSD-3-Clause", "Apache-2.0")

# The README shows a config of each kind so.
_SGD = "optimizer: {type: SGD, config: {lr: 0.1}}\n"
_EXAMPLES: dict[Kind, str] = {
    "optimizer": "optimizer:\n  type: $plugin\n  config: {lr: 0.01, weight_decay: 0.1}",
    "scheduler": f"{_SGD}scheduler:\n  type: $plugin\n  config: {{period: 500}}",
    "clipper": f"{_SGD}gradient_clipping: {{type: $plugin, max_norm: 0.5}}",
}

# The tests need these beside what the plugin itself does, from these versions on: the kit, and what runs it.
TEST_NEEDS = {"optim-core[conformance]": "optim-core[conformance]>=0.1", "pytest": "pytest>=8.3"}


def distribution_files(names: PluginNames, kind: Kind, license_name: License) -> dict[str, str]:
    """Return path to content of everything in the folder of a new distribution."""
    values = {
        "distribution": names.distribution,
        "example": Template(_EXAMPLES[kind]).substitute(plugin=names.plugin),
        # The example of a scheduler or a clipper has torch's SGD beside it.
        "host": "optim-core" if kind == "optimizer" else "'optim-core[torch]'",
        "kind": kind,
        "license": license_name,
        "needed": ", ".join(f'"{need}"' for need in TEST_NEEDS.values()),
        "package": names.package,
        "plugin": names.plugin,
        "year": str(datetime.datetime.now(datetime.UTC).year),
    }
    source = f"src/{names.package}"
    templates = {
        ".gitignore": "gitignore",
        "LICENSE": license_name,
        "README.md": "readme",
        "pyproject.toml": "pyproject",
        f"{source}/__init__.py": kind,
        f"{source}/py.typed": "py_typed",
        f"tests/test_{names.package}.py": "tests",
    }
    if kind == "optimizer":
        templates[f"{source}/update.py"] = "update"
    return {path: _filled(template, values) for path, template in templates.items()}


def _filled(template: str, values: dict[str, str]) -> str:
    text = files("optim_core.cli.new").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)
