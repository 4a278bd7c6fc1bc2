"""The types of fields of which the annotations in pytorch_optimizer say too little."""

from __future__ import annotations

import ast
from typing import Any, Literal

from attrs import validators

from optim_core.bridge import SourceClass
from optim_pytorch_optimizer.checks import Check

__all__ = ["COEFFICIENT_CHECKS", "types_of"]

_COEFFICIENTS = "ns_coeffs"
_Triple = tuple[float, float, float]
COEFFICIENT_CHECKS: dict[str, Check] = {_COEFFICIENTS: validators.min_len(1)}


def types_of(found: SourceClass) -> dict[str, Any]:
    """Return argument to the type of its field, where the source shows that better than the annotation does."""
    if all(argument.name != _COEFFICIENTS for argument in found.arguments):
        return {}
    presets = _presets(found)
    # The annotation allows any text. A list of three numbers is one triple, and never a list of triples.
    return {_COEFFICIENTS: (Literal[presets] if presets else str) | _Triple | list[_Triple]}


def _presets(found: SourceClass) -> tuple[str, ...]:
    """Return the names that the library has for coefficients of the Newton-Schulz iteration."""
    module = found.module.package.module("pytorch_optimizer.optimizer.utils.matrix")
    table = module.values.get("NS_COEFFICIENTS") if module else None
    keys = table.keys if isinstance(table, ast.Dict) else ()
    return tuple(key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
