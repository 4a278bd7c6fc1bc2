"""What a plugin declares that it cannot do, and whether it does as it declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs

from optim_core.text.prose import listing
from optim_core.text.spelling import nearest

__all__ = ["ATTRIBUTE", "Declaration", "declarations_of", "wrong_declarations", "wrong_keys"]

ATTRIBUTE = "conformance"
_MANNERS: tuple[Literal["refuses", "differs"], ...] = ("refuses", "differs")
_HOW = '"refuses: …" where it raises an exception, "differs: …" where it runs and does something else'


@attrs.frozen
class Declaration:
    """What a plugin class says of one property that it does not have.

    Args:
        manner: "refuses" where the plugin raises, "differs" where it runs and does something else.
        reason: why, in the words of the plugin's author.
    """

    manner: Literal["refuses", "differs"]
    reason: str

    def __str__(self) -> str:
        return f"{self.manner}: {self.reason}"


def declarations_of(cls: type[Any]) -> dict[str, Declaration]:
    """Return the well-formed declarations of a plugin class: property, or ``fields.NAME``, to what is declared.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import declarations_of
        >>> declarations_of(registry.optimizers["LBFGS"])["step_without_closure"].manner
        'refuses'
    """
    given = getattr(cls, ATTRIBUTE, {})
    if not isinstance(given, Mapping):
        return {}
    read = {key: _read(value) for key, value in given.items() if isinstance(key, str)}
    return {key: declaration for key, declaration in read.items() if declaration is not None}


def _read(value: Any) -> Declaration | None:
    manner, _, reason = value.partition(":") if isinstance(value, str) else ("", "", "")
    for known in _MANNERS:
        if manner == known and reason.strip():
            return Declaration(known, reason.strip())
    return None


def wrong_declarations(cls: type[Any], declarable: Iterable[str], fields: Iterable[str]) -> Iterator[str]:
    """Yield a phrase for each thing that is wrong with the declarations of a plugin class.

    Args:
        cls: the plugin class.
        declarable: the properties that may be declared.
        fields: the fields of the class, of which each may be declared as ``fields.NAME``.
    """
    given = getattr(cls, ATTRIBUTE, {})
    if not isinstance(given, Mapping):
        yield f"`{ATTRIBUTE}` is of type {type(given).__name__}; it maps names of properties to reasons"
        return
    allowed = _allowed(declarable, fields)
    for key, value in given.items():
        if key not in allowed:
            near = nearest(str(key), allowed)
            meant = f"did you mean `{near}`?" if near else f"what can be declared is {listing(allowed)}"
            yield f"`{key}` is no property that can be declared; {meant}"
        elif _read(value) is None:
            yield f"the reason of `{key}` is {value!r:.60}; write {_HOW}"


def wrong_keys(cls: type[Any], declarable: Iterable[str], fields: Iterable[str]) -> list[Any]:
    """Return the keys of the declarations of a plugin class that mean nothing, or of which no reason is given.

    Args:
        cls: the plugin class.
        declarable: as in `wrong_declarations`.
        fields: as in `wrong_declarations`.
    """
    given = getattr(cls, ATTRIBUTE, {})
    allowed = _allowed(declarable, fields)
    items = given.items() if isinstance(given, Mapping) else ()
    return [key for key, value in items if key not in allowed or _read(value) is None]


def _allowed(declarable: Iterable[str], fields: Iterable[str]) -> list[str]:
    return [*declarable, *(f"fields.{field}" for field in fields)]
