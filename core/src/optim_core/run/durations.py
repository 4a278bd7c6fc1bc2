"""Duration: a length in a config, as a number of steps, a share of the run, or epochs."""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING, Any, Literal

import attrs

from optim_core.errors import HorizonError
from optim_core.text.numerals import number_in
from optim_core.text.values import shown
from optim_core.validators import FieldError

if TYPE_CHECKING:
    from optim_core.run.horizon import Horizon

__all__ = ["DURATION_TEXT", "Duration", "DurationError"]

# JSON Schema takes this too, so it uses only what Python's regular expressions have in common with JavaScript's.
DURATION_TEXT = r"^ *([+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?) *(%|steps?|epochs?)? *$"
_TEXT = re.compile(DURATION_TEXT)

# Up to here every whole number is exact as a float.
MOST = 2**53

Unit = Literal["", "steps", "%", "epochs"]

WORDS = "a length such as 500, `10%` or `2 epochs`"
HINT = "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)"


class DurationError(FieldError):
    """A value is no duration; `hint` says what to write."""

    def __init__(self, message: str, hint: str = HINT) -> None:
        super().__init__(message, hint)


@attrs.frozen(repr=False)
class Duration:
    """A length in steps that is known once the run is: ``500``, ``"500 steps"``, ``"5%"``, ``"2 epochs"``.

    Args:
        amount: how many of the unit, ≥ 0 and at most 2 ** 53; whole for steps, at most 100 for "%".
        unit: "" counts calls of the schedule's ``step()``, which are optimizer steps or epochs by its interval; "steps"
            counts optimizer steps; "%" is a share of the run; "epochs" are passes over the data.

    Raises:
        DurationError: the amount is out of its range.

    Example:
        >>> from optim_core import Duration, Horizon
        >>> Duration(5, "%").resolve(Horizon(total_steps=2000), "num_warmup_steps")
        100
    """

    amount: int | float
    unit: Unit = ""

    def __attrs_post_init__(self) -> None:
        amount = self.amount
        if isinstance(amount, bool) or not isinstance(amount, (int, float)):
            raise DurationError(f"must be a number, is {shown(amount)}", "Duration.of reads what a config writes")
        if isinstance(amount, float) and amount.is_integer():
            object.__setattr__(self, "amount", int(amount))
        elif isinstance(amount, float) and self.unit in ("", "steps"):
            share = f"did you mean `{100 * amount:g}%`? " if not self.unit and 0 < amount < 1 else ""
            raise DurationError(f"must be {WORDS}, is {shown(amount)}", share + HINT)
        if not 0 <= amount <= MOST:
            raise DurationError(f"must be ≥ 0 and at most {MOST:,}, is {shown(amount)}")
        if self.unit == "%" and amount > 100:
            raise DurationError(f"must be at most 100%, is {self}")

    @classmethod
    def of(cls, value: Any) -> Duration:
        """Return the length that a config writes as `value`: a whole number, a text, or a Duration.

        Raises:
            DurationError: `value` writes none; a share is a text, ``"10%"``, and never a bare 0.1.

        Example:
            >>> from optim_core import Duration
            >>> Duration.of("2 epochs").amount, Duration.of(500).amount
            (2, 500)
        """
        if isinstance(value, Duration):
            return value
        if isinstance(value, str):
            return cls._read(value)
        if isinstance(value, float):
            # People write 1e5 for 100000, which is a float; but 1.0 may be meant as all of the run.
            if value == 1:
                raise DurationError(f"must be {WORDS}, is 1.0", f"did you mean `100%`? {HINT}")
            return cls(float(value))
        if isinstance(value, bool) or not hasattr(type(value), "__index__"):
            raise DurationError(f"must be {WORDS}, is {shown(value)}")
        try:
            whole = operator.index(value)
        except Exception as error:
            # The __index__ of a tensor, for one, raises unless the tensor holds one whole number.
            raise DurationError(f"must be {WORDS}, is {shown(value)}") from error
        return cls(whole)

    @classmethod
    def _read(cls, text: str) -> Duration:
        match = _TEXT.fullmatch(text)
        amount = number_in(match[1]) if match else None
        if match is None or amount is None:
            raise DurationError(f"must be {WORDS}, is {shown(text)}")
        if match[4] is None:
            return cls.of(amount)
        return cls(amount, "%" if match[4] == "%" else "steps" if match[4].startswith("step") else "epochs")

    def __str__(self) -> str:
        if self.unit == "epochs" and self.amount == 1:
            return "1 epoch"
        if self.unit == "steps" and self.amount == 1:
            return "1 step"
        return f"{self.amount}{self.unit}" if self.unit in ("", "%") else f"{self.amount} {self.unit}"

    def __repr__(self) -> str:
        return f"Duration.of({self.plain()!r})"

    def plain(self) -> int | str:
        """Return the length as a config file writes it.

        Example:
            >>> from optim_core import Duration
            >>> Duration.of(" 10 % ").plain(), Duration.of(500).plain()
            ('10%', 500)
        """
        return int(self.amount) if not self.unit else str(self)

    def resolve(self, horizon: Horizon, needed_by: str) -> int:
        """Return the length as a number of calls of ``step()``.

        A share of a step is rounded up, as transformers rounds a warmup ratio.

        Args:
            horizon: the run, counted in epochs for a schedule that is stepped once an epoch.
            needed_by: the schedule and its field, for the message.

        Raises:
            HorizonError: the length depends on a number that `horizon` does not have, or counts optimizer steps where
                the schedule is stepped once an epoch.

        Example:
            >>> from optim_core import Duration, Horizon
            >>> Duration.of("2 epochs").resolve(Horizon(steps_per_epoch=300), "num_warmup_steps")
            600
        """
        if self.unit == "steps" and horizon.per_epoch:
            raise HorizonError(
                f"{needed_by} is {self}, but the schedule is stepped once an epoch: "
                'write epochs, or set interval: "step" beside its type'
            )
        if self.unit in ("", "steps"):
            return int(self.amount)
        from fractions import Fraction

        exact = Fraction(str(self.amount))
        if self.unit == "%":
            return math.ceil(exact * self._require(horizon, "total_steps", needed_by) / 100)
        return math.ceil(exact * (1 if horizon.per_epoch else self._require(horizon, "steps_per_epoch", needed_by)))

    def _require(self, horizon: Horizon, name: str, needed_by: str) -> int:
        value: int | None = getattr(horizon, name)
        if value is None:
            name = "epochs" if horizon.per_epoch else name
            message = f"{needed_by} is {self}, which needs {name}"
            raise HorizonError(message, needs=name, otherwise=", or write steps")
        return value
