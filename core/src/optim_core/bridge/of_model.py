"""Optimizers whose constructor takes the model: it is given the parameters to train, and its groups their options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from optim_core.errors import ParamGroupError
from optim_core.groups.options import Options

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TrainedModel", "made_from_model", "named_groups"]

# The keys of a group that are no options; a constructor that takes the model names its groups itself.
_NO_OPTIONS = ("params", "param_names", "name")


class TrainedModel:
    """A model as a constructor is to see it: only the parameters to train, under the names that rules go by.

    Args:
        model: what everything else is asked of.
        parameters: the parameters, by name.
    """

    def __init__(self, model: Any, parameters: Mapping[str, Tensor]) -> None:
        self._model = model
        self._parameters = dict(parameters)

    def named_parameters(self, *_: Any, **__: Any) -> Iterator[tuple[str, Tensor]]:
        yield from self._parameters.items()

    def parameters(self, *_: Any, **__: Any) -> Iterator[Tensor]:
        yield from self._parameters.values()

    def __getattr__(self, name: str) -> Any:
        # A copy that is being made has no attributes yet, and would ask itself for its model without end.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._model, name)


def made_from_model(make: Callable[[Any], Any], config: Any, params: Any, model: Any) -> Any:
    """Return the optimizer that a constructor makes of the model, with the options of `params` in its own groups.

    Args:
        make: calls the constructor with the model that it is given.
        config: the instance of the plugin class, whose fields are also defaults of the optimizer's groups.
        params: what ``torch.optim.Optimizer`` takes: tensors, (name, tensor) pairs, or groups.
        model: the model.

    Raises:
        ParamGroupError: a parameter is not of the model, or the constructor leaves one out, or puts several with
            different options into one group.
    """
    names: dict[int, str] = {}
    options: dict[int, Options] = {}
    wanted: dict[str, Tensor] = {}
    for group in named_groups(params, model):
        own = {key: value for key, value in group.items() if key not in _NO_OPTIONS}
        for name, parameter in zip(group["param_names"], group["params"], strict=True):
            wanted[name] = parameter
            names[id(parameter)] = name
            options[id(parameter)] = own
    made = make(TrainedModel(model, wanted))
    title = type(made).__name__
    taken = {id(parameter) for group in made.param_groups for parameter in group["params"]}
    left = [name for name, parameter in wanted.items() if id(parameter) not in taken]
    if left:
        raise ParamGroupError(f"{title} does not train {left[0]}; freeze it by a rule of param_groups")
    _show_fields(made, config)
    for group in made.param_groups:
        _give_options(title, group, names, options)
    return made


def named_groups(params: Any, model: Any) -> list[dict[str, Any]]:
    """Return parameters as groups in which each has a name: its own, or that which it has in the model.

    Args:
        params: what ``torch.optim.Optimizer`` takes: tensors, (name, tensor) pairs, or groups.
        model: the model.

    Raises:
        ParamGroupError: a parameter without a name is not of the model.

    Example:
        >>> import torch
        >>> from optim_core.bridge import named_groups
        >>> model = torch.nn.Linear(8, 2)
        >>> [group["param_names"] for group in named_groups(model.parameters(), model)]
        [['weight', 'bias']]
    """
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    named = [(group, list(_named(group, names))) for group in _groups(params)]
    return [
        {**group, "params": [each for _, each in pairs], "param_names": [name for name, _ in pairs]}
        for group, pairs in named
    ]


def _groups(params: Any) -> list[Mapping[str, Any]]:
    items = list(params)
    return items if items and isinstance(items[0], Mapping) else [{"params": items}]


def _named(group: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[tuple[str, Any]]:
    """Yield name and tensor of each parameter of a group."""
    given = group.get("param_names")
    for place, item in enumerate(group["params"]):
        if isinstance(item, tuple):
            yield item[0], item[1]
            continue
        name = given[place] if given else names.get(id(item))
        if name is None:
            raise ParamGroupError(f"a parameter of shape {tuple(item.shape)} is no part of the model")
        yield name, item


def _show_fields(made: Any, config: Any) -> None:
    """Make fields that the constructor puts into each of its groups defaults of its groups."""
    for name in set().union(*made.param_groups) - made.defaults.keys() - {"params"}:
        if hasattr(config, name):
            made.defaults[name] = getattr(config, name)


def _give_options(title: str, group: Any, names: Mapping[int, str], options: Mapping[int, Options]) -> None:
    """Put the options of its parameters, which have to be the same, into a group that the constructor made."""
    own = [names[id(parameter)] for parameter in group["params"]]
    first, *rest = [options[id(parameter)] for parameter in group["params"]]
    for name, other in zip(own[1:], rest, strict=True):
        if other != first:
            raise ParamGroupError(
                f"{title} has {own[0]} and {name} in one group, and the config gives them different options"
            )
    group.update(first, param_names=own)
