"""What to write in place of a value of the wrong type, where its author most likely meant one of the right type."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from optim_core.text.numerals import number_in

__all__ = ["as_bool", "as_list", "as_null", "as_number"]

LONGEST = 60
# This is in bits.
LARGEST = 200
# A subclass of these may have a stranger's code, which is not run here.
_PLAIN = (str, int, float)

_YES = ("true", "yes", "on", "y", "t", "1", "1.0")
_NO = ("false", "no", "off", "n", "f", "0", "0.0")
_NULLS = ("none", "null", "nil", "~", "")

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([,_' ])\d{3})(?:\1\d{3})*(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"([+-]?[\d.]+) ?([kKmM])")
_POWER = re.compile(r"(?:([\d.]+) ?[*x\u00d7\u00b7] ?)?10 ?(?:\^|\*\*) ?\(?([+-]?\d+)\)?")
_PERCENT = re.compile(r"([+-]?[\d.]+) ?%")
_QUOTIENT = re.compile(r"([\d.]+) ?/ ?([\d.]+)")


def as_bool(value: Any) -> str | None:
    """Return the hint for what is neither true nor false: ``write true`` for "yes", 1 or "true"."""
    word = _text(value).lower()
    meant = "true" if word in _YES else "false" if word in _NO else None
    if meant is None:
        return None
    return f"write {meant}" + (" without quotes" if word == meant else "")


def as_null(value: Any) -> str | None:
    """Return the hint for a text that means null, such as Python's ``None``."""
    if type(value) is not str or value.lower() not in _NULLS:
        return None
    return "write null" + (" without quotes" if value in ("null", "~") else "")


def as_number(value: Any, *, whole: bool = False) -> str | None:
    """Return the hint for what is no number, or no whole one."""
    if isinstance(value, bool):
        return None if value else "write 0"
    if type(value) in (list, tuple) and len(value) == 1 and type(value[0]) in _PLAIN:
        return f"write {value[0]} alone, not in a list" if _is_number(_text(value[0]), whole) else None
    if type(value) is not str or len(value) > LONGEST:
        return None
    if "$" in value or "{{" in value:
        return "variables are not filled in here: write the number, or fill them in before"
    meant = _number_meant(value)
    if meant is None or not _is_number(meant, whole):
        return None
    # The signs look alike, so that the repair has to be said in words.
    return f"write {meant}" + (", with the `-` of the keyboard" if value.translate(_DASHES) != value else "")


def as_list(value: Any, length: int | None) -> str | None:
    """Return the hint for what is no list, or none of `length` items."""
    if type(value) in (list, tuple):
        nested = length is not None and len(value) == 1 and type(value[0]) in (list, tuple) and len(value[0]) == length
        return "take one pair of brackets away" if nested else None
    if type(value) is dict:
        items = [_text(item) for item in value.values()] if len(value) == length else []
    elif type(value) is str and len(value) <= LONGEST:
        items = [item.strip() for item in value.strip("()[]{} ").split(",")]
        items = items if len(items) > 1 or length is None else []
    else:
        items = [_text(value)] if length is None else []
    if not items or len(items) != (length or len(items)) or not all(_is_number(item, whole=False) for item in items):
        return None
    return f"write [{', '.join(items)}]" + (" without quotes" if type(value) is str else "")


def _text(value: Any) -> str:
    """Return a plain scalar as text; "" for anything else, and for a number of thousands of digits."""
    if type(value) not in _PLAIN or (type(value) is int and value.bit_length() > LARGEST):
        return ""
    return str(value)


def _is_number(text: str, whole: bool) -> bool:
    number = number_in(text) if len(text) <= LONGEST else None
    return number is not None and (not whole or float(number).is_integer())


def _number_meant(text: str) -> str | None:
    """Return the number in `text` as configs write it: without spaces, units and signs that look like others."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip(" \t\n'\"\u2018\u2019\u201c\u201d")
    if _GROUPED.fullmatch(plain):
        return re.sub(r"[,_' ]", "", plain)
    if _DECIMAL_COMMA.fullmatch(plain):
        return plain.replace(",", ".")
    if match := _PERCENT.fullmatch(plain):
        return _product(match[1], 0.01)
    if match := _THOUSANDS.fullmatch(plain):
        return _product(match[1], 1e3 if match[2] in "kK" else 1e6)
    if match := _POWER.fullmatch(plain):
        return f"{match[1] or 1}e{match[2]}"
    if match := _QUOTIENT.fullmatch(plain):
        divisor = number_in(match[2])
        return _product(match[1], 1 / divisor) if divisor else None
    plain = plain.replace("_", "")
    return plain if number_in(plain) is not None else None


def _product(text: str, factor: float) -> str | None:
    number = number_in(text)
    return None if number is None else f"{number * factor:.12g}"
