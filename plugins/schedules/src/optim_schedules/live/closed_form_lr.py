"""ClosedFormLR: torch's LambdaLR for a Curve."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from optim_core.errors import OptimError
from optim_schedules.curves.curve import Curve, rates_of

__all__ = ["ClosedFormLR", "build_closed_form"]


class ClosedFormLR(LambdaLR):
    """Sets the rate of every group to that of a curve at the number of ``step()`` calls.

    What the rates of all groups have in common is computed once a step, where LambdaLR calls a function for each group.

    Args:
        optimizer: its groups' ``lr`` are the base rates, and their ``lr_multiplier`` scales what is absolute in the
            curve.
        curve: the rates.
    """

    # Here these are floats; torch would keep tensors where rates are tensors.
    base_lrs: list[Any]

    def __init__(self, optimizer: Optimizer, curve: Curve) -> None:
        self.curve = curve
        groups = optimizer.param_groups
        self.multipliers = [float(group.get("lr_multiplier", 1.0)) for group in groups]
        bases = [float(group.get("initial_lr", group["lr"])) for group in groups]
        super().__init__(
            optimizer,
            [partial(_factor, curve, base, factor) for base, factor in zip(bases, self.multipliers, strict=True)],
        )
        # Where a rate is a tensor, the new rate is computed in double precision and then filled in.
        self.base_lrs = [*bases]

    def get_lr(self) -> list[float | Tensor]:
        """Return the rate of each group at the present step."""
        return rates_of(self.curve.at(self.last_epoch), self.base_lrs, self.multipliers)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step, or to `epoch`, as torch's schedulers do.

        Raises:
            OptimError: the optimizer was given another parameter group since the schedule was made.
        """
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise OptimError(
                f"the schedule was made for {len(self.base_lrs)} parameter groups, and the optimizer has {len(groups)} "
                f"now: make it anew, create_scheduler(optimizer, last_step={self.last_epoch})"
            )
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
        left_out = ("optimizer", "lr_lambdas", "curve")
        state = {key: value for key, value in self.__dict__.items() if key not in left_out}
        # torch's LambdaLR expects this key, with an entry for each group, in a state that it loads.
        return {**state, "lr_lambdas": [None] * len(self.lr_lambdas)}


def build_closed_form(optimizer: Optimizer, curve: Curve, refuse: Callable[[float, float, int], None]) -> ClosedFormLR:
    """Make the scheduler of a curve.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        curve: the rates.
        refuse: is given the base rate, the lr multiplier and the number of each group, and raises where the schedule
            is not meant for such a group.

    Raises:
        OptimError: an absolute rate does not go with the rate of a group.
    """
    for number, group in enumerate(optimizer.param_groups):
        refuse(float(group.get("initial_lr", group["lr"])), group.get("lr_multiplier", 1.0), number)
    return ClosedFormLR(optimizer, curve)


def _factor(curve: Curve, base_lr: float, multiplier: float, step: int) -> float:
    return curve.rate(step, base_lr, multiplier) / base_lr if base_lr else 0.0
