"""State that an optimizer's options ask for and that was not saved, as they were others then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from optim_core.errors import CheckpointMismatchError
from optim_core.run.guard import places_of_groups
from optim_core.text.prose import listing

__all__ = ["Lacking", "lacking_state"]


class Lacking(NamedTuple):
    """State that a group lacks.

    Args:
        group: the number of the parameter group.
        entries: the key of the state to its value before any gradient: a number, or a tensor of the shape of its
            parameter that is filled with one.
    """

    group: int
    entries: dict[str, Any]

    def give_to(self, optimizer: Any) -> None:
        """Give each parameter of the group that has a state what it lacks of it."""
        for parameter in optimizer.param_groups[self.group]["params"]:
            state = optimizer.state.get(parameter)
            if state:
                state.update({key: _for(parameter, value) for key, value in self.entries.items() if key not in state})


def lacking_state(
    name: str,
    build: Callable[[list[dict[str, Any]]], Any],
    start: Sequence[Mapping[str, Any]],
    live: Any,
    saved: Mapping[str, Any],
) -> list[Lacking]:
    """Return what the groups lack, found by a step of one parameter each, a copy, with a gradient of zeros.

    Args:
        name: what the recipe calls the optimizer.
        build: makes an optimizer like the one that goes on, of groups.
        start: the options with which each group of it begins.
        live: the live optimizer, whose parameters are not changed.
        saved: the state that will be loaded, of torch's form, its groups in the order of the live ones.

    Raises:
        CheckpointMismatchError: what lacks does not begin with one number.
    """
    copies = [_one_copied(group) for group in live.param_groups]
    trial = build([{**options, "params": [copy]} for options, copy in zip(start, copies, strict=True)])
    trial.step()
    places = places_of_groups(saved["param_groups"], live.param_groups) or range(len(copies))
    found = []
    for number, (copy, place) in enumerate(zip(copies, places, strict=True)):
        there = _keys_of(saved, place)
        lacks = {key: value for key, value in trial.state.get(copy, {}).items() if there and key not in there}
        wrong = [key for key, value in lacks.items() if not _is_one_number(value)]
        if wrong:
            raise CheckpointMismatchError(
                f"optimizers.{name}: this config needs {listing(wrong)}, which the saved run did not keep, and which "
                "does not begin with one number",
                repair='load with changed="saved", or with a list of the other paths',
            )
        if lacks:
            found.append(Lacking(number, lacks))
    return found


def _one_copied(group: Mapping[str, Any]) -> Any:
    """Return a copy of one parameter of a group, where it can be of more than one number, with a gradient of zeros."""
    from torch import zeros_like
    from torch.nn import Parameter

    parameters = group["params"]
    copy = Parameter(next((each for each in parameters if each.numel() > 1), parameters[0]).detach().clone())
    copy.grad = zeros_like(copy)
    return copy


def _keys_of(saved: Mapping[str, Any], number: int) -> set[str]:
    """Return the keys of the saved state of a group's parameters, with those that stand in a mapping of it."""
    states = [saved["state"].get(place, {}) for place in saved["param_groups"][number]["params"]]
    inside = [value for state in states for value in state.values() if isinstance(value, Mapping)]
    return {key for state in (*states, *inside) for key in state}


def _is_one_number(value: Any) -> bool:
    """Tell whether a value is a number, or is filled with one."""
    if not hasattr(value, "numel"):
        return isinstance(value, (bool, int, float))
    return bool(value.numel() and value.min() == value.max())


def _for(parameter: Any, value: Any) -> Any:
    """Return what a parameter has where the copied one had `value`."""
    from torch import full_like

    if not hasattr(value, "numel"):
        return value
    if value.numel() == 1:
        return value.clone()
    return full_like(parameter, value.min().item(), dtype=value.dtype, requires_grad=False)
