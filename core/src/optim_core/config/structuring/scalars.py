"""Strict structuring of single values: a bool is not a number, "false" is not a bool, 1.5 is not a whole number."""

from __future__ import annotations

import math
import numbers
import operator
from typing import Any, get_args

from optim_core.config.issues import Mismatch
from optim_core.config.structuring.repairs import as_bool, as_null, as_number
from optim_core.run.durations import Duration, DurationError
from optim_core.text.numerals import number_in
from optim_core.text.spelling import nearest
from optim_core.text.values import shown, type_in_words

__all__ = [
    "structure_anything",
    "structure_bool",
    "structure_callable",
    "structure_duration",
    "structure_float",
    "structure_int",
    "structure_literal",
    "structure_none",
    "structure_str",
    "wrong_type",
]


def wrong_type(wanted: Any, value: Any, hint: str | None = None) -> Mismatch:
    return Mismatch.here(f"must be {type_in_words(wanted)}, is {shown(value)}", hint)


def _no_number(wanted: Any, value: Any) -> Mismatch:
    return wrong_type(wanted, value, as_number(value, whole=wanted is int))


def structure_float(value: Any, _: Any) -> float:
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
            raise Mismatch.here("is too large for a number") from None
        except Exception as error:
            raise wrong_type(float, value) from error
    else:
        raise _no_number(float, value)
    if not math.isfinite(number):
        raise Mismatch.here(f"must be a finite number, is {number}")
    return number


def structure_int(value: Any, _: Any) -> int:
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
        # That of a tensor, for one, raises unless it holds one whole number.
        raise wrong_type(int, value) from error


def structure_bool(value: Any, _: Any) -> bool:
    if isinstance(value, bool) or (type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_")):
        return bool(value)
    raise wrong_type(bool, value, as_bool(value))


def structure_str(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise wrong_type(str, value)


def structure_none(value: Any, _: Any) -> None:
    if value is not None:
        raise wrong_type(type(None), value, as_null(value))


def structure_anything(value: Any, _: Any) -> Any:
    return structure_float(value, float) if type(value) is float else value


def structure_callable(value: Any, wanted: Any) -> Any:
    if callable(value):
        return value
    raise wrong_type(wanted, value)


def structure_duration(value: Any, _: Any) -> Duration:
    try:
        return Duration.of(value)
    except DurationError as error:
        raise Mismatch.here(error.message, error.hint) from None


def structure_literal(value: Any, wanted: Any) -> Any:
    allowed = get_args(wanted)
    for choice in allowed:
        # A text may be of a subclass, as the members of a str enum are; true is not 1.
        if (type(choice) is type(value) or (isinstance(choice, str) and isinstance(value, str))) and choice == value:
            return choice
    # Infinity is the text "inf" where it is a choice.
    word = value if isinstance(value, str) else str(value) if type(value) is float else ""
    near = nearest(word, [choice for choice in allowed if isinstance(choice, str)])
    raise wrong_type(wanted, value, f"did you mean `{near}`?" if near else None)
