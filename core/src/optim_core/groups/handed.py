"""Parameters that a caller hands over by themselves, in the groups that the config makes for the model they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from optim_core.errors import ParamGroupError
from optim_core.groups.names import NAME
from optim_core.groups.plan import Plan
from optim_core.groups.targets import Group, target_of
from optim_core.text.values import shown

__all__ = ["groups_of_handed", "without_names"]

GROUPS = "hand over the groups that the factory's groups() gives, or the parameters without groups"
_OF_PARAMETERS = ("params", "param_names")
_NO_OPTIONS = (*_OF_PARAMETERS, NAME)


def groups_of_handed(plan: Plan, params: Any) -> list[Group]:
    """Return the groups of a plan, with those of its parameters that are in `params`.

    Args:
        plan: what the config makes of a model.
        params: some parameters of that model, with or without names, which are the model's in any case; or groups of
            them, which stay as they are divided, and get the options that the config has for their parameters.

    Raises:
        ParamGroupError: a parameter is not of the model, or none is trained; or a group says something else than the
            config of its parameters, or holds some that the config keeps apart.
    """
    planned = plan.groups()
    handed = target_of(params, layered=False)
    if isinstance(handed, list):
        return [_completed(number, group, plan, planned) for number, group in enumerate(handed)]
    _refuse_strangers(plan, [(handed.name(place), each) for place, each in enumerate(handed.parameters)])
    wanted = {id(parameter) for parameter in handed.parameters}
    groups = [group for group in (_some_of(group, wanted) for group in planned) if group["params"]]
    if not groups:
        raise ParamGroupError(f"none of the parameters is one that the config trains in {plan.target.title}")
    return groups


def without_names(groups: Iterable[Group]) -> list[Group]:
    """Return the groups without the names of their parameters, for whoever divides the parameters once more."""
    return [{key: value for key, value in group.items() if key != "param_names"} for group in groups]


def _refuse_strangers(plan: Plan, named: Iterable[tuple[str, Any]]) -> None:
    known = {id(parameter) for parameter in plan.target.parameters}
    for title, parameter in named:
        if id(parameter) not in known:
            shape = tuple(getattr(parameter, "shape", ()))
            raise ParamGroupError(f"{title}, of shape {shape}, is no parameter of {plan.target.title}")


def _some_of(group: Group, wanted: set[int]) -> Group:
    """Return a group with those of its parameters whose ``id`` is wanted."""
    kept = [place for place, parameter in enumerate(group["params"]) if id(parameter) in wanted]
    return {key: [value[place] for place in kept] if key in _OF_PARAMETERS else value for key, value in group.items()}


def _completed(number: int, group: Mapping[str, Any], plan: Plan, planned: list[Group]) -> Group:
    """Return a group that the caller made, with the options that the config has for its parameters."""
    members = group["params"] if isinstance(group["params"], list) else [group["params"]]
    members = [member[1] if isinstance(member, tuple) else member for member in members]
    _refuse_strangers(plan, [(f"parameter {place} of group {number}", each) for place, each in enumerate(members)])
    places = {id(one): index for index, of in enumerate(planned) for one in of["params"]}
    found = {places[id(each)]: each for each in members if id(each) in places}
    if len(found) > 1:
        names = {id(one): plan.target.name(place) for place, one in enumerate(plan.target.parameters)}
        first, second = [names[id(each)] for each in found.values()][:2]
        raise ParamGroupError(f"group {number} holds {first} and {second}, which the config keeps apart: {GROUPS}")
    options = {key: value for index in found for key, value in planned[index].items() if key not in _NO_OPTIONS}
    for key, value in options.items():
        if key in group and group[key] != value:
            raise ParamGroupError(
                f"group {number} says {key}: {shown(group[key])}, and the config has {shown(value)} for its "
                f"parameters: {GROUPS}"
            )
    return {**group, **options}
