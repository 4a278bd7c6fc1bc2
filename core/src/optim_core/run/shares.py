"""Share: a rate in a config as a share of another, ``"10%"`` of the rate that it belongs to."""

from __future__ import annotations

import re
from typing import Any

import attrs

from optim_core.text.numerals import number_in
from optim_core.text.values import shown
from optim_core.validators import FieldError, Interval

__all__ = ["SHARE_TEXT", "Floor", "FloorPerGroup", "Share", "rate_or_share"]

# JSON Schema takes this too, so it uses only what Python's regular expressions have in common with JavaScript's.
SHARE_TEXT = r"^ *([+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?) *% *$"
_TEXT = re.compile(SHARE_TEXT)

HINT = "write a share as `10%`, a rate as 1e-6"


@attrs.frozen(repr=False)
class Share:
    """A share of a rate, ``"10%"``, in the place of a rate.

    Args:
        percent: in [0, 100].

    Raises:
        FieldError: it is not.

    Example:
        >>> from optim_core.plugin_tools import Share
        >>> Share.of("10%").fraction
        0.1
    """

    percent: float

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise FieldError(f"must be at most 100%, is {self}", HINT)

    @classmethod
    def of(cls, value: Any) -> Share:
        """Return the share that a config writes as a text, such as ``"10%"``.

        Raises:
            FieldError: it writes none.

        Example:
            >>> from optim_core.plugin_tools import Share
            >>> Share.of(" 2.5 % ")
            Share.of('2.5%')
        """
        if isinstance(value, Share):
            return value
        match = _TEXT.fullmatch(value) if isinstance(value, str) else None
        percent = number_in(match[1]) if match else None
        if percent is None:
            raise FieldError(f"must be a share such as `10%`, is {shown(value)}", HINT)
        return cls(float(percent))

    @property
    def fraction(self) -> float:
        """The share as a number in [0, 1]."""
        return self.percent / 100

    def plain(self) -> str:
        """Return the share as a config file writes it.

        Example:
            >>> from optim_core.plugin_tools import Share
            >>> Share(10.0).plain()
            '10%'
        """
        percent = self.percent
        return f"{int(percent) if float(percent).is_integer() else percent}%"

    def __str__(self) -> str:
        return self.plain()

    def __repr__(self) -> str:
        return f"Share.of({self.plain()!r})"


Floor = float | Share
"""The type of a schedule's field for a lowest rate: absolute, or a share of the group's own."""

FloorPerGroup = Floor | list[Floor] | dict[str, Floor]
"""The type of a field with such a rate for all parameter groups, or one for each."""


class _RateOrShare(Interval):
    """A rate within bounds, or any share of one."""

    __slots__ = ()

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, Share):
            super().__call__(instance, attribute, value)


rate_or_share = _RateOrShare(ge=0)
"""The validator of a lowest rate: ≥ 0, or a share."""
