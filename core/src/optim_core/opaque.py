"""Instances of attrs classes that other libraries take as they are, and do not convert field by field."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["opaque"]

C = TypeVar("C", bound=type)


class _OfTheClass:
    """The fields of an attrs class, which the class has, and its instances have not.

    attrs itself always asks the class.
    """

    def __init__(self, fields: Any) -> None:
        self._fields = fields

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is not None:
            raise AttributeError("an instance has no __attrs_attrs__; ask its class")
        return self._fields


def opaque(cls: C) -> C:
    """Return an attrs class whose instances OmegaConf does not take for structured configs.

    OmegaConf turns an instance of any attrs class that it meets in a mapping into a config of its own, by the types of
    its fields, and fails where it does not know a type. The loggers of Lightning hand it every hyperparameter. What it
    cannot hold at all they write down otherwise.

    Example:
        >>> import attrs
        >>> from optim_core.opaque import opaque
        >>> @opaque
        ... @attrs.frozen
        ... class Point:
        ...     x: int
        >>> attrs.has(Point), attrs.has(Point(1)), attrs.evolve(Point(1), x=2)
        (True, False, Point(x=2))
    """
    cls.__attrs_attrs__ = _OfTheClass(cls.__attrs_attrs__)  # type: ignore[attr-defined]
    return cls
