"""torch's schedulers watch whether the optimizer steps before they do."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

__all__ = ["watch_order"]


class _Watch(LRScheduler):
    """What torch's schedulers do to an optimizer when they are made, without a first step."""

    def _initial_step(self) -> None:
        """Leave the rates as they are."""


def watch_order(optimizer: Optimizer) -> None:
    """Have a copy of an optimizer note its steps, as the original does.

    torch puts a function in the place of ``optimizer.step``, which copies and pickles leave out, and without which its
    schedulers warn that the order of steps cannot be known.
    """
    if all("initial_lr" in group for group in optimizer.param_groups):
        _Watch(optimizer, last_epoch=0)
