"""What came of one property of one plugin, and how a check says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

__all__ = ["Differs", "DoesNotApply", "Result", "Status"]

Status = Literal["passed", "failed", "declared", "not applicable"]


class Differs(Exception):  # noqa: N818 - it never leaves this package
    """A property does not hold.

    Args:
        expected: what had to be there, a phrase.
        seen: what was there instead.
        declares: what a plugin may declare so that this is no failure, where that is not the property's name.
        repair: what to do about it, a phrase, where more is known than that it may be declared.
        withdraws: what is declared and not so.
    """

    def __init__(
        self,
        expected: str,
        seen: str,
        *,
        declares: Iterable[str] | None = None,
        repair: str | None = None,
        withdraws: Iterable[str] = (),
    ) -> None:
        super().__init__(expected, seen)
        self.expected = expected
        self.seen = seen
        self.declares = None if declares is None else tuple(declares)
        self.repair = repair
        self.withdraws = tuple(withdraws)


class DoesNotApply(Exception):  # noqa: N818 - it never leaves this package
    """A property means nothing for this plugin; the message says why."""


@attrs.frozen(kw_only=True)
class Result:
    """What came of one property.

    Args:
        property: its name.
        sentence: what must be true.
        status: "declared" where the plugin says that it does not hold, and it does not.
        expected: what had to be there; None unless it failed.
        seen: what was there instead; None unless it failed.
        repair: what to do about it, None unless it failed and something is known.
        reason: the plugin's own words where it is declared, why it means nothing where it is not applicable, else None.
        declares: what the plugin may declare so that this is no failure: property to ``"refuses: why"`` or
            ``"differs: why"``, or to None where a declaration has to go; empty where it cannot.

    Example:
        >>> from optim_conformance import Result
        >>> print(Result(property="bf16", sentence="It trains.", status="declared", reason="refuses: no kernel"))
        declared: bf16 (refuses: no kernel)
    """

    property: str
    sentence: str
    status: Status
    expected: str | None = None
    seen: str | None = None
    repair: str | None = None
    reason: str | None = None
    declares: Mapping[str, str | None] = attrs.Factory(dict)

    def __str__(self) -> str:
        if self.status == "failed":
            lines = [f"failed: {self.property}", self.sentence, f"expected: {self.expected}", f"seen: {self.seen}"]
            return "\n    ".join([*lines, *([self.repair] if self.repair else [])])
        return f"{self.status}: {self.property}" + (f" ({self.reason})" if self.reason else "")
