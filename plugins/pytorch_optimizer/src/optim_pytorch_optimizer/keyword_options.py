"""The options that classes of pytorch_optimizer read from their ``**kwargs``; the source says which class has which."""

from __future__ import annotations

import ast
import re
from typing import Any

import attrs

from optim_core.bridge import Argument, SourceClass
from optim_core.validators import FieldError
from optim_pytorch_optimizer.checks import Check

__all__ = ["OPTION_CHECKS", "OPTION_TEXTS", "keyword_options"]

# Option to its default, which gives its type. No signature of the library has these.
_DEFAULTS: dict[str, bool | float] = {
    "adam_debias": False,
    "adanorm": False,
    "adanorm_r": 0.95,
    "cautious": False,
    "stable_adamw": False,
    "use_gc": False,
}
OPTION_TEXTS: dict[str, str] = {
    "adam_debias": "Leave the bias of the first moment uncorrected, so that the first steps are short (AdamD).",
    "adanorm": "Scale a gradient that is shorter than the mean of its past to that length (AdaNorm).",
    "adanorm_r": "Decay of the mean of the gradient's length; needs `adanorm`.",
    "cautious": "Leave out the parts of an update whose sign is not the gradient's.",
    "stable_adamw": "Divide an update by how far the gradient exceeds its second moment (StableAdamW).",
    "use_gc": "Subtract the mean of a weight's gradient from it (gradient centralization).",
}


# Matches what each ``group.get(…)`` is called with.
_ASKED = re.compile(r"""\bgroup\.get\(\s*(['"])(?P<name>\w+)\1""")


def keyword_options(found: SourceClass) -> list[Argument]:
    """Return the options that reach an optimizer's groups, and that the class with its ``step`` reads from them."""
    classes = zip(found.outlines, found.texts, strict=True)
    stepping = next((text for (_, definition), text in classes if _has_step(definition)), "")
    asked = {each["name"] for each in _ASKED.finditer(stepping) if not _is_comment(stepping, each.start())}
    wanted = asked & _DEFAULTS.keys() - {argument.name for argument in found.arguments}
    return [Argument(name, None, _DEFAULTS[name]) for name in sorted(wanted)] if _reach_groups(found, wanted) else []


def _is_comment(text: str, place: int) -> bool:
    return "#" in text[text.rfind("\n", 0, place) + 1 : place]


def _has_step(definition: ast.ClassDef) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "step" for node in definition.body)


def _reach_groups(found: SourceClass, wanted: set[str]) -> bool:
    """Return whether the constructor takes any keyword, and puts it into the dict that all groups begin with."""
    constructor = found.constructor
    taken = constructor.args.kwarg if wanted else None
    return taken is not None and any(
        key is None and isinstance(value, ast.Name) and value.id == taken.arg
        for node in ast.walk(constructor)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
    )


def _needs_adanorm(instance: Any, attribute: attrs.Attribute[Any], value: float) -> None:
    if not 0 <= value < 1:
        raise FieldError(f"must be in [0, 1), is {value}")
    if value != attribute.default and not instance.adanorm:
        raise FieldError("has no effect without `adanorm`", "set adanorm: true, or leave it out")


OPTION_CHECKS: dict[str, Check] = {"adanorm_r": _needs_adanorm}
