"""Around: the base of optimizers that are made around another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

__all__ = ["Around", "copy_into"]

State = dict[str, Any]

# What an optimizer around another shows only where that one has it.
_MODES = ("train", "eval")


class Around(Optimizer):
    """An optimizer whose groups, defaults and state are those of another one, the same objects.

    So a schedule, a GradScaler, or whoever else changes groups, acts on the inner optimizer. What a subclass keeps for
    itself goes into the state by `_pack`, and comes out of it by `_unpack`.

    Args:
        optimizer: the inner one, which is stepped by this one only from now on.
    """

    optimizer: Optimizer

    def __init__(self, optimizer: Optimizer) -> None:
        # torch's __init__ would make groups and a state of its own; all else that it makes, this makes too.
        super().__setstate__({"optimizer": optimizer})

    @property
    def param_groups(self) -> list[State]:
        """The groups of the inner optimizer."""
        return self.optimizer.param_groups

    @param_groups.setter
    def param_groups(self, groups: list[State]) -> None:
        self.optimizer.param_groups = groups

    @property
    def state(self) -> defaultdict[Tensor, Any]:
        """The state of the inner optimizer."""
        return self.optimizer.state

    @state.setter
    def state(self, state: defaultdict[Tensor, Any]) -> None:
        self.optimizer.state = state

    @property
    def defaults(self) -> State:
        """The defaults of the inner optimizer."""
        return self.optimizer.defaults

    @defaults.setter
    def defaults(self, defaults: State) -> None:
        self.optimizer.defaults = defaults

    def __getattr__(self, name: str) -> Any:
        if name in _MODES and "optimizer" in self.__dict__:
            return getattr(self.optimizer, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __getstate__(self) -> State:
        return {"optimizer": self.optimizer}

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None, or to zero."""
        self.optimizer.zero_grad(set_to_none=set_to_none)

    def add_param_group(self, param_group: State) -> None:
        """Add a group to the inner optimizer."""
        self.optimizer.add_param_group(param_group)

    def state_dict(self) -> State:
        """Return the state of the inner optimizer, and in it what this one keeps of each parameter."""
        for before in self._optimizer_state_dict_pre_hooks.values():
            before(self)
        state = self._pack(self.optimizer.state_dict())
        for after in self._optimizer_state_dict_post_hooks.values():
            replaced = after(self, state)
            state = state if replaced is None else replaced
        return state

    def load_state_dict(self, state_dict: State) -> None:
        """Continue where `state_dict` was saved; as with torch, it may share tensors with it afterwards."""
        state = dict(state_dict)
        for before in self._optimizer_load_state_dict_pre_hooks.values():
            replaced = before(self, state)
            state = state if replaced is None else replaced
        self._unpack(state)
        for after in self._optimizer_load_state_dict_post_hooks.values():
            after(self)

    def _pack(self, state: State) -> State:
        """Return the inner optimizer's state with what this one keeps."""
        return state

    def _unpack(self, state: State) -> None:
        """Load a state into the inner optimizer, and what is this one's into this one."""
        self.optimizer.load_state_dict(state)


def copy_into(weights: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    """Copy values into weights; of DTensors, which are divided alike, each process copies its part."""
    torch._foreach_copy_([_own_part(weight) for weight in weights], [_own_part(value) for value in values])


def _own_part(tensor: Tensor) -> Tensor:
    part: Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part
