"""What a new plugin is called: its distribution, its package, its class."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from importlib.metadata import distributions
from importlib.util import find_spec

import attrs

from optim_core import OptimError
from optim_core.plugin_tools import normalise, visible

__all__ = ["PluginNames", "names_for"]

LONGEST = 40
# Of the names that PEP 508 allows a distribution, those that a folder, a package and a class can have too.
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SEPARATORS = re.compile(r"[-_.]+")
# The words of ``SignSGD`` are Sign and SGD, those of ``AdamW2`` are Adam and W2.
_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
# Names of distributions of plugins often begin so, and those of classes do not.
_PREFIX = "optim"


@attrs.frozen
class PluginNames:
    """The names of one plugin.

    Args:
        distribution: what pip installs, ``sign-sgd``.
        package: what is imported, ``sign_sgd``.
        plugin: what a config calls it, ``SignSGD``.
        cls: the class, by default the same.
    """

    distribution: str
    package: str
    plugin: str
    cls: str


def names_for(name: str, cls: str | None = None) -> PluginNames:
    """Derive all names from one, which may be written as any of them: ``sign-sgd``, ``sign_sgd``, ``SignSGD``.

    Args:
        name: the name.
        cls: what the class is to be called. Where that is the plugin's name in another spelling, it is the plugin's.

    Raises:
        OptimError: there is something that could not have this name.
    """
    if cls is not None and not _CLASS.fullmatch(cls):
        raise OptimError(
            f"`{visible(cls[:LONGEST])}` cannot be the name of a class: letters and digits, a letter first"
        )
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        rule = f"a name is 1 to {LONGEST} letters, digits, `-`, `_` and `.`; it begins with a letter"
        raise OptimError(f"`{visible(name[:LONGEST])}` cannot be the name of a distribution: {rule}")
    parts = _SEPARATORS.split(name)
    words = [word for part in parts for word in _WORDS.findall(part)]
    distribution = "-".join(words).lower()
    own = parts[1:] if len(parts) > 1 and parts[0].lower() == _PREFIX else parts
    plugin = "".join(map(_capitalised, own))
    if cls is not None and normalise(cls) == normalise(plugin):
        plugin = cls
    names = PluginNames(distribution, distribution.replace("-", "_"), plugin, cls or plugin)
    _refuse_reserved(name, names)
    return names


def _capitalised(part: str) -> str:
    return part[0].upper() + part[1:]


def _refuse_reserved(name: str, names: PluginNames) -> None:
    other = f"choose another, such as `my-{names.distribution}`"
    if any(keyword.iskeyword(each) for each in (names.package, names.plugin, names.cls)):
        raise OptimError(f"`{name}` is a keyword of Python, and no package or class can be called so: {other}")
    if hasattr(builtins, names.cls):
        raise OptimError(f"`{names.cls}` is built into Python, and a class of that name would hide it: {other}")
    if not names.cls.isidentifier():
        raise OptimError(f"`{names.cls}` cannot be the name of a class: begin it with a letter")
    if names.package in sys.stdlib_module_names:
        raise OptimError(f"`{names.package}` is a module of Python, which the new package would hide: {other}")
    if find_spec(names.package) is not None:
        raise OptimError(f"a package called `{names.package}` is installed, which the new one would replace: {other}")
    there = next(iter(distributions(name=names.distribution)), None)
    if there is not None:
        label = " ".join(visible(there.metadata[key]) for key in ("Name", "Version") if key in there.metadata)
        raise OptimError(
            f"{label or names.distribution} is installed, which pip would uninstall for the new one: {other}"
        )
