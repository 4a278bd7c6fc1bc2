"""What a model's modules say of its parameters: owners, ties, output heads, and which layer each lies in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from optim_core.groups.model.layers import blocks_of, single_layers_of
from optim_core.groups.model.module_kinds import class_name, is_bias, is_head, is_token, kind_of
from optim_core.groups.model.parts import children_of
from optim_core.groups.model.tree import Row, Tree, tree_of
from optim_core.groups.model.wrappers import unwrapped

__all__ = ["Traits", "layered_tree", "survey"]


class Traits(NamedTuple):
    """What the modules say of a parameter, which is the same for many; `ParameterInfo` explains the words.

    Args:
        module: the class name of the parameter's first owner.
        depth: None where the model has no layers.
        num_layers: 0 where the model has no layers.
    """

    module: str
    is_bias: bool
    is_norm: bool
    is_embedding: bool
    is_head: bool
    in_block: bool
    depth: int | None
    num_layers: int


def survey(trees: Sequence[Tree]) -> dict[int, Traits]:
    """Return the traits of every parameter of some models, by the parameter's ``id``.

    Args:
        trees: the trees of the models, with their blocks numbered; without the numbers, heads and depth mean nothing. A
            parameter that models share is an embedding or head where one of them says so.
    """
    traits: dict[int, Traits] = {}
    for tree in trees:
        _add(tree, _heads(tree) if tree.is_layered else set(), traits)
    return traits


def layered_tree(model: Any) -> Tree:
    """Return the rows of a model with its layers numbered: its blocks, or else its single layers but for the head."""
    inner = unwrapped(model)
    tree = tree_of(model, blocks_of(inner))
    if tree.blocks:
        return tree
    heads = _heads(tree)
    layers = [layer for layer in single_layers_of(inner) if id(layer) not in heads]
    return tree_of(model, layers) if layers else tree


def _add(tree: Tree, heads: set[int], traits: dict[int, Traits]) -> None:
    """Add the traits of a model's parameters; the depth of a tied parameter is that of its first place."""
    made: dict[Any, dict[Any, Traits]] = {}
    for row in tree.rows:
        _, module, parameters, block, passed = row
        place = (type(module), block, passed, id(module) in heads)
        is_norm = kind_of(place[0]).is_norm
        of_place = made.get(place)
        if of_place is None:
            of_place = made[place] = {}
        for name, parameter in parameters.items():
            if parameter is None:
                continue
            # In a list, which may be long, the names of parameters are numbers: all of them count as one name.
            key = ("" if name.isdigit() else name, _is_vector(parameter) if is_norm else True)
            one = of_place.get(key)
            if one is None:
                one = of_place[key] = _traits(row, name, parameter, is_head=place[-1], count=tree.blocks)
            known = traits.setdefault(id(parameter), one)
            if known is not one and (known.is_embedding, known.is_head) != (one.is_embedding, one.is_head):
                traits[id(parameter)] = _tied(known, one)


def _traits(row: Row, name: str, parameter: Any, *, is_head: bool, count: int) -> Traits:
    kind = kind_of(type(row.module))
    bias = is_bias(name)
    norm = kind.is_norm and _is_vector(parameter)
    embeds = (kind.is_embedding and not bias) or is_token(name)
    depth: int | None = None
    if row.block:
        depth = row.block
    elif count:
        depth = 0 if embeds else count + 1 if is_head or row.passed == count else row.passed
    return Traits(class_name(type(row.module)), bias, norm, embeds, is_head, row.block > 0, depth, count)


def _tied(first: Traits, second: Traits) -> Traits:
    """Return the traits of a parameter at two places."""
    embeds = first.is_embedding or second.is_embedding
    depth = 0 if embeds and first.depth is not None and not first.in_block else first.depth
    return first._replace(is_embedding=embeds, is_head=first.is_head or second.is_head, depth=depth)


def _is_vector(parameter: Any) -> bool:
    """Tell whether at most one dimension is not 1."""
    shape = parameter.shape
    return len(shape) < 2 or sum(size != 1 for size in shape) < 2


def _heads(tree: Tree) -> set[int]:
    """Return the ``id`` of each module that is an output layer.

    Output layers are the last module with a matrix, unless it lies in a block; the last one in each module outside of
    the blocks that has a head's name, and in each item of a list with such a name; and a module whose weight is an
    embedding's.
    """
    embeddings = {
        id(parameter)
        for row in tree.rows
        if kind_of(type(row.module)).is_embedding
        for parameter in row.parameters.values()
        if parameter is not None
    }
    heads: set[int] = set()
    named: dict[tuple[str, ...], int] = {}
    for row in tree.rows:
        if not row.block and any(True for _ in _matrices(row)):
            place = _head_place(tree.model, row.path)
            if place:
                named[place] = id(row.module)
            if not embeddings.isdisjoint(map(id, _matrices(row))):
                heads.add(id(row.module))
    last = next((row for row in reversed(tree.rows) if any(True for _ in _matrices(row))), None)
    return {*heads, *named.values(), *({id(last.module)} if last is not None and not last.block else ())}


def _matrices(row: Row) -> Iterator[Any]:
    """Yield the weights of two or more dimensions of a module that is neither a norm nor an embedding."""
    kind = kind_of(type(row.module))
    if not kind.is_norm and not kind.is_embedding:
        for name, parameter in row.parameters.items():
            if parameter is not None and parameter.ndim > 1 and not is_bias(name) and not is_token(name):
                yield parameter


def _head_place(model: Any, path: str) -> tuple[str, ...]:
    """Return a path up to its first part with a head's name, and the item where that is a list; () without one."""
    parts = path.split(".") if path else []
    if not any(map(is_head, parts)):
        return ()
    module = unwrapped(model)
    for place, part in enumerate(parts, start=1):
        module = unwrapped(children_of(module).get(part))
        if module is None:
            # The head is a part of the wrapper itself, not of what is in it.
            return ()
        if is_head(part):
            kind = kind_of(type(module))
            return tuple(parts[: place + 1] if kind.is_list or kind.is_dict else parts[:place])
    return ()
