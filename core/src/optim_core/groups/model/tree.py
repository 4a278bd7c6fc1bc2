"""The modules of a model that own parameters, in the order of definition, and their layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from optim_core.groups.model.module_kinds import kind_of
from optim_core.groups.model.parts import PARAMETRIZATIONS, children_of, parameters_of
from optim_core.groups.model.wrappers import Wrapper, wrapper_of

__all__ = ["Row", "Tree", "tree_of"]


class Row(NamedTuple):
    """A module at one of its places in the model.

    Args:
        path: ``encoder.layers.0``, without the prefixes of wrappers; "" for the model itself.
        module: a module that owns at least one parameter. What a parametrization, such as weight normalisation, has in
            place of a weight is owned by the module that the weight is for.
        parameters: the module's own parameters, by their names in it; None for a name without one.
        block: the number, from 1, of the layer in which the module lies, 0 where it lies in none.
        passed: the highest number of a layer up to this row.
    """

    path: str
    module: Any
    parameters: Mapping[str, Any]
    block: int
    passed: int


class Tree(NamedTuple):
    """A model as its rows.

    Args:
        model: the model.
        rows: the modules that own parameters; a module at several places has a row for each.
        blocks: how many numbered layers there are.
        is_layered: whether layers were looked for.
        is_plain: whether ``named_parameters`` gives what the rows do, and no names of its own.
        is_wrapped: whether there is a wrapper around the model, or in it.
    """

    model: Any
    rows: list[Row]
    blocks: int
    is_layered: bool
    is_plain: bool
    is_wrapped: bool


def tree_of(model: Any, blocks: Iterable[Any] | None) -> Tree:
    """Return the rows of a model; what a wrapper holds has the path of the wrapper.

    Args:
        model: a module.
        blocks: its layers in order, to number them; None where they are not wanted.
    """
    walk = _Walk(_numbers(blocks or ()))
    walk.visit("", model, 0, model)
    is_plain = all(kind_of(cls).is_plain for cls in walk.wrappers)
    return Tree(model, walk.rows, len(walk.numbers), blocks is not None, is_plain, any(walk.wrappers.values()))


class _Walk:
    """A walk through a model, each module before those in it.

    A function that calls itself would be freed by the garbage collector alone, and the model with it.

    Args:
        numbers: the number of each layer, by its ``id``.
    """

    def __init__(self, numbers: dict[int, int]) -> None:
        self.numbers = numbers
        self.rows: list[Row] = []
        self.passed = 0
        self.wrappers: dict[type[Any], Wrapper | None] = {}

    def visit(self, path: str, module: Any, block: int, around: Any) -> None:
        """Add the rows of a module and of what is in it."""
        if self.numbers and not block:
            block = self.numbers.get(id(module), 0)
            self.passed = max(self.passed, block)
        cls = type(module)
        if cls not in self.wrappers:
            self.wrappers[cls] = wrapper_of(module)
        parameters = parameters_of(module)
        if parameters:
            owner = around if cls.__name__ == "ParametrizationList" else module
            self.rows.append(Row(path, owner, parameters, block, self.passed))
        children = children_of(module)
        if not children:
            return
        start = f"{path}." if path else ""
        wrapper = self.wrappers[cls]
        if wrapper is not None:
            for place, child in _parts_of(wrapper, children, path, start):
                self.visit(place, child, block, module)
            return
        around = around if path.endswith(PARAMETRIZATIONS) else module
        for name, child in children.items():
            if child is not None:
                self.visit(start + name, child, block, around)


def _numbers(blocks: Iterable[Any]) -> dict[int, int]:
    """Return the number of each layer, by its ``id``; a layer at two places has that of the first."""
    numbers: dict[int, int] = {}
    for number, block in enumerate(blocks, start=1):
        numbers.setdefault(id(block), number)
    return numbers


def _parts_of(wrapper: Wrapper, children: Mapping[str, Any], path: str, start: str) -> Iterator[tuple[str, Any]]:
    """Yield the modules in a wrapper, each once, with their paths; what it wraps has its own."""
    for name, child in children.items():
        if child is not None and name not in wrapper.copies:
            yield path if name == wrapper.inside else start + name, child
