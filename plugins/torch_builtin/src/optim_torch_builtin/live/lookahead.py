"""Lookahead: the optimizer that its plugin class builds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from optim_torch_builtin.live.around import Around, State, copy_into

__all__ = ["Lookahead"]


class Lookahead(Around):
    """Slow weights, drawn towards those of an inner optimizer after every `k` of its steps.

    A slow weight is a copy of the weight as it is before the first step. Each group counts its own steps, so that one
    that is added later has `k` before its first pull.

    Args:
        optimizer: the inner optimizer.
        k: steps between two pulls.
        alpha: how far the slow weights go towards the fast ones, in (0, 1].
    """

    def __init__(self, optimizer: Optimizer, *, k: int, alpha: float) -> None:
        super().__init__(optimizer)
        self.k = k
        self.alpha = alpha
        # Of one Lookahead in another, each keeps its own.
        inside = _depth(optimizer)
        self._count = f"lookahead_step{inside or ''}"
        self._weight = f"slow_weight{inside or ''}"
        self._slow: dict[Tensor, Tensor] = {}

    @property
    def slow_weights(self) -> dict[Tensor, Tensor]:
        """Parameter to slow weight, for parameters that have been stepped."""
        return self._slow

    def __getstate__(self) -> State:
        own = {name: self.__dict__[name] for name in ("k", "alpha", "_count", "_weight", "_slow")}
        return super().__getstate__() | own

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step the inner optimizer, and every `k` steps draw the slow weights, which then are the weights.

        Args:
            closure: computes the loss and its gradients, where the inner optimizer takes one.

        Returns:
            What the step of the inner optimizer gives.
        """
        self._begin()
        loss = self.optimizer.step() if closure is None else self.optimizer.step(closure)
        due = []
        for group in self.param_groups:
            group[self._count] = group.get(self._count, 0) + 1
            if group[self._count] % self.k == 0:
                due += group["params"]
        if due:
            self._pull(due)
        return loss

    def _begin(self) -> None:
        """Copy the weights of which there is no slow one yet."""
        groups = self.param_groups
        if len(self._slow) != sum(len(group["params"]) for group in groups):
            parameters = chain.from_iterable(group["params"] for group in groups)
            self._slow |= {each: each.detach().clone() for each in parameters if each not in self._slow}

    @torch.no_grad()
    def _pull(self, weights: list[Tensor]) -> None:
        slow = [self._slow[weight] for weight in weights]
        ahead = torch._foreach_sub(weights, slow)
        torch._foreach_add_(slow, ahead, alpha=self.alpha)
        copy_into(weights, slow)

    def _pack(self, state: State) -> State:
        entries = dict(state["state"])
        for number, parameter in _numbered(state, self.param_groups):
            if parameter in self._slow:
                entries[number] = {**entries.get(number, {}), self._weight: self._slow[parameter]}
        return {**state, "state": entries}

    @torch.no_grad()
    def _unpack(self, state: State) -> None:
        entries = {number: dict(entry) for number, entry in state["state"].items()}
        slow = {number: entry.pop(self._weight) for number, entry in entries.items() if self._weight in entry}
        # What the inner optimizer has not touched yet has no state of it.
        inner = {number: entry for number, entry in entries.items() if entry or number not in slow}
        super()._unpack({**state, "state": inner})
        self._slow = {
            parameter: torch.empty_like(parameter).copy_(slow[number])
            for number, parameter in _numbered(state, self.param_groups)
            if number in slow
        }


def _numbered(state: State, groups: list[State]) -> list[tuple[Any, Tensor]]:
    """Return each parameter with its number in a state of these groups."""
    return [
        pair
        for saved, group in zip(state["param_groups"], groups, strict=True)
        for pair in zip(saved["params"], group["params"], strict=True)
    ]


def _depth(optimizer: Optimizer) -> int:
    """Return how many Lookaheads an optimizer is made of."""
    own = isinstance(optimizer, Lookahead)
    return own + _depth(optimizer.optimizer) if isinstance(optimizer, Around) else 0
