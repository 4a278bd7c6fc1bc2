"""Optimizers that treat parameters by what these are: the group option that says so, set for the right parameters."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optim_core.bridge import SourceClass
from optim_core.errors import ParamGroupError

if TYPE_CHECKING:
    from optim_core import ParameterInfo

__all__ = ["group_members"]

Options = dict[str, Any]

_MARK = "use_muon"
_MATRICES, _ADAMW = "matrices", "adamw"
_RATES = {_MATRICES: "lr", _ADAMW: "adamw_lr"}


def group_members(found: SourceClass) -> dict[str, Any]:
    """Return what a plugin class has besides its fields: the hook that makes its groups, where it needs one."""
    halves = _halves(found)
    if halves is not None:
        return {"group_options_for": _by_halves(found.name, *halves), "rates": _RATES}
    mark = _MARKS.get(found.name)
    return {"group_options": _by_mark(found.name, *mark)} if mark else {}


def is_hidden_matrix(info: ParameterInfo) -> bool:
    """Return whether a parameter is a weight of two dimensions or more, of no norm, embedding or output head."""
    return info.ndim >= 2 and not (info.is_bias or info.is_norm or info.is_embedding or info.is_head)


def _is_of_norm(info: ParameterInfo) -> bool:
    return info.is_norm


def _is_linear_weight(info: ParameterInfo) -> bool:
    return info.module == "Linear" and info.ndim == 2


# Class to the option of a group that marks some parameters, to a test of which the class's documentation means, and to
# these in words.
_MARKS: dict[str, tuple[str, Callable[[ParameterInfo], bool], str]] = {
    "AdamC": ("normalized", _is_of_norm, "those of norms"),
    "AdamWSN": ("sn", _is_linear_weight, "the weights of Linear layers"),
}


def _by_mark(
    name: str, mark: str, belongs: Callable[[ParameterInfo], bool], words: str
) -> Callable[[Any, ParameterInfo], Options]:
    def group_options(_self: Any, info: ParameterInfo) -> Options:
        """Return the mark, set where the parameter is one of those that the optimizer treats otherwise."""
        _require_model(name, mark, words, info)
        return {mark: belongs(info)}

    return group_options


def _by_halves(
    name: str, matrices: Mapping[str, str], others: Mapping[str, str]
) -> Callable[[Any, Sequence[ParameterInfo]], list[Options]]:
    def group_options_for(self: Any, infos: Sequence[ParameterInfo]) -> list[Options]:
        """Return the options of each parameter's group: those of the hidden matrices, or AdamW's."""
        for info in infos:
            _require_model(name, _MARK, "the hidden matrices", info)
        if not any(map(is_hidden_matrix, infos)):
            raise ParamGroupError(
                f"{name} is for the weights between embedding and output head, and none of the {len(infos)} "
                "parameters is one with two dimensions or more; take AdamW for this model"
            )
        return [
            {
                "name": _MATRICES if hidden else _ADAMW,
                _MARK: hidden,
                **{key: getattr(self, field) for key, field in (matrices if hidden else others).items()},
            }
            for hidden in map(is_hidden_matrix, infos)
        ]

    return group_options_for


def _require_model(name: str, mark: str, words: str, info: ParameterInfo) -> None:
    if info.is_embedding is None:
        raise ParamGroupError(
            f"{name} treats {words} otherwise than the rest, and which those are is not known of tensors alone: hand "
            f"over the model, or groups that each say `{mark}`"
        )


def _halves(found: SourceClass) -> tuple[dict[str, str], dict[str, str]] | None:
    """Return the field for each option of a group, for groups with the mark and for others; None without two such.

    A class has two such sorts of groups where its constructor fills in the options of each.
    """
    if not any(_MARK in text for text in found.texts):
        return None
    fields = {argument.name for argument in found.arguments}
    for definition in found.definitions:
        for node in _conditions(definition.body):
            match node:
                case ast.If(
                    test=ast.Subscript(value=ast.Name(id="group"), slice=ast.Constant(value=mark)),
                    body=body,
                    orelse=[_, *_] as orelse,
                ) if mark == _MARK and (matrices := dict(_filled_in(body, fields))):
                    return matrices, dict(_filled_in(orelse, fields))
    return None


def _conditions(statements: Sequence[ast.AST]) -> Iterator[ast.If]:
    """Yield every ``if``, however deep it stands. Expressions are not walked: that would take most of a load's time."""
    for statement in statements:
        if isinstance(statement, ast.If):
            yield statement
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            if nested := getattr(statement, inner, None):
                yield from _conditions(nested)


def _filled_in(statements: Sequence[ast.stmt], fields: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the option and the field of each ``group["option"] = … group.get("option", field) …``."""
    for statement in statements:
        for node in ast.walk(statement):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="group"), attr="get"),
                    args=[ast.Constant(value=str(option)), ast.Name(id=field)],
                ) if field in fields:
                    yield option, field
