"""The files of a new distribution, from the templates beside this module."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

import attrs

from optim_core.bridge import SeenClass
from optim_core.cli.new.plugin_names import PluginNames
from optim_core.cli.new.wrapping import wrapping_module
from optim_core.plugin_tools import Kind

__all__ = ["LICENSES", "TEMPLATES", "TEST_NEEDS", "License", "copied_module", "distribution_files", "wrapping_files"]

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


_NEEDED = ("attrs>=24.2", "torch>=2.0")
# The library may have no types, or others than a config; what a plugin hands to it was checked by its fields.
_UNCHECKED = """
[[tool.mypy.overrides]]
module = [{modules}]
{how}
"""


def distribution_files(names: PluginNames, kind: Kind, license_name: License) -> dict[str, str]:
    """Return path to content of everything in the folder of a new distribution."""
    row = TEMPLATES[kind]
    about = f"{names.plugin}: what it does, in a sentence, and the paper or page that it comes from."
    values = _values(names, kind, license_name, example=row.example, about=about, needed=_NEEDED)
    source = f"src/{names.package}"
    written = _common(names, license_name, values) | {f"{source}/__init__.py": _filled(kind, values)}
    return written | {f"{source}/{module}": _filled(template, values) for module, template in row.modules.items()}


def wrapping_files(names: PluginNames, seen: SeenClass, license_name: License) -> dict[str, str]:
    """Return path to content of everything in the folder of a distribution with a plugin around a class.

    A module that is one file and of no distribution is copied into the package, as nobody else could import it.
    """
    copied = copied_module(seen)
    module = seen.module if copied is None else f"{names.package}.{copied.stem}"
    config = json.dumps(dict(seen.example or {}))
    key = {"optimizer": "optimizer", "scheduler": "scheduler", "clipper": "gradient_clipping"}[seen.kind]
    example = f"{key}:\n  type: {names.plugin}\n  config: {config}"
    if seen.kind != "optimizer":
        example = f"{_SGD}{example}"
    about = f"{names.plugin}: {seen.module}.{seen.name}. {seen.summary}".rstrip()
    by_name = {need.partition(">")[0]: need for need in (*_NEEDED, *filter(None, [seen.requirement]))}
    if copied is None:
        top = module.partition(".")[0]
        unchecked = _UNCHECKED.format(
            modules=f'"{top}.*"', how='follow_imports = "skip"\nignore_missing_imports = true'
        )
    else:
        unchecked = _UNCHECKED.format(modules=f'"{module}"', how='follow_imports = "skip"')
    values = _values(names, seen.kind, license_name, example=example, about=about, needed=by_name.values())
    values["unchecked"] = unchecked
    if copied is not None:
        values["unformatted"] = f'extend-exclude = ["src/{names.package}/{copied.name}"]\n'
    written = _common(names, license_name, values)
    written[f"src/{names.package}/__init__.py"] = wrapping_module(seen, names.cls, names.plugin, module)
    if copied is not None:
        written[f"src/{names.package}/{copied.name}"] = copied.read_text(encoding="utf-8")
    return written


def copied_module(seen: SeenClass) -> Path | None:
    """Return the file of a module that is of no distribution, and one file; None of any other."""
    file = None if seen.file is None else Path(seen.file)
    return file if file is not None and file.suffix == ".py" and file.stem == seen.module else None


def _values(
    names: PluginNames,
    kind: Kind,
    license_name: License,
    *,
    example: str,
    about: str,
    needed: Iterable[str],
) -> dict[str, str]:
    row = TEMPLATES[kind]
    return {
        "about": about,
        "also": row.also,
        "cls": names.cls,
        "dependencies": ", ".join(f'"{need}"' for need in needed),
        "distribution": names.distribution,
        "example": Template(example).safe_substitute(plugin=names.plugin),
        "host": row.host,
        "kind": kind,
        "license": license_name,
        "needed": ", ".join(f'"{need}"' for need in TEST_NEEDS.values()),
        "package": names.package,
        "plugin": names.plugin,
        "unchecked": "",
        "unformatted": "",
        "year": str(datetime.datetime.now(datetime.UTC).year),
    }


def _common(names: PluginNames, license_name: License, values: dict[str, str]) -> dict[str, str]:
    templates = {
        ".gitignore": "gitignore",
        "LICENSE": license_name,
        "README.md": "readme",
        "pyproject.toml": "pyproject",
        f"src/{names.package}/py.typed": "py_typed",
        f"tests/test_{names.package}.py": "tests",
    }
    return {path: _filled(template, values) for path, template in templates.items()}


def _filled(template: str, values: dict[str, str]) -> str:
    text = files("optim_core.cli.new").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)
