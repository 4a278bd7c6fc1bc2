"""How a config may write the type of a plugin, as patterns of a JSON Schema."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any

import attrs

from optim_core.kinds import Kind
from optim_core.reference.plugin_schema import Schema
from optim_core.text.names import normalise


@attrs.frozen
class NamedPlugin:
    """A plugin class, the name under which specs show it, and how a config may write that name.

    Args:
        name: the name in specs.
        cls: the plugin class.
        owners: what may stand in front of a name: the distribution that offers it, and the provider if there is one.
        names: every name of the plugin, the one in specs first.
        plain: those of the names that mean the plugin without anything in front.
    """

    name: str
    cls: type[Any]
    owners: tuple[str, ...]
    names: tuple[str, ...]
    plain: tuple[str, ...]

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The names in `plain`, as names are compared."""
        return tuple(map(normalise, self.plain))

    def definition(self, kind: Kind) -> str:
        return f"{kind}.{self.name}"

    def named(self, kind: Kind) -> str:
        """The name of the definition of how the plugin is written."""
        return f"{kind}-named-{self.name}"

    def beside(self, kind: Kind) -> str:
        """The name of the definition of its fields as they stand beside its type."""
        return f"{kind}-beside-{self.name}"

    def alone(self, kind: Kind) -> str:
        """The name of the definition of its fields as they stand beside its type, without any other keys."""
        return f"{kind}-alone-{self.name}"

    @property
    def rule(self) -> str:
        """The name of the definition of one entry of `param_groups`."""
        return f"rule.{self.name}"

    @property
    def offered(self) -> list[str]:
        """The names for an editor to offer."""
        return list(self.plain) or [f"{self.owners[0]}:{name}" for name in self.names]


def names_it(kind: Kind, plugin: NamedPlugin, keys: tuple[str, ...] = ("type",)) -> Schema:
    """Return the schema of a mapping in which one of these keys names this plugin."""
    named = {"$ref": f"#/$defs/{plugin.named(kind)}"}
    ways: list[Schema] = [{"properties": {key: named}, "required": [key]} for key in keys]
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def spelling(plugin: NamedPlugin, plugins: list[NamedPlugin]) -> str:
    """Return a regular expression for every way to write a plugin's names, with and without what stands in front."""
    taken = {name for other in plugins if other is not plugin for name in other.compared}
    named = zip(plugin.plain, plugin.compared, strict=True)
    words = [_loosely(name) if compared not in taken else literally(name) for name, compared in named]
    owner = f"(?:{'|'.join(map(_of_distribution, plugin.owners))}):"
    ways = [f"(?:{owner})?(?:{'|'.join(words)})"] if words else []
    qualified = [_loosely(name) for name in plugin.names if name not in plugin.plain]
    ways += [f"{owner}(?:{'|'.join(qualified)})"] if qualified else []
    return "|".join(ways)


@lru_cache(maxsize=64)
def _of_distribution(name: str) -> str:
    """Return a regular expression for what `normalise_distribution` takes for this distribution's name."""
    parts = [part for part in re.split("[-_.]+", name) if part]
    return f"[-_.]*{'[-_.]+'.join(''.join(map(_either_case, part)) for part in parts)}[-_.]*"


@lru_cache(maxsize=1024)
def _loosely(name: str) -> str:
    """Return a regular expression for what `normalise` takes for this name: any case, with - and _ anywhere."""
    letters = [_either_case(letter) for letter in name if letter not in "-_"]
    return f"[-_]*{'[-_]*'.join(letters)}[-_]*"


def _either_case(letter: str) -> str:
    lower, upper = letter.lower(), letter.upper()
    return f"[{lower}{upper}]" if lower != upper and len(lower + upper) == 2 else literally(letter)


def literally(text: str) -> str:
    """Return a regular expression for a text."""
    # JSON Schema has JavaScript's regular expressions, which do not allow all that re.escape does.
    return "".join(f"\\{letter}" if letter in r"\^$.|?*+()[]{}/" else letter for letter in text)
