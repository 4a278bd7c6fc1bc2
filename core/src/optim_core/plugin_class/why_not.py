"""What a plugin class says of a field, or of a value of one, that it does not have as things are installed here."""

from __future__ import annotations

from typing import Any

from optim_core.text.prose import visible

__all__ = ["ATTRIBUTE", "why_not"]

ATTRIBUTE = "why_not"


def why_not(cls: type[Any], key: str, value: Any) -> str | None:
    """Return what a plugin class says to somebody who gives it `value` for a field that it refuses; None for nothing.

    Args:
        cls: the plugin class; it may have ``why_not(key, value)``, static, which gives a text or None.
        key: a key that is none of its fields, or one of them whose type `value` has not got.
        value: what stands there.

    Example:
        >>> from optim_core.plugin_class.why_not import why_not
        >>> class Halving:
        ...     @staticmethod
        ...     def why_not(key, value):
        ...         return "it comes with torch 3" if key == "smoothly" else None
        >>> why_not(Halving, "smoothly", True), why_not(Halving, "slowly", True)
        ('it comes with torch 3', None)
    """
    asked = getattr(cls, ATTRIBUTE, None)
    if not callable(asked):
        return None
    try:
        said = asked(key, value)
    except Exception:  # noqa: BLE001 - it may raise anything, and the issue itself is told in any case
        return None
    return visible(said) if isinstance(said, str) and said else None
