"""The files of a new distribution, from the templates beside this module."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Literal

import attrs

from optim_core.cli.new.plugin_names import PluginNames
from optim_core.plugin_tools import Kind

__all__ = ["LICENSES", "TEMPLATES", "TEST_NEEDS", "License", "distribution_files"]

License = Literal["MIT", "BSD-3-Clause", "Apache-2.0"]

LICENSES: tuple[License, ...] = ("MIT", "BSD-3-Clause", "Apache-2.0")

# The example of a scheduler or a clipper has torch's SGD beside it.
_SGD = "optimizer: {type: SGD, config: {lr: 0.1}}\n"


@attrs.frozen(kw_only=True)
class KindTemplates:
    """What is particular to the new distributions of one kind; the package is the template with the kind's name.

    Args:
        example: the config that the README shows.
        host: what the README says to install beside the plugin, so that its example can be built.
        modules: further modules of the package, to the templates of these.
        also: what else the README says that the class declares.
    """

    example: str
    host: str
    modules: Mapping[str, str] = {}
    also: str = ""


# The kinds of plugins that can be begun so.
TEMPLATES: dict[Kind, KindTemplates] = {
    "optimizer": KindTemplates(
        example="optimizer:\n  type: $plugin\n  config: {lr: 0.01, weight_decay: 0.1}",
        host="optim-core",
        modules={"update.py": "update"},
        also="\nWhat the optimizer needs of the training loop beyond gradients, such as a closure, it says in `needs`.",
    ),
    "scheduler": KindTemplates(
        example=f"{_SGD}scheduler:\n  type: $plugin\n  config: {{period: 500}}", host="'optim-core[torch]'"
    ),
    "clipper": KindTemplates(
        example=f"{_SGD}gradient_clipping: {{type: $plugin, max_norm: 0.5}}", host="'optim-core[torch]'"
    ),
}

# The tests need these beside what the plugin itself does, from these versions on: the kit, and what runs it.
TEST_NEEDS = {"optim-core[conformance]": "optim-core[conformance]>=0.1", "pytest": "pytest>=8.3"}


def distribution_files(names: PluginNames, kind: Kind, license_name: License) -> dict[str, str]:
    """Return path to content of everything in the folder of a new distribution."""
    row = TEMPLATES[kind]
    values = {
        "also": row.also,
        "distribution": names.distribution,
        "example": Template(row.example).substitute(plugin=names.plugin),
        "host": row.host,
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
    templates |= {f"{source}/{module}": template for module, template in row.modules.items()}
    return {path: _filled(template, values) for path, template in templates.items()}


def _filled(template: str, values: dict[str, str]) -> str:
    text = files("optim_core.cli.new").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)
