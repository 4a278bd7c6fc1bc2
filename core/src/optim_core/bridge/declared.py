"""What a bridge declares of the classes of its library, as one table."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["declared"]


def declared(table: Mapping[str, Mapping[str, str]], name: str) -> dict[str, str]:
    """Return what one class declares: property, or ``fields.NAME``, to ``"refuses: why"`` or ``"differs: why"``.

    Args:
        table: properties with spaces between them, to what is declared of each, to the names of the classes with spaces
            between them.
        name: the name of the class.

    Example:
        >>> from optim_core.bridge import declared
        >>> table = {"deepcopy pickled": {"refuses: a copy lacks its tables": "Adam8bit Lion8bit"}}
        >>> declared(table, "Lion8bit")["pickled"]
        'refuses: a copy lacks its tables'
    """
    return {
        wanted: text
        for properties, texts in table.items()
        for text, names in texts.items()
        if name in names.split()
        for wanted in properties.split()
    }
