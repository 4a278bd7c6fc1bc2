"""What an optimizer's plugin class says of its `lr`, where that is no rate like those of Adam and its kin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import attrs

from optim_core.plugin_class.fields import config_fields

__all__ = ["ATTRIBUTE", "LrMeaning", "lr_meaning_of", "other_rates", "wrong_lr_meaning"]

ATTRIBUTE = "lr_meaning"


class LrMeaning(NamedTuple):
    """What `lr` is, and how large it usually is.

    Args:
        what: in words that go on from "`lr` is": "the rate of the matrices".
        least: the least that is usual, > 0.
        most: the most, ≥ `least`.
    """

    what: str
    least: float
    most: float

    def is_usual(self, lr: float) -> bool:
        """Return whether a rate is as large as usual."""
        return self.least <= lr <= self.most


def lr_meaning_of(config: Any) -> LrMeaning | None:
    """Return what an instance of a plugin class says of its `lr`, None where that is nothing, or not well-formed."""
    given = getattr(config, ATTRIBUTE, None)
    if not isinstance(given, tuple) or len(given) != len(LrMeaning._fields):
        return None
    what, least, most = given
    numbers = all(isinstance(each, (int, float)) for each in (least, most))
    return LrMeaning(what, least, most) if isinstance(what, str) and numbers else None


def other_rates(cls: type[Any]) -> list[str]:
    """Return the fields with rates beside `lr`: those that the class names by ``rates``, else by their names."""
    fields = config_fields(cls)
    named = getattr(cls, "rates", None)
    if isinstance(named, Mapping):
        return [field for field in named.values() if field != "lr" and field in fields]
    return [
        name for name in fields if name.endswith("_lr") and not name.startswith(("use_", "decouple_", "normalize_"))
    ]


def wrong_lr_meaning(config: Any) -> Iterable[str]:
    """Yield what is wrong with what an instance of a plugin class says of its `lr`."""
    given = getattr(config, ATTRIBUTE, None)
    if given is None:
        return
    meaning = lr_meaning_of(config)
    if meaning is None:
        yield f"`{ATTRIBUTE}` is (what it is, the least that is usual, the most), not {given!r:.60}"
        return
    if "lr" not in config_fields(type(config)):
        yield f"`{ATTRIBUTE}` is of a field `lr`, which the class lacks"
    elif not 0 < meaning.least <= meaning.most:
        yield f"`{ATTRIBUTE}` has no range from {meaning.least:g} to {meaning.most:g}"
    else:
        default = attrs.fields_dict(type(config))["lr"].default
        if isinstance(default, float) and not meaning.is_usual(default):
            yield f"the default of `lr`, {default:g}, is not in the range of `{ATTRIBUTE}`"
