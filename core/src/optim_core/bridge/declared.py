"""What a bridge declares of the classes of its library, as one table."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["declared"]


def declared(table: Mapping[str, Mapping[str, str]], name: str) -> dict[str, str]:
    """The ``conformance`` of one class: property, or ``fields.NAME``, to ``"refuses: why"`` or ``"differs: why"``.

    Args:
        table: properties, apart by spaces, to what is declared of each, to the names of the classes, apart by spaces.
        name: of the class.
    """
    return {
        wanted: text
        for properties, texts in table.items()
        for text, names in texts.items()
        if name in names.split()
        for wanted in properties.split()
    }
