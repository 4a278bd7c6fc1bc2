"""The layers of a model, in order: the blocks that repeat in its lists and sequences of modules.

Where a model has stages that hold blocks, as Swin has, the blocks are its layers. A block that holds a list of its own,
such as experts, is one layer.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from optim_core.groups.model.module_kinds import all_numbered, is_beside_the_layers, kind_of
from optim_core.groups.model.parts import PARAMETRIZATIONS, children_of, parameters_of
from optim_core.groups.model.wrappers import unwrapped

__all__ = ["blocks_of", "single_layers_of"]


def blocks_of(module: Any) -> list[Any]:
    """Return the repeated modules that have modules of their own, outermost first, in the order of definition.

    Args:
        module: a model or a part of one; only lists and sequences with two or more of one class count.
    """
    children = _children(module)
    repeated = _repeated(module, children)
    found: list[Any] = []
    for name, child in children:
        if repeated:
            inner = blocks_of(child)
            if inner and (_class(child) not in repeated or _is_stage(child, inner)):
                found += inner
            elif _class(child) in repeated:
                found.append(child)
        elif not _is_leaf(child) and not is_beside_the_layers(name):
            found += blocks_of(child)
    return found


def single_layers_of(module: Any) -> list[Any]:
    """Return the modules without modules of their own, with a weight of two or more dimensions, that follow each other.

    Args:
        module: a model in which `blocks_of` finds nothing, or a part of one.
    """
    children = _children(module)
    layers = [child for _, child in children if _is_leaf(child) and _has_matrix(child)]
    if len(layers) < 2 or not _is_sequence(module, children):
        layers = []
    known = {id(layer) for layer in layers}
    found: list[Any] = []
    for name, child in children:
        if id(child) in known:
            found.append(child)
        elif not is_beside_the_layers(name):
            found += single_layers_of(child)
    return found


def _repeated(module: Any, children: list[tuple[str, Any]]) -> set[type[Any]]:
    """Return the classes of a sequence's items that are its blocks."""
    if not children or not _is_sequence(module, children):
        return set()
    count = Counter(_class(child) for _, child in children if not _is_leaf(child) and _has_matrix(child))
    is_sequential = kind_of(type(module)).is_sequential
    # A list of one item is that of a model, or of a stage, with one layer.
    if max(count.values(), default=0) < 2 and (is_sequential or len(children) > 1):
        return set()
    # A list holds nothing but layers, so that a class counts also where only one item has it.
    return set(count) if not is_sequential else {cls for cls, times in count.items() if times > 1}


def _is_sequence(module: Any, children: list[tuple[str, Any]]) -> bool:
    kind = kind_of(type(module))
    return kind.is_list or kind.is_sequential or (kind.is_dict and all_numbered(name for name, _ in children))


def _is_stage(module: Any, inner: list[Any]) -> bool:
    """Tell whether a module is little more than the blocks in it; a reduction between stages is one matrix more.

    A block that is made of wrapped convolutions, with one matrix each, is no stage.
    """
    inside = sum(map(_matrices, inner))
    return inside > len(inner) and _matrices(module) - inside <= 1


def _matrices(module: Any) -> int:
    """Return how many parameters of two or more dimensions there are in a module."""
    own = sum(1 for parameter in parameters_of(module).values() if parameter is not None and parameter.ndim > 1)
    return own + sum(_matrices(child) for _, child in _children(module))


def _has_matrix(module: Any) -> bool:
    return any(parameter is not None and parameter.ndim > 1 for parameter in parameters_of(module).values()) or any(
        _has_matrix(child) for _, child in _children(module)
    )


def _children(module: Any) -> list[tuple[str, Any]]:
    return [(name, unwrapped(child)) for name, child in children_of(module).items() if child is not None]


def _class(module: Any) -> type[Any]:
    return kind_of(type(module)).origin


def _is_leaf(module: Any) -> bool:
    # A linear layer with weight normalisation has a module in it, and is still one layer.
    return all(child is None or name == PARAMETRIZATIONS for name, child in children_of(module).items())
