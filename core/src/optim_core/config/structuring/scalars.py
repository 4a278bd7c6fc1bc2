"""Strict structuring of single values: a bool is not a number, "false" is not a bool, 1.5 is not a whole number."""

from __future__ import annotations

import math
import numbers
import operator
from typing import Any, get_args

from optim_core.config.issues import ConfigPath, Hint, Issue, IssuesError
from optim_core.run.durations import Duration, DurationError
from optim_core.run.shares import Share
from optim_core.text.numerals import number_in
from optim_core.validators import FieldError

__all__ = [
    "refused",
    "structure_anything",
    "structure_bool",
    "structure_callable",
    "structure_duration",
    "structure_float",
    "structure_int",
    "structure_literal",
    "structure_none",
    "structure_share",
    "structure_str",
    "wrong_type",
]


def wrong_type(wanted: Any, value: Any, hint: Hint | None = None) -> IssuesError:
    """Return the error of a value that is not of the type `wanted`."""
    return IssuesError(Issue("wrong-type", (), value, wanted, hint=hint))


def refused(error: FieldError, path: ConfigPath = ()) -> Issue:
    """Return the issue of what a validator says of a value, in its own words."""
    hint = Hint.of("said", text=error.hint) if error.hint else None
    return Issue("refused", path, data={"text": error.message}, hint=hint)


def _no_number(wanted: Any, value: Any) -> IssuesError:
    return wrong_type(wanted, value, Hint.of("write-number", value=value, whole=wanted is int))


def structure_float(value: Any, _: Any) -> float:
    """Return a finite number, from one or from a text that writes one."""
    if type(value) is float:
        number = value
    elif isinstance(value, str):
        written = number_in(value)
        if written is None:
            raise _no_number(float, value)
        number = structure_float(written, float)
    elif isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise IssuesError(Issue("too-large", (), value, float)) from None
        except Exception as error:
            raise wrong_type(float, value) from error
    else:
        raise _no_number(float, value)
    if not math.isfinite(number):
        raise IssuesError(Issue("not-finite", (), number, float))
    return number


def structure_int(value: Any, _: Any) -> int:
    """Return a whole number, from one, from 1e5, or from a text that writes one."""
    if type(value) is int:
        return value
    number: Any = number_in(value) if isinstance(value, str) else value
    # 1e5 is how people write 100000, and YAML knows no other whole number with an exponent.
    if isinstance(number, float) and number.is_integer():
        return int(number)
    if isinstance(number, bool) or not hasattr(type(number), "__index__"):
        raise _no_number(int, value)
    try:
        return operator.index(number)
    except Exception as error:
        # The method of a tensor, for one, raises unless the tensor holds one whole number.
        raise wrong_type(int, value) from error


def structure_bool(value: Any, _: Any) -> bool:
    """Return true or false; no other value means either."""
    if isinstance(value, bool) or (type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_")):
        return bool(value)
    raise wrong_type(bool, value, Hint.of("write-bool", value=value))


def structure_str(value: Any, _: Any) -> str:
    """Return a text."""
    if isinstance(value, str):
        return str(value)
    raise wrong_type(str, value)


def structure_none(value: Any, _: Any) -> None:
    """Return null, which is all that may stand there."""
    if value is not None:
        raise wrong_type(type(None), value, Hint.of("write-null", value=value))


def structure_anything(value: Any, _: Any) -> Any:
    """Return the value as it is, where it is no number that is infinite."""
    return structure_float(value, float) if type(value) is float else value


def structure_callable(value: Any, wanted: Any) -> Any:
    """Return a Python function."""
    if callable(value):
        return value
    raise wrong_type(wanted, value)


def structure_duration(value: Any, _: Any) -> Duration:
    """Return a length, from what a config writes as one."""
    try:
        return Duration.of(value)
    except DurationError as error:
        raise IssuesError(refused(error)) from None


def structure_share(value: Any, _: Any) -> Share:
    """Return a share of a rate, from what a config writes as one."""
    try:
        return Share.of(value)
    except FieldError as error:
        raise IssuesError(refused(error)) from None


def structure_literal(value: Any, wanted: Any) -> Any:
    """Return the one of the choices of a Literal that the value is."""
    allowed = get_args(wanted)
    for choice in allowed:
        # A text may be of a subclass, as the members of a str enum are; true is not 1.
        if (type(choice) is type(value) or (isinstance(choice, str) and isinstance(value, str))) and choice == value:
            return choice
    # Where infinity is a choice, it is the text "inf".
    word = value if isinstance(value, str) else str(value) if type(value) is float else ""
    choices = [choice for choice in allowed if isinstance(choice, str)]
    raise wrong_type(wanted, value, Hint.of("near-choice", name=word, choices=choices) if word else None)
