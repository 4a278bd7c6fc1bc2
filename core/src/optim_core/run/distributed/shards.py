"""Tensors of which each process has a part (DTensor), whole, and divided again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["divided_as", "is_divided", "whole"]


def is_divided(value: Any) -> bool:
    """Tell whether a value is a tensor of which each process has a part."""
    tensors = sys.modules.get("torch.distributed.tensor")
    return tensors is not None and isinstance(value, tensors.DTensor)


def whole(value: Any) -> Any:
    """Return plain data in which every tensor is whole, also inside mappings and lists.

    All processes call this together, as each gives its part to the others.
    """
    if is_divided(value):
        return value.full_tensor()
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(map(_holds_tensors, value)):
        return type(value)(map(whole, value))
    return value


def _holds_tensors(value: Any) -> bool:
    return is_divided(value) or isinstance(value, (Mapping, list, tuple))


def divided_as(value: Any, like: Any) -> Any:
    """Return a tensor that belongs to another one, such as a moment to its weight, divided as that one is.

    A value that is no tensor, or of another shape, is returned whole.
    """
    if is_divided(value):
        if is_divided(like) and like.device_mesh == value.device_mesh and like.placements == value.placements:
            return value
        value = value.full_tensor()
    if not is_divided(like) or getattr(value, "shape", None) != like.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements)
