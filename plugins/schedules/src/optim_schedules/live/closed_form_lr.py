"""ClosedFormLR: torch's LambdaLR for a Curve."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from optim_core.plugin_tools import refuse_fewer_groups
from optim_schedules.curves.curve import Curve, rates_of
from optim_schedules.live.order import watch_order

__all__ = ["ClosedFormLR"]

Refuse = Callable[[float, float, int], None]


class ClosedFormLR(LambdaLR):
    """Sets the rate of every group to that of a curve at the number of ``step()`` calls.

    What the rates of all groups have in common is computed once a step, where LambdaLR calls a function for each group.

    A group that the optimizer is given later joins at the next ``step()``. Its base rate is the ``lr`` that it then
    has, or the ``initial_lr`` that it was given; until that step it trains with its ``lr``, and from then on with what
    the curve makes of the base rate at the step that all groups are at. LambdaLR fails there. Copies and pickles, with
    the optimizer in them, go on as the original does.

    Args:
        optimizer: its groups' ``lr`` are the base rates, and their ``lr_multiplier`` scales what is absolute in the
            curve.
        curve: the rates.
        refuse: is given the base rate, the lr multiplier and the number of each group, and raises where the schedule
            is not meant for such a group.

    Raises:
        OptimError: an absolute rate does not go with the rate of a group.
    """

    # Otherwise the core would have the schedule take in later groups.
    joins_groups = True

    # All else of a saved state follows from the config, and is compared with it.
    moves = frozenset({"last_epoch", "_step_count", "_last_lr"})

    # Here these are floats; torch would keep tensors where rates are tensors.
    base_lrs: list[Any]

    def __init__(self, optimizer: Optimizer, curve: Curve, refuse: Refuse | None = None) -> None:
        self.curve, self.refuse = curve, refuse
        bases, self.multipliers = self._read(optimizer.param_groups, first=0)
        super().__init__(optimizer, self._factors(bases, self.multipliers))
        # Where a rate is a tensor, the new rate is computed in double precision and then filled in.
        self.base_lrs = [*bases]

    def get_lr(self) -> list[float | Tensor]:
        """Return the rate of each group at the present step."""
        return rates_of(self.curve.at(self.last_epoch), self.base_lrs, self.multipliers)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step, or to `epoch`, as torch's schedulers do; groups that came later join.

        Raises:
            OptimError: the optimizer lost a parameter group since the schedule was made, or an absolute rate does not
                go with that of a group that came later.
        """
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            self._join(groups)
        # Up to the first call after construction, torch's own step watches the order of optimizer and schedule.
        if epoch is not None or self._step_count < 2:
            super().step(epoch)
            return
        self._step_count += 1
        self.last_epoch += 1
        rates = self.get_lr()
        for group, rate in zip(groups, rates, strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self._last_lr = rates

    def state_dict(self) -> dict[str, Any]:
        """Return plain data: base rates, multipliers and the count of steps; the curve comes from the config."""
        left_out = ("optimizer", "lr_lambdas", "curve", "refuse")
        state = {key: value for key, value in self.__dict__.items() if key not in left_out}
        # torch's LambdaLR expects this key, with an entry for each group, in a state that it loads.
        return {**state, "lr_lambdas": [None] * len(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue where `state_dict` was saved, with the groups that had joined there."""
        super().load_state_dict(state_dict)
        self.lr_lambdas = self._factors(self.base_lrs, self.multipliers)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        watch_order(self.optimizer)

    def _join(self, groups: list[dict[str, Any]]) -> None:
        """Take up the groups that came later."""
        known = len(self.base_lrs)
        refuse_fewer_groups(known, groups)
        bases, multipliers = self._read(groups[known:], first=known)
        for group, base in zip(groups[known:], bases, strict=True):
            group.setdefault("initial_lr", base)
        # New lists, since a state that was saved before holds the old ones.
        self.base_lrs = [*self.base_lrs, *bases]
        self.multipliers = [*self.multipliers, *multipliers]
        self.lr_lambdas = self._factors(self.base_lrs, self.multipliers)

    def _read(self, groups: list[dict[str, Any]], first: int) -> tuple[list[float], list[float]]:
        """Return the base rate and the multiplier of each group; `first` is the number of the first one."""
        bases = [float(group.get("initial_lr", group["lr"])) for group in groups]
        multipliers = [float(group.get("lr_multiplier", 1.0)) for group in groups]
        if self.refuse is not None:
            for number, (base, multiplier) in enumerate(zip(bases, multipliers, strict=True), first):
                self.refuse(base, multiplier, number)
        return bases, multipliers

    def _factors(self, bases: list[float], multipliers: list[float]) -> list[Callable[[int], float]]:
        """Return what LambdaLR calls for each group."""
        return [partial(_factor, self.curve, base, factor) for base, factor in zip(bases, multipliers, strict=True)]


def _factor(curve: Curve, base_lr: float, multiplier: float, step: int) -> float:
    return curve.rate(step, base_lr, multiplier) / base_lr if base_lr else 0.0
