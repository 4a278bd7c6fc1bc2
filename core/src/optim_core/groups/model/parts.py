"""What a module itself holds, by the names in it: children, parameters and buffers.

``torch.nn.Module`` keeps them in ``_modules``, ``_parameters`` and ``_buffers``, which is what its own
``named_parameters`` reads; for 100,000 parameters that takes four times as long as reading them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["PARAMETRIZATIONS", "buffers_of", "children_of", "parameters_of"]

# The name that torch.nn.utils.parametrize gives to the child with the tensors of a module's parametrized weights.
PARAMETRIZATIONS = "parametrizations"


def children_of(module: Any) -> Mapping[str, Any]:
    """Return the modules in a module, by their names in it; None for a name without one."""
    own = getattr(module, "_modules", None)
    return dict(module.named_children()) if own is None else own


def parameters_of(module: Any) -> Mapping[str, Any]:
    """Return the parameters that a module itself owns, by their names in it; None for a name without one."""
    own = getattr(module, "_parameters", None)
    return dict(module.named_parameters(recurse=False)) if own is None else own


def buffers_of(module: Any) -> Mapping[str, Any]:
    """Return the buffers that a module itself owns, by their names in it; None for a name without one."""
    own = getattr(module, "_buffers", None)
    if own is None:
        return dict(module.named_buffers(recurse=False)) if hasattr(module, "named_buffers") else {}
    return own  # type: ignore[no-any-return]
