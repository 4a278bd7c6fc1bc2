"""A value of a schedule for each parameter group: by the names of the groups, or by their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from optim_core.errors import OptimError, ParamGroupError
from optim_core.groups.names import NAME, group_names
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.run.later_groups import divided_by_config
from optim_core.run.stepping import FIRST_GROUP
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest

if TYPE_CHECKING:
    from torch.optim import Optimizer

__all__ = ["for_each_group", "names_of_groups"]

# So many names that are wrong are told.
MOST_NAMED = 20


def for_each_group(value: Any, optimizer: Optimizer, field: str) -> Any:
    """Return what a config says of each parameter group: a list in the order of the groups, or one value for all.

    Args:
        value: a mapping from the name of each group to its value; a list with one for each group, in their order; or
            one value for all groups.
        optimizer: has the groups.
        field: what messages call the value, such as ``"OneCycleLR.max_lr"``.

    Returns:
        A list with the value of each group; `value` as it is where there is one for all.

    Raises:
        ParamGroupError: a name is that of no group, or a group has no value; or there is a list, of another length
            than there are groups, or for groups of which the user has not determined the order.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import for_each_group
        >>> spec = registry.build({"type": "AdamW", "no_decay": ["bias"]})
        >>> optimizer = spec.create_optimizer(torch.nn.Linear(8, 2))
        >>> for_each_group({"no_decay": 0.1, "default": 0.3}, optimizer, "Mine.peak")
        [0.3, 0.1]
    """
    if isinstance(value, Mapping):
        return _by_name(value, optimizer, field)
    if isinstance(value, list):
        return _by_place(value, optimizer, field)
    return value


def _by_name(values: Mapping[str, Any], optimizer: Optimizer, field: str) -> list[Any]:
    names = group_names(optimizer)
    is_part = hasattr(optimizer, FIRST_GROUP)
    if is_part and not any(group.get(NAME) for group in optimizer.param_groups):
        raise OptimError(f"{field} has a value for each of {listing(values)}: say of which group, by group=…")
    strange = [] if is_part else [name for name in values if name not in names]
    without = [name for name in names if name not in values]
    if not strange and not without:
        return [values[name] for name in names]
    said = [f"`{name}` is no parameter group{_near(name, without)}" for name in strange[:MOST_NAMED]]
    if without:
        said.append(f"{_named(without)} {'has' if len(without) == 1 else 'have'} no value")
    known = f"it has values for {_named(list(values))}" if is_part else f"the groups are {_named(names)}"
    raise ParamGroupError(f"{field}: {'; '.join(said)}; {known}")


def _near(name: str, names: Sequence[str]) -> str:
    near = nearest(name, names)
    return f", did you mean `{near}`?" if near else ""


def _named(names: Sequence[str]) -> str:
    return listing(f"`{name}`" for name in names)


def _by_place(values: list[Any], optimizer: Optimizer, field: str) -> list[Any]:
    first = getattr(optimizer, FIRST_GROUP, 0)
    names = group_names(optimizer)
    if len(names) > 1 and divided_by_config(optimizer):
        example = listing(f"{name}: …" for name in names)
        raise ParamGroupError(
            f"{field} has a value for each parameter group by its place, and the places of these groups are nobody's "
            f"choice: {_named(names)}. Give each its value by its name: {field.rpartition('.')[2]}: {{{example}}}"
        )
    count = first + len(names)
    if not first and hasattr(optimizer, FIRST_GROUP) and len(values) > 1:
        raise OptimError(
            f"{field} has a value for each parameter group by its place, which the curve of one group does not know: "
            f"give each its value by its name, {field.rpartition('.')[2]}: {{name: …, …}}"
        )
    if len(values) != count:
        raise ParamGroupError(
            f"{field} must have one value for each parameter group, has {len(values)} for {count}: {_named(names)}"
        )
    return values[first:]


def names_of_groups(config: Any) -> list[str]:
    """Return the names of parameter groups for which the config of a schedule has values of their own.

    Args:
        config: the instance of a plugin class. What stands in its mappings is by group where a list may, too.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.run.each_group import names_of_groups
        >>> by_name = {"type": "ReduceLROnPlateau", "config": {"min_lr": {"matrices": 1e-3, "adamw": 1e-5}}}
        >>> names_of_groups(registry.build(by_name).config)
        ['matrices', 'adamw']
    """
    types = field_types(type(config))
    named = [
        value
        for field in config_fields(type(config)).values()
        if isinstance(value := getattr(config, field.name, None), Mapping) and _is_for_each(types[field.name])
    ]
    return list(dict.fromkeys(name for mapping in named for name in mapping))


def _is_for_each(hint: Any) -> bool:
    """Tell whether the type of a field is that of one value, a list of them or a mapping to them."""
    origins = [getattr(member, "__origin__", member) for member in get_args(hint)]
    return list in origins and dict in origins
