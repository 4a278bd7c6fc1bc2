"""The modules of a model that own parameters, in the order of definition, and their layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from optim_core.groups.model.module_kinds import kind_of
from optim_core.groups.model.parts import PARAMETRIZATIONS, children_of, parameters_of

__all__ = ["Row", "Tree", "tree_of"]


class Row(NamedTuple):
    """A module at one of its places in the model.

    Args:
        path: ``encoder.layers.0``; "" for the model itself.
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
    """

    model: Any
    rows: list[Row]
    blocks: int
    is_layered: bool
    is_plain: bool


def tree_of(model: Any, blocks: Iterable[Any] | None) -> Tree:
    """Return the rows of a model.

    Args:
        model: a module.
        blocks: its layers in order, to number them; None where they are not wanted.
    """
    numbers: dict[int, int] = {}
    for number, block in enumerate(blocks or (), start=1):
        numbers.setdefault(id(block), number)
    rows: list[Row] = []
    passed = 0
    classes: set[type[Any]] = set()

    def visit(path: str, module: Any, block: int, around: Any) -> None:
        nonlocal passed
        if numbers and not block:
            block = numbers.get(id(module), 0)
            passed = max(passed, block)
        classes.add(type(module))
        parameters = parameters_of(module)
        if parameters:
            owner = around if type(module).__name__ == "ParametrizationList" else module
            rows.append(Row(path, owner, parameters, block, passed))
        children = children_of(module)
        if not children:
            return
        start = f"{path}." if path else ""
        around = around if path.endswith(PARAMETRIZATIONS) else module
        for name, child in children.items():
            if child is not None:
                visit(start + name, child, block, around)

    visit("", model, 0, model)
    return Tree(model, rows, len(numbers), blocks is not None, all(kind_of(cls).is_plain for cls in classes))
